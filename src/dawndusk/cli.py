"""The command line: parses, calls, prints. Whatever needs time to import is imported on use."""

import os
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from dawndusk import cli_cluster, cli_serve

if TYPE_CHECKING:
    from rich.console import Console

    from dawndusk.catalogue import Value
    from dawndusk.execution.training.hosts import Engine
    from dawndusk.results import Results
    from dawndusk.scenario import Scenario

WRONG_INPUT = 2
INTERNAL_ERROR = 1
INTERRUPTED = 130

app = typer.Typer(
    name="dawndusk",
    help="Deploys, runs and pays for an AI data centre in orbit, beside the one on the ground.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Named = Annotated[
    str, typer.Argument(metavar="SCENARIO", help="Shipped scenario's name or path of a TOML file.")
]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help='Override one value, as in --set satellite.battery.capacity="4 kWh"; repeatable.',
    ),
]
Debug = Annotated[bool, typer.Option("--debug", help="Show the whole traceback of an error.")]
Folder = Annotated[
    Path | None, typer.Option("--out", help="Results folder (default: results/NAME).")
]


cli_cluster.register(app)


def main() -> None:
    """Entry point of the `dawndusk` command."""
    sys.path.append(os.getcwd())  # a user's own "package.module:name" lies where they stand
    app()


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"dawndusk {version('dawndusk')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


@app.command()
def run(
    scenario: Named,
    overrides: Overrides = None,
    out: Folder = None,
    seed: Annotated[int | None, typer.Option(help="Seed of every random draw.")] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Start over instead of resuming an unfinished run.")
    ] = False,
    no_report: Annotated[
        bool, typer.Option("--no-report", help="Leave out the HTML report.")
    ] = False,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Threads (default: one a core).")
    ] = None,
    engine: Annotated[
        str,
        typer.Option(help="Where real jobs run: in this process, or as processes of Ray nodes."),
    ] = "process",
    address: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="Of a Ray cluster; else one is started here."),
    ] = None,
    debug: Debug = False,
) -> None:
    """Simulate a scenario and leave a results folder with its report."""
    with _one_line_errors(debug):
        chosen = _load(scenario, overrides, seed)
        folder = out or Path("results") / chosen.name
        with cli_cluster.chosen(engine, address, folder) as home:
            finished = _run(
                chosen, folder, fresh=fresh, report=not no_report, threads=threads, engine=home
            )
        _print_summary(finished)


@app.command()
def compare(
    designs: Annotated[
        list[str],
        typer.Argument(
            metavar="DESIGN...", help="Results folders or scenarios; a scenario is run first."
        ),
    ],
    out: Annotated[Path, typer.Option(help="Page to write.")] = Path("results/compare.html"),
    threads: Annotated[
        int | None, typer.Option(min=1, help="Threads (default: one a core).")
    ] = None,
    debug: Debug = False,
) -> None:
    """Put designs side by side, in the terminal and on one page."""
    with _one_line_errors(debug):
        from dawndusk.report import compare as comparison

        folders = [_folder_of(design, threads) for design in designs]
        _console().print(comparison.table(folders))
        typer.echo(f"comparison: {comparison.html(folders, out)}")


@app.command()
def policies(
    scenario: Named,
    policy: Annotated[
        list[str] | None,
        typer.Option("--policy", help="A policy, or your own as package.module:name; repeatable."),
    ] = None,
    overrides: Overrides = None,
    out: Folder = None,
    seed: Annotated[int | None, typer.Option(help="Seed of every random draw.")] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Threads (default: one a core).")
    ] = None,
    debug: Debug = False,
) -> None:
    """Run a scenario under several policies, beside what knowing the whole future would allow."""
    with _one_line_errors(debug):
        from dawndusk import contest
        from dawndusk.report import policies_table

        chosen = _load(scenario, overrides, seed)
        folder = out or Path("results") / chosen.name
        try:
            with _progress(chosen.name) as progress:
                rows = contest.contest(
                    chosen, policy or contest.POLICIES, folder, threads=threads, progress=progress
                )
        except KeyboardInterrupt:
            typer.echo("interrupted: the policies were not compared", err=True)
            raise typer.Exit(INTERRUPTED) from None
        _console().print(policies_table(rows))
        typer.echo(f"report: {folder / 'report.html'}")


