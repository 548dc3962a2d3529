"""Placement `lookahead`: a linear program over the coming hours says what runs now."""

import threading

import numpy as np
from numpy.typing import NDArray

from dawndusk.compiled import kernel
from dawndusk.constants import BITS
from dawndusk.placement.matching import match
from dawndusk.placement.outlook import Decision, Outlook, View
from dawndusk.placement.program import Supply, Work, build, solve

Array = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

AHEAD = 10800.0
"""Time that the loop shows ahead: nearly two low orbits [s]."""

SLOTS = (1, 2, 4, 7, 10, 14, 18, 24, 30, 36)
"""Rows of the outlook at which slots of the program end [-]."""

TAIL = (3 * 3600.0, 8 * 3600.0, 20 * 3600.0)
"""Times beyond what is shown at which further slots end, with its mean light [s]."""

GROUPS = 6
"""Groups of alike satellites [-]."""

GANGS = 4
"""Gangs that the program follows one by one; others count as batches [-]."""

CLASSES = 8
"""Classes of batches, by deadline, that run and that wait [-]."""

ROOM = 0.5
"""Share of a serving site that requests are meant to keep busy [-]."""

MARGIN = 0.95
"""Share of the time until a deadline within which work is planned [-]."""

STAY = 1.1
"""Worth of work that runs over that of work that waits [-]."""

START, STOP = 0.5, 0.1
"""Share of its nodes from which a gang starts, and below which it stops [-]."""

LEAST = 0.02
"""Share of its nodes up to which a gang is not even tried whole [-]."""

PATIENCE = 3600.0
"""Time for which a gang is kept waiting for comparison [s]."""

FORCED = 1e6
"""Restart that no plan would pay [s]."""

RESTART = 180.0
"""Restart of a job where the view does not tell [s]."""

WORTH_MOVING = 2.0
"""Standstill avoided over the restart that a gang's move costs, from which it moves [-]."""

MEMBER, BUSY, SERVING = -600.0, 60.0, 3600.0
"""What it counts as standstill that a site is in the gang, has a batch, serves requests [s]."""

REFERENCES = 8
"""Sites whose standstill a new gang is fitted to, one after the other [-]."""

_kept = threading.local()


def lookahead(outlook: Outlook, view: View) -> Decision:
    """Plan the coming hours with a linear program, and carry out its first interval.

    Satellites are grouped by how long they last at full load. The program divides groups and
    slots among gangs, batches by deadline and serving, within light, charge, contacts and
    deadlines; what it gives each now says which jobs run. Gangs go to sites that stand still
    together; requests gather on few sites outside gangs; running jobs stay where they are
    unless a move pays.

    Args:
        outlook: what time alone decides [object]
        view: the present [object]
    Returns:
        request weights, by origin too with a network, and the job of every site [object]
    Neglects:
        work that has not arrived yet, failures to come
    Source:
        model predictive control: Rawlings, Mayne & Diehl 2017, Model Predictive Control, ch. 1
    """
    short, slot = _standstill(outlook, view)
    lasting = (1.0 - short.mean(axis=0)) * view.available
    running = np.bincount(view.job_of_site[view.job_of_site >= 0], minlength=len(view.job_active))
    running = np.where(view.job_active, running, 0)
    deadline, pressing = _deadlines(view, float(lasting.max(initial=0.0)))
    able = (1.0 - short[0]) * view.available
    serving = _serving(outlook, view, able, pressing)
    rank = np.full(len(view.job_active), np.inf)
    present = view.job_of_site.copy()
    score = np.maximum(lasting, 1e-3) * view.available
    if view.job_active.any():
        chosen, gangs = _chosen(outlook, view, deadline, short, slot, running, int(serving.sum()))
        rank[chosen] = np.arange(len(chosen))
        restart = _to_begin_anew(outlook, view)
        for job in gangs:
            _seat(
                present, job, int(view.job_nodes[job]), short, slot, view.available, serving,
                view.job_gang, np.isfinite(rank), restart[job],
            )  # fmt: skip
        gain = lasting * (len(short) * slot)
        _rotate(present, gain, serving, view.job_gang, view.job_preemptible, restart)
        exclusive = view.job_exclusive.size > 0 and bool(view.job_exclusive.any())
        in_gang = (present >= 0) & view.job_gang[present]
        score[serving & ~in_gang] *= 0.0 if exclusive else 1e-3
    placed = match(
        present,
        score,
        view.job_active & np.isfinite(rank),
        view.job_nodes,
        view.job_gang,
        view.job_preemptible,
        rank,
    )
    weights = serving * view.available * np.maximum(able, 1e-3)
    weights /= 1.0 + view.backlog / view.slots
    if not outlook.latency.size:
        return Decision(weights, placed)
    return Decision(weights, placed, _by_origin(outlook.latency, weights, score))


