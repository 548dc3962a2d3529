"""The work: inference requests, training and batch jobs, and the faults that interrupt them."""

from typing import Annotated, Literal

from pydantic import model_validator

from dawndusk.scenario import fields as f
from dawndusk.scenario.errors import Fault
from dawndusk.scenario.fields import CatalogueName, Table, declared, faults, section, supplied
from dawndusk.scenario.quantities import text
from dawndusk.scenario.real import Real

AZURE = "Azure LLM inference trace 2023, conversation, 19,366 requests"
CHOSEN = "chosen"
NOW = "2026-11"


class Lengths(Table):
    """Token counts of synthetic requests: log-normal with these means and medians."""

    prompt_mean: f.PositiveNumber = declared(1155.0, "tokens", AZURE, "2023-11", "public")
    prompt_median: f.PositiveNumber = declared(1020.0, "tokens", AZURE, "2023-11", "public")
    output_mean: f.PositiveNumber = declared(211.0, "tokens", AZURE, "2023-11", "public")
    output_median: f.PositiveNumber = declared(129.0, "tokens", AZURE, "2023-11", "public")

    @model_validator(mode="after")
    def _means_above_medians(self) -> "Lengths":
        found = [
            Fault(
                f"{kind}_median",
                text(median, ""),
                f"allowed: at most {kind}_mean, {text(mean, '')}, as of a log-normal",
            )
            for kind, mean, median in (
                ("prompt", self.prompt_mean, self.prompt_median),
                ("output", self.output_mean, self.output_median),
            )
            if median > mean
        ]
        if found:
            raise faults(found)
        return self


class Job(Table):
    """Training or batch work, `count` times."""

    name: f.Text = supplied("of the job")
    kind: Literal["training", "batch"] = supplied("training is synchronous over its nodes")
    count: f.Count = declared(1, "copies submitted together")
    work: f.Work | None = declared(None, "useful FLOP; auto: 6 · parameters · tokens")
    model: Annotated[str, CatalogueName("model")] | None = declared(None, "model trained")
    tokens: f.PositiveNumber | None = declared(None, "tokens trained on")
    nodes: f.Count = declared(1, "satellites or ground nodes at a time")
    memory: f.Data = declared("0 B", "on each node")
    submit: f.Delay = declared("0 s", "after the start")
    every: f.Duration | None = declared(None, "submitted again after this time; auto: once")
    deadline: f.Duration | None = declared(None, "after submission; auto: none")
    preemptible: f.Flag = declared(True, "may be paused for other work")
    checkpoint_interval: f.Duration = declared("30 min", "between checkpoints", CHOSEN, NOW)
    checkpoint_time: f.Delay = declared("20 s", "that a checkpoint stops the work", CHOSEN, NOW)
    restart_time: f.Delay = declared("3 min", "from pause or fault to work again", CHOSEN, NOW)
    input: f.Data = declared("0 B", "that must reach its sites from the ground before it starts")
    output: f.Data = declared("0 B", "to the ground after it ends")
    checkpoint_size: f.Data = declared("0 B", "of one checkpoint")
    checkpoint_to: Literal["aboard", "ground"] = declared("aboard", "where checkpoints are kept")
    exchange: f.Data = declared(
        "0 B", "that each node sends to the others at a time, ring all-reduce"
    )
    exchange_interval: f.Duration = declared("10 min", "of work between exchanges", CHOSEN, NOW)
    utilisation: f.PositiveFraction = declared(
        0.4,
        "useful over peak FLOP/s while it runs",
        "INTELLECT-1 reached 36.2–41.4 %",
        "2024",
        "public",
    )
    real: Real | None = declared(None, "makes it run really; auto: modelled")

    @model_validator(mode="after")
    def _real_jobs_are_plain(self) -> "Job":
        if self.real is None:
            return self
        found = []
        if self.kind != "training":
            found.append(Fault("kind", f'"{self.kind}"', "allowed: training, for a real job"))
        if self.count != 1 or self.every is not None:
            found.append(Fault("count", str(self.count), "allowed: a real job runs once"))
        if self.real.method == "single" and self.nodes != 1:
            found.append(Fault("nodes", str(self.nodes), 'allowed: 1 where method is "single"'))
        for key in ("work", "model", "tokens"):
            if getattr(self, key) is not None:
                allowed = "given; allowed: none for a real job, whose work follows from units"
                found.append(Fault(key, "", allowed, "leave it out"))
        if self.exchange:
            allowed = "given; allowed: none for a real job, whose method says what it exchanges"
            found.append(Fault("exchange", "", allowed, "leave it out"))
        if found:
            raise faults(found)
        return self

    @model_validator(mode="after")
    def _work_is_known(self) -> "Job":
        if self.real is not None:
            return self
        if (self.model is None) != (self.tokens is None):
            absent = "model" if self.model is None else "tokens"
            present = "tokens" if self.model is None else "model"
            allowed = f"missing; allowed: {present} together with {absent}"
            raise faults([Fault(absent, "", allowed, "work is 6 · parameters · tokens")])
        if self.work is None and self.model is None:
            allowed = "missing; allowed: work in FLOP, or model and tokens"
            raise faults([Fault("work", "", allowed, 'give work = "1 EFLOP" or model and tokens')])
        if self.checkpoint_to == "ground" and self.checkpoint_size == 0.0:
            allowed = 'missing; allowed: the bytes of a checkpoint when checkpoint_to is "ground"'
            raise faults([Fault("checkpoint_size", "", allowed, 'give checkpoint_size = "1 GB"')])
        return self