@app.command()
def where(
    folder: Annotated[Path, typer.Argument(metavar="RESULTS", help="A results folder.")],
    debug: Debug = False,
) -> None:
    """Print where each class of work should run: in orbit, on the ground or aboard."""
    with _one_line_errors(debug):
        import json

        from dawndusk.report import placement_table

        table = folder / "placement.json"
        if not table.is_file():
            raise ValueError(
                f"{folder}: no placement.json there; give a results folder that "
                "`dawndusk run` wrote"
            )
        _console().print(placement_table(json.loads(table.read_text(encoding="utf-8"))))


@app.command()
def fleet(
    scenario: Named,
    overrides: Overrides = None,
    seed: Annotated[int | None, typer.Option(help="Seed of every random draw.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON in place of a table.")
    ] = False,
    debug: Debug = False,
) -> None:
    """Follow launches, failures and replacements over the years, without running the work."""
    with _one_line_errors(debug):
        import json

        from dawndusk import deployment
        from dawndusk.exposure import exposure, exposure_warnings
        from dawndusk.fleet_plan import plan_fleet
        from dawndusk.upkeep import upkeep_warnings

        chosen = _load(scenario, overrides, seed)
        if not chosen.fleet.enabled:
            raise ValueError("fleet.enabled: false; allowed: true where the years are asked for")
        plan = plan_fleet(chosen)
        taken = exposure(plan.scenario, plan)
        found = deployment.deploy(plan.scenario, plan, taken["dose_rad_per_year"])
        summary, rows = deployment.summary(found), deployment.yearly(found)
        warnings = [
            *exposure_warnings(plan.scenario, taken),
            *upkeep_warnings(plan.scenario, plan),
            *deployment.deployment_warnings(plan.scenario, found),
        ]
        if as_json:
            told = {"name": chosen.name, "fleet": summary, "years": rows, "warnings": warnings}
            typer.echo(json.dumps(told, indent=2))
            return
        _print_years(f"{chosen.name}: {summary['runs']} runs", found.causes, rows)
        for warning in warnings:
            typer.secho(f"warning: {warning}", fg=typer.colors.YELLOW, err=True)


@app.command("list")
def list_(
    kind: Annotated[
        str | None, typer.Argument(help="Kind of catalogue entry, or 'scenario'; all if left out.")
    ] = None,
    debug: Debug = False,
) -> None:
    """List the shipped scenarios and catalogue entries."""
    with _one_line_errors(debug):
        from dawndusk import catalogue, scenario

        kinds = ("scenario", *catalogue.kinds())
        if kind is not None and kind not in kinds:
            raise ValueError(f"list: {kind!r} is not a kind; allowed: {', '.join(kinds)}")
        if kind is None:
            typer.echo(f"scenario: {', '.join(scenario.names())}")
            for each in catalogue.kinds():
                typer.echo(f"{each}: {', '.join(catalogue.names(each))}")
        elif kind == "scenario":
            _print_pairs((name, scenario.description(name)) for name in scenario.names())
        else:
            _print_pairs((name, catalogue.title(kind, name)) for name in catalogue.names(kind))


@app.command()
def show(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME", help="A scenario, or a catalogue entry as accelerator.h100."
        ),
    ],
    overrides: Overrides = None,
    debug: Debug = False,
) -> None:
    """Print every value with its unit, source, date, confidence and range."""
    with _one_line_errors(debug):
        from dawndusk import catalogue

        kind, dot, _ = name.partition(".")
        if dot and kind in catalogue.kinds():
            entry = catalogue.entry(name)
            _print_values(entry.title, entry.values)
        else:
            scenario = _load(name, overrides)
            _print_values(scenario.name, scenario.values)