lookahead.ahead = AHEAD  # type: ignore[attr-defined]


def _standstill(outlook: Outlook, view: View) -> tuple[Array, float]:
    """Share of the clock that sites at full load lack, row by row, and a row's length [s]."""
    satellites, plant = view.satellites, outlook.plant
    seen = len(outlook.sunlight) > 0
    light = outlook.sunlight if seen else outlook.next_interval()[None]
    slot = outlook.slot if seen else outlook.interval
    short = np.zeros((len(light), len(view.charge)))
    if plant is None:
        short[:, :satellites] = (1.0 - light) * (view.charge[:satellites] <= 0.0)
        return short, slot
    energy = view.energy if view.energy.size else view.charge * plant.usable
    _drain(
        light,
        energy,
        slot,
        plant.generation,
        plant.housekeeping,
        plant.idle,
        plant.full,
        plant.usable,
        (plant.charge_efficiency, plant.discharge_efficiency),
        (plant.charge_limit, plant.discharge_limit),
        0.5 * (3.0 - plant.exponent),
        short,
    )
    return short, slot


@kernel
def _drain(  # type: ignore[no-untyped-def]
    light, energy, slot, generation, housekeeping, idle, full, usable, efficiency, limit, v, short
):
    """Fill `short` by following each satellite's battery at full load.

    Power that falls short lowers the clock f until f·(v + (1 − v)·f)² is what is left of it.
    """
    for i in range(light.shape[1]):
        left = energy[i]
        for k in range(light.shape[0]):
            surplus = generation * light[k, i] - housekeeping - full
            if surplus >= 0.0:
                left = min(left + min(surplus, limit[0]) * efficiency[0] * slot, usable)
                continue
            give = min(-surplus, limit[1], left * efficiency[1] / slot)
            left -= give / efficiency[1] * slot
            power = 1.0 - (-surplus - give) / (full - idle)
            clock = 1.0 if power > 0.0 else 0.0
            for _ in range(6 if 0.0 < power < 1.0 else 0):
                voltage = v + (1.0 - v) * clock
                slope = voltage * (voltage + 2.0 * (1.0 - v) * clock)
                clock -= (clock * voltage * voltage - power) / slope
            short[k, i] = 1.0 - clock


def _deadlines(view: View, pace: float) -> tuple[Array, Array]:
    """Deadlines that can still be met, inf for others, and the share of the time until then
    that the work needs on the best sites."""
    if not view.job_rate.size:
        return view.job_deadline, np.zeros(len(view.job_deadline))
    rate = np.maximum(view.job_rate * view.job_nodes * pace, 1e-30)
    left = np.maximum(view.job_deadline - view.time, 0.0)
    pressing = view.job_remaining / rate / np.maximum(left, 1e-9)
    hopeless = pressing > 1.0
    return np.where(hopeless, np.inf, view.job_deadline), np.where(hopeless, 0.0, pressing)


def _serving(outlook: Outlook, view: View, able: Array, pressing: Array) -> Flags:
    """The sites that requests gather on: able ones, without pressing jobs, near the users."""
    sites = len(view.charge)
    job = view.job_of_site
    burden = np.where(job >= 0, 1.0, 0.0)
    if view.job_gang.size:
        burden += np.where((job >= 0) & view.job_gang[job], 10.0, pressing[job] * (job >= 0))
    burden += np.where(view.available, 0.0, 100.0) - 2.0 * able
    if outlook.latency.size:
        reach = np.isfinite(outlook.latency)
        burden += view.request_origin_share @ np.where(reach, outlook.latency, 1.0)
    order = np.argsort(burden, kind="stable")
    wanted = view.backlog.sum() / view.slots / ROOM + 1.0
    enough = int(np.searchsorted(np.cumsum(able[order]), wanted - 1e-9)) + 1
    serving = np.zeros(sites, bool)
    serving[order[:enough]] = True
    return serving


