"""Plain reference of one engine: every prefill and every decode iteration one by one.

Shares no code with the product: Python lists, no closed forms, no steps. Time runs on a
list of (until, speed) pieces; a fault kills what has started when an operation would end
after it.
"""

from dataclasses import dataclass, field
from math import inf, nan


@dataclass
class Outcome:
    status: list[str]
    first: list[float]
    finish: list[float]
    work: float = 0.0
    wasted: float = 0.0
    spent: dict[str, float] = field(default_factory=lambda: {"prefill": 0.0, "decode": 0.0})


def serve(arrival, prompt, output, service, pieces, faults=()):
    """Outcome at the end of the last piece."""
    n = len(arrival)
    result = Outcome(["waiting"] * n, [nan] * n, [nan] * n)
    end = pieces[-1][0]
    faults = sorted(faults)
    most = len(service.iteration) - 1
    done_flop = [0.0] * n

    def ends(time, seconds):
        """Clock time at which `seconds` of engine time from `time` are over."""
        for until, speed in pieces:
            if until <= time or speed == 0.0:
                time = max(time, min(until, end)) if until > time else time
                continue
            if time + seconds / speed <= until:
                return time + seconds / speed
            seconds -= (until - time) * speed
            time = until
        return inf

    def engine_seconds(start, stop):
        total, begin = 0.0, 0.0
        for until, speed in pieces:
            total += max(0.0, min(stop, until) - max(start, begin)) * speed
            begin = until
        return total

    def wall(start, stop):
        total, begin = 0.0, 0.0
        for until, speed in pieces:
            if speed > 0.0:
                total += max(0.0, min(stop, until) - max(start, begin))
            begin = until
        return total

    def prefill_seconds(lengths):
        linear = max(service.prefill_floor, service.prefill_time * sum(lengths))
        attention = service.prefill_square * sum(p**2 for p in lengths)
        return service.prefill_overhead + linear + service.prefill_link * sum(lengths) + attention

    waiting, running, time, coming = [], [], 0.0, 0
    made = [0] * n

    def kill(when, more=()):
        for i in [*running, *more]:
            result.status[i], result.finish[i] = "failed", when
            result.wasted += done_flop[i]
        running.clear()

    def operate(kind, seconds, flops):
        """Run one operation; returns its end, or None if a fault or the end cuts it."""
        nonlocal time
        stop = ends(time, seconds)
        fault = next((f for f in faults if time < f), inf)
        cut = min(stop, fault, end)
        share = 1.0 if cut == stop else engine_seconds(time, cut) / seconds
        result.spent[kind] += wall(time, cut)
        for i, flop in flops.items():
            done_flop[i] += share * flop
            result.work += share * flop
        whole = stop <= min(fault, end)
        time = cut
        return whole

    while True:
        while coming < n and arrival[coming] <= time:
            waiting.append(coming)
            coming += 1
        for i in list(waiting):
            if arrival[i] + service.patience < time:
                waiting.remove(i)
                result.status[i], result.finish[i] = "dropped", arrival[i] + service.patience
        if time >= end:
            break
        stopped = all(s == 0.0 or until <= time for until, s in pieces)
        held = sum(prompt[i] + output[i] for i in running)
        group: list[int] = []
        for i in waiting:
            held += prompt[i] + output[i]
            full = len(running) + len(group) >= most or held > service.capacity
            long = group and sum(prompt[k] for k in [*group, i]) > service.prefill_tokens
            if stopped or full or long or ends(time, 0.0) > time:
                break
            group.append(i)
        if group:
            flops = {}
            for i in group:
                waiting.remove(i)
                result.status[i] = "running"
                p = prompt[i]
                flops[i] = service.token_flop * p + service.context_flop * p * p / 2.0
            if operate("prefill", prefill_seconds([prompt[i] for i in group]), flops):
                for i in group:
                    result.first[i] = time
                    made[i] = 1
                    if output[i] <= 1:
                        result.status[i], result.finish[i] = "served", time
                    else:
                        running.append(i)
            elif time < end:
                kill(time, group)
            continue
        if running and ends(time, 0.0) <= time:
            context = {i: prompt[i] + made[i] for i in running}
            seconds = service.iteration[len(running)]
            seconds += service.context_time * sum(context.values())
            flops = {i: service.token_flop + service.context_flop * c for i, c in context.items()}
            if operate("decode", seconds, flops):
                for i in list(running):
                    made[i] += 1
                    if made[i] == output[i]:
                        running.remove(i)
                        result.status[i], result.finish[i] = "served", time
            elif time < end:
                kill(time)
            continue
        # nothing to do now: the next arrival, resumption, deadline, fault or the end
        nexts = [end]
        if coming < n:
            nexts.append(arrival[coming])
        nexts += [until for until, _ in pieces if until > time]
        fault = next((f for f in faults if time < f), inf)
        if min(nexts) >= fault:
            time = fault
            kill(time)
        else:
            time = min(nexts)
    return result