@app.command()
def new(
    path: Annotated[Path, typer.Argument(help="File to write.")],
    debug: Debug = False,
) -> None:
    """Write a commented scenario to start from."""
    with _one_line_errors(debug):
        from dawndusk.scenario.starter import starter_toml

        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(starter_toml(path.stem))
        except FileExistsError:
            raise ValueError(f"{path}: exists already; choose another name or delete it") from None
        typer.echo(f"{path}: written; run it with: dawndusk run {path}")


@app.command()
def check(
    target: Annotated[
        str, typer.Argument(metavar="SCENARIO", help="Name or path; or the word 'policy' or 'job'.")
    ],
    name: Annotated[
        str | None, typer.Argument(metavar="[CODE]", help="Your own, as package.module:name.")
    ] = None,
    overrides: Overrides = None,
    debug: Debug = False,
) -> None:
    """Check a scenario, or with `check policy` or `check job package.module:name` your own code.

    Of a job, --set gives its options: those that make it small, for it is run.
    """
    with _one_line_errors(debug):
        if target == "policy" and name:
            from dawndusk.placement import conformance

            conformance.check(conformance.resolve(name))
            typer.echo(f"{name}: keeps the contract of a placement policy")
        elif target == "job" and name:
            from dawndusk.execution import protocol
            from dawndusk.scenario.loading import assignment

            protocol.check(name, dict(map(assignment, overrides or [])))
            typer.echo(f"{name}: keeps the contract of a job that really runs")
        elif name is None:
            from dawndusk.placement import conformance
            from dawndusk.real.jobs import find

            scenario = _load(target, overrides)
            conformance.resolve(scenario.placement.policy)
            find(scenario)
            typer.echo(f"{target}: valid")
        else:
            raise ValueError(f"check {target}: only 'policy' and 'job' take a second word")


def _load(name: str, overrides: list[str] | None, seed: int | None = None) -> "Scenario":
    from dawndusk.scenario import load

    seeded = [] if seed is None else [f"time.seed={seed}"]
    return load(name, [*(overrides or []), *seeded])


def _run(
    scenario: "Scenario",
    folder: Path,
    *,
    fresh: bool,
    report: bool,
    threads: int | None,
    engine: "Engine | None" = None,
) -> "Results":
    import dawndusk.run
    from dawndusk.results import partial_folder

    try:
        with _progress(scenario.name) as progress:
            return dawndusk.run.run(
                scenario,
                folder,
                fresh=fresh,
                report=report,
                threads=threads,
                progress=progress,
                engine=engine,
            )
    except KeyboardInterrupt:
        partial = partial_folder(folder)
        kept = f"what is done is kept in {partial}" if partial.is_dir() else "nothing was kept yet"
        typer.echo(
            f"interrupted: {kept}; the same command goes on from there, --fresh starts over",
            err=True,
        )
        raise typer.Exit(INTERRUPTED) from None


def _folder_of(design: str, threads: int | None) -> Path:
    """A results folder as given, or that of a scenario after running it."""
    if (Path(design) / "summary.json").is_file():
        return Path(design)
    scenario = _load(design, None)
    folder = Path("results") / scenario.name
    return _run(scenario, folder, fresh=False, report=True, threads=threads).folder


def _print_summary(finished: "Results") -> None:
    from dawndusk.report import tables

    _console().print(tables.summary_table(finished.summary))
    if finished.summary.get("real_work"):
        _console().print(tables.training_table(finished.summary["real_work"]))
    for warning in finished.run.get("warnings", []):
        typer.secho(f"warning: {warning}", fg=typer.colors.YELLOW, err=True)
    if finished.report.is_file():
        typer.echo(f"report: {finished.report}")
    else:
        typer.echo(f"results: {finished.folder}")


def _print_pairs(pairs: Iterable[tuple[str, str]]) -> None:
    listed = list(pairs)
    width = max(len(name) for name, _ in listed)
    for name, title in listed:
        typer.echo(f"{name:<{width}}  {title}")