def _by_origin(latency: Array, weights: Array, score: Array) -> Array:
    """Weights of the sites that each origin reaches, of any site for one that reaches no server."""
    reach = np.isfinite(latency)
    shared: Array = reach * weights
    cut_off = ~shared.any(axis=1)
    shared[cut_off] = (reach * score)[cut_off]
    return shared


def _chosen(
    outlook: Outlook,
    view: View,
    deadline: Array,
    short: Array,
    slot: float,
    running: Integers,
    serving: int,
) -> tuple[Integers, list[int]]:
    """The jobs that run now, most urgent first, and the gangs among them."""
    jobs = np.flatnonzero(view.job_active)
    rate = view.job_rate if view.job_rate.size else np.ones(len(view.job_active))
    horizon = np.array([len(short) * slot])
    left = view.job_remaining / np.where(rate > 0.0, rate, 1.0)
    if not view.job_rate.size:
        left = np.where(left > 0.0, view.job_nodes * horizon, 0.0)
    order = jobs[np.lexsort((jobs, deadline[jobs], running[jobs] == 0))]
    gangs = [int(job) for job in order if view.job_gang[job]][:GANGS]
    batches = np.array([job for job in order if job not in gangs], np.int64)
    members = [np.array([job]) for job in gangs] + _classes(batches, deadline, running)
    work = _work(view, members, deadline, left, rate, running, _to_begin_anew(outlook, view))
    supply = _supply(outlook, view, short, slot)
    load = np.full(len(supply.length), min(float(serving), view.request_load))
    given, _ = _nodes_now(supply, work, load, outlook)
    for k, job in enumerate(gangs):
        share = given[k] / max(view.job_nodes[job], 1)
        if not running[job] and LEAST < share < START:
            given = _whole_or_not(supply, work, load, outlook, k)

    pinned = batches[~view.job_preemptible[batches] & (running[batches] > 0)].tolist()
    then: list[int] = []
    rest: list[int] = []
    kept = []
    for job, nodes in zip(gangs, given, strict=False):
        useful = min(view.job_nodes[job], left[job] / supply.length[0])
        enough = nodes >= (STOP if running[job] else START) * useful
        if enough or (running[job] and not view.job_preemptible[job]):
            kept.append(job)
    for group, nodes in zip(members[len(gangs) :], given[len(gangs) :], strict=True):
        # a part of a job that runs keeps it running; one that waits starts for half its nodes
        part = 1.0 if running[group[0]] else 0.5
        taken = np.cumsum(view.job_nodes[group]) - part * view.job_nodes[group] < nodes - 1e-6
        then += group[taken].tolist()
        rest += group[~taken].tolist()
    # what waits displaces only what runs with a later deadline, or overload would stop all in turn
    ahead = {*then, *(job for job in rest if running[job])}
    rest = [job for job in rest if job not in ahead]
    in_turn = sorted(ahead, key=lambda job: (deadline[job], running[job] == 0, job))
    rest.sort(key=lambda job: (deadline[job], job))
    ranked = list(dict.fromkeys([*pinned, *kept, *in_turn, *rest]))
    room = int(view.available.sum())
    need = np.cumsum(view.job_nodes[ranked])
    fits = need - view.job_nodes[ranked] < room
    return np.array(ranked, np.int64)[fits], kept


def _classes(batches: Integers, deadline: Array, running: Integers) -> list[Integers]:
    """Batches by deadline, those that run apart from those that wait, in a few classes."""
    classes = []
    for wanted in (True, False):
        alike = batches[(running[batches] > 0) == wanted]
        if not len(alike):
            continue
        ends = np.unique(deadline[alike])
        edges = ends[np.unique(np.linspace(0, len(ends) - 1, CLASSES).round().astype(int))]
        kind = np.searchsorted(edges, deadline[alike])
        classes += [alike[kind == k] for k in range(len(edges)) if (kind == k).any()]
    return classes