class Workload(Table):
    """What is asked of the data centre."""

    model: Annotated[str, CatalogueName("model")] = declared("llama-3-8b", "model that is served")
    source: Literal["synthetic", "trace"] | None = declared(
        None, "of the requests; auto: trace when workload.trace is given"
    )
    trace: f.File | None = declared(None, "path of a request trace, CSV or JSONL")
    repeat: f.Flag = declared(True, "repeat the trace to fill the duration")
    rate: f.Rate = declared("1 request/s", "mean rate of synthetic requests", CHOSEN, NOW)
    cities: Annotated[str, CatalogueName("cities")] = declared("world", "where requests arise")
    patience: f.Duration = declared("60 s", "a request not started by then is dropped", CHOSEN, NOW)
    max_batch: f.Count = declared(32, "requests served together by one model copy", CHOSEN, NOW)
    answers: f.Whole = declared(
        0, "requests, evenly chosen, that a Gemma really answers; needs dawndusk[inference]"
    )
    lengths: Lengths = section(Lengths, "of synthetic requests")
    jobs: tuple[Job, ...] = declared((), "training and batch jobs")

    @model_validator(mode="after")
    def _source_is_there(self) -> "Workload":
        found = []
        if self.source == "trace" and self.trace is None:
            found.append(
                Fault(
                    "trace",
                    "",
                    'missing; allowed: the path of a CSV or JSONL trace when source is "trace"',
                    "give it by --set workload.trace=PATH",
                )
            )
        names = [job.name for job in self.jobs]
        found += [
            Fault(f"jobs.{place}.name", f'"{name}"', "given twice; allowed: one name a job")
            for place, name in enumerate(names)
            if name in names[:place]
        ]
        if found:
            raise faults(found)
        return self


class Failure(Table):
    """A loss of power at a declared time, whatever else happens."""

    satellite: f.Whole = supplied("that is lost, counted from 0")
    at: f.Delay = supplied("after the start")
    until: f.Duration = supplied("after the start, when it works again")

    @model_validator(mode="after")
    def _it_ends(self) -> "Failure":
        if self.until <= self.at:
            allowed = f'allowed: later than at, "{text(self.at, "s")}"'
            raise faults([Fault("until", f'"{text(self.until, "s")}"', allowed)])
        return self


class Faults(Table):
    """Interruptions of the accelerators and their hosts."""

    enabled: f.Flag = declared(True, "whether faults happen")
    interruption_rate: f.Rate = declared(
        "0.173 1/yr",
        "per accelerator",
        "Llama 3, 419 unexpected interruptions of 16,384 GPUs in 54 days: 0.173 a year each",
        "2024-07",
        "derived",
    )
    restart_time: f.Delay = declared("10 min", "from interruption to service", CHOSEN, NOW)
    safe_mode_rate: f.Rate = declared(
        "1 1/yr", "per satellite: it stops work until the ground brings it back", "assumed", NOW
    )
    recovery_time: f.Delay = declared(
        "12 h", "mean, exponential: from safe mode to service, by contact and people", CHOSEN, NOW
    )
    failures: tuple[Failure, ...] = declared((), "losses of power at declared times")