def _print_values(title: str, values: Mapping[str, "Value"]) -> None:
    from rich import box
    from rich.table import Table

    from dawndusk.scenario import quantities

    table = Table(title=title, box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("key", "value", "range"):
        table.add_column(heading, no_wrap=True)
    table.add_column("confidence, date, source")
    for path, value in values.items():
        known = value.provenance
        limits = [
            "" if limit is None else quantities.text(limit, value.unit)
            for limit in (known.low, known.high)
        ]
        table.add_row(
            path,
            value.text,
            " – ".join(limits) if any(limits) else "",
            ", ".join(filter(None, (known.confidence or known.origin, known.date, known.source))),
        )
    _console().print(table)


def _print_years(title: str, causes: Iterable[str], rows: Iterable[Mapping[str, float]]) -> None:
    """One line a year: medians and bands at its end, means over the runs of what it brought."""
    from rich import box
    from rich.measure import Measurement
    from rich.table import Table

    listed = list(rows)
    struck = [cause for cause in causes if any(row[f"failures_{cause}"] for row in listed)]
    columns = ("until", "wanted", "at work (5–95 %)", "capacity", "built", "launches", "failed")
    table = Table(title=title, box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in (*columns, "lost", *struck, "retired", "re-entered", "adrift", "mass/t"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in listed:
        flows = ("built", "launches", "launch_failures", "lost")
        ends = ("retired", "reentered", "derelicts")
        table.add_row(
            f"{row['year']:.2f}",
            f"{row['wanted']:,.0f}",
            f"{row['working_p50']:,.0f} ({row['working_p5']:,.0f}–{row['working_p95']:,.0f})",
            *(_short(row[name]) for name in ("capacity_p50", *flows)),
            *(_short(row[name]) for name in (*(f"failures_{cause}" for cause in struck), *ends)),
            _short(row["mass_launched_kg"] / 1e3),
        )
    console = _console()
    # a number that is cut short reads as another one: rather wrap in a narrow window
    free = console.options.update(width=10_000)
    console.width = max(console.width, Measurement.get(console, free, table).maximum)
    console.print(table)


def _short(number: float) -> str:
    return f"{number:,.0f}" if number >= 100.0 else f"{number:.1f}"


def _console() -> "Console":
    from rich.console import Console

    return Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else 160)


@contextmanager
def _progress(title: str) -> Iterator[Callable[[float, str], None]]:
    """A bar on standard error when a person watches; nothing otherwise."""
    if not sys.stderr.isatty():
        yield lambda share, stage: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=1.0)

        def advance(share: float, stage: str) -> None:
            bar.update(task, completed=share, description=f"{title}: {stage}")

        yield advance


@contextmanager
def _one_line_errors(debug: bool) -> Iterator[None]:
    """Turn an exception into one line on standard error and an honest exit status."""
    try:
        yield
    except (typer.Exit, typer.Abort, KeyboardInterrupt):
        raise
    except Exception as error:
        if debug:
            raise
        _fail(error)


def _fail(error: Exception) -> NoReturn:
    if _is_wrong_input(error):
        typer.secho(f"error: {_message(error)}", fg=typer.colors.RED, err=True)
        raise typer.Exit(WRONG_INPUT)
    origin = traceback.extract_tb(error.__traceback__)[-1]
    typer.secho(
        f"internal error: {type(error).__name__} at {Path(origin.filename).name}:{origin.lineno}: "
        f"{error}; the same command with --debug shows the whole traceback",
        fg=typer.colors.RED,
        err=True,
    )
    raise typer.Exit(INTERNAL_ERROR)


def _message(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def _is_wrong_input(error: Exception) -> bool:
    """Whether the input is at fault: a file that cannot be used, or a value we refused.

    A ValueError that no `raise` of ours put up (from NumPy, say) is our own fault.
    """
    if isinstance(error, OSError) and error.filename is not None:
        return True
    if not isinstance(error, ValueError | OSError):
        return False
    origin = traceback.extract_tb(error.__traceback__)[-1]
    ours = Path(origin.filename).is_relative_to(Path(__file__).parent)
    return ours and (origin.line or "").startswith("raise")


cli_serve.register(app, _one_line_errors, _load)