def _to_begin_anew(outlook: Outlook, view: View) -> Array:
    """Time that a job loses on another site: its restart, and its input sent again [s]."""
    count = len(view.job_active)
    lost = view.job_restart if view.job_restart.size else np.full(count, RESTART)
    rate = float(outlook.contact.mean()) if outlook.contact.size else 0.0
    if view.job_input.size and rate > 0.0:
        lost = lost + BITS * view.job_input / np.maximum(view.job_nodes, 1) / rate
    return lost


def _work(
    view: View,
    members: list[Integers],
    deadline: Array,
    left: Array,
    rate: Array,
    running: Integers,
    restart: Array,
) -> Work:
    """Classes of jobs as the program reads them."""
    count = len(members)
    table = np.zeros((7, count))
    for k, group in enumerate(members):
        amount = left[group].sum()
        table[0, k] = amount
        table[1, k] = view.job_nodes[group].sum()
        table[2, k] = rate[group].mean() * (STAY if running[group[0]] else 1.0)
        ahead = deadline[group].min() - view.time
        table[3, k] = ahead * MARGIN
        if view.job_output.size and amount > 0.0:
            moved = (view.job_output[group] + view.job_input_left[group]).sum()
            table[4, k] = moved / amount
        table[5, k] = running[group].sum()
        table[6, k] = restart[group].mean()
    worth = table[2] / max(table[2].max(initial=0.0), 1e-30)
    # distinct worths make the best point unique, whichever basis the solver begins from
    worth *= 1.0 - 1e-4 * np.arange(count)
    return Work(table[0], table[1], worth, np.zeros(count, np.int64), *table[3:])


def _supply(outlook: Outlook, view: View, short: Array, slot: float) -> Supply:
    """Satellites in groups that last alike, and the ground nodes as one."""
    satellites, rows = view.satellites, len(short)
    lacking = short[:, :satellites]
    groups: list[Integers] = []
    order = np.arange(satellites)
    if satellites and lacking.any():
        begins = np.where(lacking.any(axis=0), (lacking > 0.0).argmax(axis=0), rows)
        order = np.lexsort((order, -lacking.sum(axis=0), begins))
        groups = [part for part in np.array_split(order, GROUPS) if len(part)]
    elif satellites:
        groups = [order]
    ends = [end for end in SLOTS if end < rows] + [rows]
    begin = np.array([0, *ends[:-1]])
    seen = len(outlook.sunlight) > 0
    light = outlook.sunlight if seen else outlook.next_interval()[None]
    length = np.concatenate([np.diff([0, *ends]) * slot, np.diff([0.0, *TAIL])])
    shine, reach, energy = [], [], []
    stored = view.energy if view.energy.size else np.zeros(len(view.charge))
    limited = outlook.contact.size > 0
    for group in groups:
        mean = light[:, group].mean(axis=1)
        by_slot = np.add.reduceat(mean, begin) / np.diff([0, *ends])
        shine.append(np.concatenate([by_slot, np.full(len(TAIL), mean.mean())]))
        energy.append(float((stored[group] * view.available[group]).sum()))
        if limited:
            carried = outlook.contact[:, group].sum(axis=1) / 8.0
            whole = np.add.reduceat(carried, begin) * slot
            reach.append(np.concatenate([whole, carried.mean() * length[len(ends) :]]))
    up = [float(view.available[group].sum()) for group in groups]
    price = [0.0] * len(groups)
    if len(view.charge) > satellites:
        shine.append(np.zeros(len(length)))
        energy.append(0.0)
        reach.append(np.full(len(length), 1e30))
        up.append(float(view.available[satellites:].sum()))
        price.append(1.0)
    slots = len(length)
    return Supply(
        length,
        np.tile(up, (slots, 1)),
        np.array(shine).T,
        np.array(energy),
        np.arange(len(up)) < len(groups),
        np.array(price),
        np.array(reach).T if limited else np.full((slots, len(up)), np.inf),
        np.asarray(up, dtype=np.float64),
    )


def _nodes_now(supply: Supply, work: Work, load: Array, outlook: Outlook) -> tuple[Array, float]:
    """Nodes that the program gives each class in the first slot, and its cost.

    The solver begins from the last basis of a program of this shape.
    """
    program = build(supply, work, load, outlook.plant)
    shape = program.matrix.shape
    basis = getattr(_kept, "basis", None)
    if getattr(_kept, "shape", None) != shape:
        basis = None
    best, cost, _kept.basis = solve(program, basis)
    _kept.shape = shape
    slots, groups = supply.sites.shape
    classes = len(work.left)
    on_jobs = best[: classes * slots * groups].reshape(classes, slots, groups)
    return on_jobs[:, 0].sum(axis=1), cost


def _whole_or_not(supply: Supply, work: Work, load: Array, outlook: Outlook, gang: int) -> Array:
    """Nodes by class when a gang that the program would divide starts whole, or not for a while."""
    held, restart, begin = work.held.copy(), work.restart.copy(), work.begin.copy()
    held[gang], restart[gang] = work.nodes[gang], FORCED
    begin[gang] = np.searchsorted(np.cumsum(supply.length), PATIENCE) + 1
    whole, cost = _nodes_now(supply, work._replace(held=held, restart=restart), load, outlook)
    without, saved = _nodes_now(supply, work._replace(begin=begin), load, outlook)
    return whole if cost < saved else without


@kernel
def _seat(  # type: ignore[no-untyped-def]
    present, job, nodes, short, slot, available, serving, gang, kept, restart
):
    """Give a gang its sites in `present`: those it has, or others when it lacks some or gains.

    The sites that stand still least beside one of a few reference sites are taken, for each of
    the references in turn, and those with which the gang as a whole stands still least.
    """
    sites, rows = present.size, short.shape[0]
    members, together = 0, np.zeros(rows)
    for i in range(sites):
        if present[i] == job and available[i]:
            members += 1
            for k in range(rows):
                together[k] = max(together[k], short[k, i])
    still = together.sum() * slot
    if members == nodes and still <= WORTH_MOVING * restart:
        return
    toll = np.full(sites, np.inf)
    own = np.zeros(sites)
    candidates = 0
    for i in range(sites):
        other = present[i]
        if not available[i] or (other >= 0 and other != job and gang[other] and kept[other]):
            continue
        toll[i] = MEMBER if other == job else (BUSY if other >= 0 else 0.0)
        toll[i] += SERVING if serving[i] else 0.0
        own[i] = short[:, i].sum() * slot
        candidates += 1
    if candidates < nodes:
        return
    best, chosen = np.inf, np.zeros(0, np.int64)
    ranked = np.argsort(toll + own, kind="mergesort")[:candidates]
    for r in range(REFERENCES):
        reference = ranked[(r * candidates) // (2 * REFERENCES)]
        distance = toll.copy()
        for i in range(sites):
            if toll[i] < np.inf:
                for k in range(rows):
                    distance[i] += slot * max(short[k, i] - short[k, reference], 0.0)
                distance[i] += 1e-3 * own[i]
        taken = np.argsort(distance, kind="mergesort")[:nodes]
        union = np.zeros(rows)
        for i in taken:
            for k in range(rows):
                union[k] = max(union[k], short[k, i])
        if union.sum() * slot < best - 1.0:
            best, chosen = union.sum() * slot, taken
    if members == nodes and still - best <= WORTH_MOVING * restart:
        return
    for i in range(sites):
        if present[i] == job:
            present[i] = -1
    for i in chosen:
        present[i] = job


@kernel
def _rotate(present, gain, serving, gang, preemptible, restart):  # type: ignore[no-untyped-def]
    """Move batches in `present` from sites that run out of energy to free ones with more."""
    order = np.argsort(-gain, kind="mergesort")
    last = order.size - 1
    for i in order:
        if present[i] >= 0 or serving[i]:
            continue
        while last >= 0:
            worst = order[last]
            job = present[worst]
            if job >= 0 and preemptible[job] and not gang[job]:
                break
            last -= 1
        if last < 0:
            return
        worst = order[last]
        if gain[i] - gain[worst] <= WORTH_MOVING * restart[present[worst]]:
            return
        present[i] = present[worst]
        present[worst] = -1
        last -= 1
