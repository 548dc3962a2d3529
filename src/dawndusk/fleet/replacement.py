"""The fleet month by month over years: cohorts launched, failing, retired, replaced and mended.

A cohort is what was launched in one month; it is a number, not a list, so a million satellites
cost as much as a thousand. Every draw is binomial and therefore that of single satellites.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dawndusk.compiled import kernel

Array = NDArray[np.float64]
Counts = NDArray[np.int64]

POLICIES = {"never": (False, False), "on_failure": (True, True), "on_schedule": (False, True)}
"""Whether failed and whether retired satellites are replaced, by policy [-]."""


class Plan(NamedTuple):
    """What is wanted and what happens to it; months count from 0, as do ages."""

    goal: Counts
    """Satellites wanted in orbit, spares among them, shape (months,) [-]."""
    wanted: Counts
    """Satellites wanted at work, shape (months,) [-]."""
    replace_failed: bool
    """Failed satellites and those lost at launch are replaced at once [-]."""
    replace_retired: bool
    """Satellites that reach the end of their life are replaced [-]."""
    retire_age: int
    """Months in orbit after which a satellite is retired; 0 is never [-]."""
    lead: int
    """Months from an order until the satellite stands ready for launch [-]."""
    per_launch: int
    """Satellites in a full vehicle [-]."""
    least: int
    """Satellites worth a launch of their own [-]."""
    launches: Counts
    """Launches available, shape (months,) [-]."""
    success: Array
    """Share of launches that succeed, shape (months,) [-]."""
    failure: Array
    """Chance to fail in a month, by cause and age, shape (causes, months) [-]."""
    hazard: Array
    """Chance to fail in a month, by outer cause and date, shape (outer causes, months) [-]."""
    capacity: Array
    """Of a satellite by age over when new, shape (months,) [-]."""
    generation: Array
    """Of a satellite by month of launch over the first ones, shape (months,) [-]."""
    disposal: float
    """Share of retirements in which the satellite leaves its orbit as planned [-]."""
    decay: int
    """Months until a derelict has come down by itself; 0 is not within the plan [-]."""
    mendable: float
    """Share of failures that a module swap can mend [-]."""
    swap_success: float
    """Share of swaps that work [-]."""
    swaps: Counts
    """Swaps that servicers can make, shape (months,) [-]."""
    kits: Counts
    """Modules wanted in orbit with their servicers, shape (months,) [-]."""
    kits_per_launch: int
    """Modules with their share of a servicer in a full vehicle [-]."""


class History(NamedTuple):
    """What happened in each run and month: all but `failures` have shape (runs, months)."""

    alive: Counts
    """Satellites that can work at the end of the month, spares among them [-]."""
    waiting: Counts
    """Failed satellites that wait for a module [-]."""
    working: Counts
    """Satellites at work at the end of the month [-]."""
    built: Counts
    """Satellites made ready for launch [-]."""
    stock: Counts
    """Satellites on the ground at the end of the month [-]."""
    placed: Counts
    """Satellites that reached their orbit [-]."""
    lost: Counts
    """Satellites lost at launch [-]."""
    failed: Counts
    """Satellites failed for good [-]."""
    retired: Counts
    """Satellites that reached the end of their life, waiting ones among them [-]."""
    reentered: Counts
    """Satellites that came down [-]."""
    derelicts: Counts
    """Satellites adrift at the end of the month [-]."""
    launches: Counts
    """Launches flown, those of modules among them [-]."""
    launch_failures: Counts
    """Launches that failed [-]."""
    kits: Counts
    """Modules in orbit at the end of the month [-]."""
    kits_launched: Counts
    """Modules launched [-]."""
    kits_lost: Counts
    """Modules lost at launch [-]."""
    swaps: Counts
    """Module swaps tried; each uses a module [-]."""
    swaps_failed: Counts
    """Module swaps that did not work [-]."""
    failures: Counts
    """Failures by cause, mended ones among them, shape (runs, causes + outer, months) [-]."""
    capacity: Array
    """Of the satellites at work, in new satellites of the first generation [-]."""
    age: Array
    """Mean age of the satellites that can work at the end of the month, in months [-]."""


def plan(
    wanted: ArrayLike,
    failure: Array,
    per_launch: int,
    launches: ArrayLike,
    success: ArrayLike,
    policy: str = "on_failure",
    spares: int = 0,
    retire_age: int = 0,
    lead: int = 0,
    least: int = 1,
    hazard: Array | None = None,
    capacity: ArrayLike = 1.0,
    generation: ArrayLike = 1.0,
    disposal: float = 1.0,
    decay: int = 0,
    mendable: float = 0.0,
    swap_success: float = 1.0,
    swaps: ArrayLike = 0,
    kits: ArrayLike = 0,
    kits_per_launch: int = 1,
) -> Plan:
    """A checked plan; single numbers hold for every month.

    Args:
        wanted: satellites wanted at work, shape (months,) [-]
        failure: chance to fail in a month, by cause and age, shape (causes, months) [-]
        per_launch: satellites in a full vehicle [-]
        launches: available in each month [-]
        success: share of launches that succeed [-]
        policy: "never", "on_failure" (failed and retired ones) or "on_schedule" (only whole
            cohorts at the end of their life, as many as were launched) [-]
        spares: satellites kept in orbit beyond those at work, once any work [-]
        retire_age: months after which a satellite is retired; 0 is never [-]
        lead: months from an order until the satellite stands ready for launch [-]
        least: satellites worth a launch of their own, at most `per_launch` [-]
        hazard: chance to fail in a month by outer cause (debris, radiation) and date, shape
            (outer causes, months) [-]
        capacity: of a satellite by age over when new [-]
        generation: of a satellite by month of launch over the first ones [-]
        disposal: share of retirements in which the satellite leaves its orbit as planned [-]
        decay: months until a derelict has come down by itself; 0 is not within the plan [-]
        mendable: share of failures that a module swap can mend [-]
        swap_success: share of swaps that work [-]
        swaps: that servicers can make in each month [-]
        kits: modules wanted in orbit with their servicers [-]
        kits_per_launch: modules with their share of a servicer in a full vehicle [-]
    Returns:
        the plan [object]
    Raises:
        ValueError: when a probability is not from 0 to 1, a number is negative or a length wrong
    Neglects:
        nothing
    Source:
        none: bookkeeping
    """
    at_work = np.atleast_1d(np.asarray(wanted)).astype(np.int64)
    months = at_work.size
    if policy not in POLICIES:
        raise ValueError(f"policy: {policy!r}; allowed: {', '.join(POLICIES)}; choose one")
    outer = np.zeros((0, months)) if hazard is None else np.asarray(hazard, float)
    inner = np.asarray(failure, float)
    for name, table in (("failure", inner), ("hazard", outer)):
        if table.ndim != 2 or table.shape[1] != months:
            raise ValueError(
                f"{name}: shape {table.shape}; allowed: (causes, {months}), one column a month; "
                "give a value for each"
            )
    replace_failed, replace_retired = POLICIES[policy]
    made = Plan(
        goal=at_work + np.where(at_work > 0, int(spares), 0),
        wanted=at_work,
        replace_failed=replace_failed,
        replace_retired=replace_retired,
        retire_age=int(retire_age),
        lead=int(lead),
        per_launch=int(per_launch),
        least=int(least),
        launches=_monthly("launches", launches, months).astype(np.int64),
        success=_monthly("success", success, months),
        failure=inner,
        hazard=outer,
        capacity=_monthly("capacity", capacity, months),
        generation=_monthly("generation", generation, months),
        disposal=float(disposal),
        decay=int(decay),
        mendable=float(mendable),
        swap_success=float(swap_success),
        swaps=_monthly("swaps", swaps, months).astype(np.int64),
        kits=_monthly("kits", kits, months).astype(np.int64),
        kits_per_launch=int(kits_per_launch),
    )
    _check(made, spares)
    return made


def _monthly(name: str, values: ArrayLike, months: int) -> Array:
    given = np.asarray(values, float)
    if given.shape not in ((), (months,)):
        raise ValueError(
            f"{name}: shape {given.shape}; allowed: one number or {months}, one a month; "
            "give a value for each"
        )
    return np.array(np.broadcast_to(given, (months,)))


def _check(made: Plan, spares: int) -> None:
    for name in ("success", "failure", "hazard", "disposal", "mendable", "swap_success"):
        _within(name, getattr(made, name), 0.0, 1.0, "a probability")
    if made.failure.size:
        _within("failure", made.failure.sum(axis=0), 0.0, 1.0 + 1e-12, "the sum over causes")
    _within("spares", spares, 0.0, np.inf, "a number")
    for name in ("wanted", "retire_age", "lead", "launches", "capacity", "generation", "decay"):
        _within(name, getattr(made, name), 0.0, np.inf, "a number")
    for name in ("swaps", "kits"):
        _within(name, getattr(made, name), 0.0, np.inf, "a number")
    for name in ("per_launch", "kits_per_launch"):
        _within(name, getattr(made, name), 1.0, np.inf, "a number")
    _within("least", made.least, 1.0, made.per_launch, "at most per_launch")
    if made.retire_age and made.replace_retired:
        _within("lead", made.lead, 0.0, made.retire_age - 1, "shorter than retire_age")
    stocked = made.kits[made.kits > 0]
    if stocked.size:
        _within("kits", stocked, made.kits_per_launch, np.inf, "at least a full vehicle")


def _within(name: str, values: ArrayLike, least: float, most: float, what: str) -> None:
    given = np.atleast_1d(np.asarray(values, float))
    bad = given[~((given >= least) & (given <= most))]
    if bad.size:
        raise ValueError(f"{name}: {bad[0]:g}; allowed: {least:g} to {most:g} ({what}); correct it")


def simulate(made: Plan, seed: int, runs: int, first: int = 0) -> History:
    """Follow the fleet month by month, many times over.

    In each month: orders, deliveries, retirements, launches (modules first), swaps (the
    youngest satellites first), failures, re-entries. What fails in a month is ordered at the
    start of the next. Orders look ahead by their lead time to the plan and to retirements.

    Args:
        made: the plan [object]
        seed: of all randomness [-]
        runs: wanted [-]
        first: number of the first run: run k is the same whatever else is run [-]
    Returns:
        what happened [object]
    Neglects:
        months as the shortest time; spares age like the others; a satellite that waits for a
        module waits until its retirement, and comes back with its age; all satellites of one
        month fail independently; modules are built without delay
    Source:
        discrete-time renewal and inventory model (base stock), Barlow & Proschan, Mathematical
        Theory of Reliability (1965), chapters 3 and 4; draws: Philox, key (seed, run)
    """
    months = made.goal.size
    causes = len(made.failure) + len(made.hazard)
    empty = {name: np.zeros((runs, months), np.int64) for name in History._fields[:-3]}
    history = History(
        **empty,
        failures=np.zeros((runs, causes, months), np.int64),
        capacity=np.zeros((runs, months)),
        age=np.zeros((runs, months)),
    )
    failure, hazard = np.ascontiguousarray(made.failure), np.ascontiguousarray(made.hazard)
    made = made._replace(failure=failure, hazard=hazard)
    for run in range(runs):
        key = np.array([seed, first + run], np.uint64)
        _follow(made, np.random.Generator(np.random.Philox(key=key)), run, history)
    return history


@kernel
def _follow(made: Plan, rng: np.random.Generator, run: int, seen: History) -> None:
    """One run; every draw in a fixed order."""
    months = made.goal.size
    inner, outer = made.failure.shape[0], made.hazard.shape[0]
    alive = np.zeros(months, np.int64)
    waiting = np.zeros(months, np.int64)
    sent = np.zeros(months, np.int64)
    promised = np.zeros(months, np.bool_)
    adrift = np.zeros(months, np.int64)
    due = np.zeros(months + made.lead, np.int64)
    chance = np.zeros(inner + outer)
    stock, owed, kits, derelicts, oldest = 0, 0, 0, 0, 0
    for m in range(min(made.lead, months)):
        step = made.goal[m] - (made.goal[m - 1] if m > 0 else 0)
        due[m] = max(step, 0)
        owed += min(step, 0)

    for m in range(months):
        ahead = m + made.lead
        if ahead < months:
            owed += made.goal[ahead] - (made.goal[ahead - 1] if ahead > 0 else 0)
        ending = ahead - made.retire_age
        if made.retire_age > 0 and made.replace_retired and ending >= 0:
            promised[ending] = True
            if made.replace_failed:
                owed += alive[ending] + waiting[ending]
            else:
                owed += sent[ending]
        if owed > 0:
            due[ahead] += owed
            owed = 0
        seen.built[run, m] = due[m]
        stock += due[m]

        ending = m - made.retire_age
        if made.retire_age > 0 and ending >= 0:
            down = _draw(rng, alive[ending], made.disposal)
            seen.retired[run, m] = alive[ending] + waiting[ending]
            seen.reentered[run, m] += down
            adrift[m] += alive[ending] + waiting[ending] - down
            alive[ending] = 0
            waiting[ending] = 0
            oldest = ending + 1

        free = made.launches[m]
        flights = min(max(made.kits[m] - kits, 0) // made.kits_per_launch, free)
        burst = _draw(rng, flights, 1.0 - made.success[m])
        seen.kits_launched[run, m] = flights * made.kits_per_launch
        seen.kits_lost[run, m] = burst * made.kits_per_launch
        kits += (flights - burst) * made.kits_per_launch
        free -= flights
        seen.launches[run, m] = flights
        seen.launch_failures[run, m] = burst

        full = stock // made.per_launch
        part = stock - full * made.per_launch
        if full >= free or part < made.least:
            full = min(full, free)
            part = 0
        burst = _draw(rng, full, 1.0 - made.success[m])
        gone = burst * made.per_launch
        if part > 0 and _draw(rng, 1, 1.0 - made.success[m]) > 0:
            gone += part
            burst += 1
        flown = full * made.per_launch + part
        stock -= flown
        sent[m] = flown
        alive[m] = flown - gone
        if made.replace_failed:
            owed += gone
        seen.launches[run, m] += full + (1 if part > 0 else 0)
        seen.launch_failures[run, m] += burst
        seen.placed[run, m] = flown - gone
        seen.lost[run, m] = gone

        free = min(kits, made.swaps[m])
        for c in range(m, oldest - 1, -1):
            tried = min(waiting[c], free)
            if tried > 0:
                bad = tried - _draw(rng, tried, made.swap_success)
                free -= tried
                kits -= tried
                waiting[c] -= tried
                alive[c] += tried - bad
                adrift[m] += bad
                seen.swaps[run, m] += tried
                seen.swaps_failed[run, m] += bad
                seen.failed[run, m] += bad
                if made.replace_failed and not promised[c]:
                    owed += bad

        spared = 1.0
        for k in range(outer):
            chance[inner + k] = made.hazard[k, m]
            spared *= 1.0 - made.hazard[k, m]
        for c in range(oldest, m + 1):
            if alive[c] == 0:
                continue
            within = 0.0
            for k in range(inner):
                chance[k] = made.failure[k, m - c]
                within += chance[k]
            total = 1.0 - max(1.0 - within, 0.0) * spared
            dead = _draw(rng, alive[c], total)
            if dead > 0:
                alive[c] -= dead
                _attribute(rng, dead, chance, seen.failures[run, :, m])
                mend = _draw(rng, dead, made.mendable)
                waiting[c] += mend
                adrift[m] += dead - mend
                seen.failed[run, m] += dead - mend
                if made.replace_failed and not promised[c]:
                    owed += dead - mend

        derelicts += adrift[m]
        if made.decay > 0 and m >= made.decay:
            seen.reentered[run, m] += adrift[m - made.decay]
            derelicts -= adrift[m - made.decay]
        living, failed, spent, able = 0, 0, 0, 0.0
        for c in range(oldest, m + 1):
            living += alive[c]
            failed += waiting[c]
            spent += alive[c] * (m + 1 - c)
            able += alive[c] * made.capacity[m - c] * made.generation[c]
        seen.alive[run, m] = living
        seen.waiting[run, m] = failed
        seen.working[run, m] = min(living, made.wanted[m])
        if living > 0:
            seen.capacity[run, m] = able * (seen.working[run, m] / living)
            seen.age[run, m] = spent / living
        seen.stock[run, m] = stock
        seen.kits[run, m] = kits
        seen.derelicts[run, m] = derelicts


@kernel
def _draw(rng: np.random.Generator, number: int, chance: float) -> int:
    """How many of a number meet with a chance; certain ones cost no draw."""
    if number <= 0 or chance <= 0.0:
        return 0
    if chance >= 1.0:
        return number
    return int(rng.binomial(number, chance))


@kernel
def _attribute(rng: np.random.Generator, dead: int, chance: Array, failures: Counts) -> None:
    """Share failures among the causes in proportion to their chances, whole ones."""
    rest = chance.sum()
    for k in range(chance.size - 1):
        share = _draw(rng, dead, chance[k] / rest)
        failures[k] += share
        dead -= share
        rest -= chance[k]
        if dead == 0:
            return
    failures[chance.size - 1] += dead


def missing(history: History) -> int:
    """Largest number of satellites or modules that any month's books do not account for.

    Args:
        history: what happened [object]
    Returns:
        0 unless something vanished or appeared [-]
    Neglects:
        nothing
    Source:
        launched − lost = alive + waiting + failed + retired; built = launched + stock;
        failed + retired = re-entered + derelict; modules launched = in orbit + used + lost
    """

    h = history
    gaps = (
        (h.placed - h.failed - h.retired, h.alive + h.waiting),
        (h.built - h.placed - h.lost, h.stock),
        (h.failed + h.retired - h.reentered, h.derelicts),
        (h.kits_launched - h.kits_lost - h.swaps, h.kits),
    )
    return max(int(np.abs(np.cumsum(flow, axis=1) - stock).max(initial=0)) for flow, stock in gaps)


def mass_launched(history: History, satellite: float, kit: float = 0.0) -> Array:
    """Mass launched in each month, spares, replacements and modules included.

    Args:
        history: what happened [object]
        satellite: mass of one at launch [kg]
        kit: mass of a module with its share of a servicer [kg]
    Returns:
        mass, shape (runs, months) [kg]
    Neglects:
        dispensers (they belong to the launch)
    Source:
        none: bookkeeping
    """
    return np.asarray((history.placed + history.lost) * satellite + history.kits_launched * kit)


def expenses(
    history: History,
    satellite: ArrayLike,
    launch: ArrayLike,
    kit: ArrayLike = 0.0,
    visit: ArrayLike = 0.0,
) -> dict[str, Array]:
    """What is spent in each month, at the prices of that month.

    Args:
        history: what happened [object]
        satellite: price of one, a number or one a month [USD]
        launch: price of a vehicle, full or not, a number or one a month [USD]
        kit: price of a module with its share of a servicer [USD]
        visit: operations of a swap, whether it works or not [USD]
    Returns:
        "satellites", "launches", "modules" and "servicing", each of shape (runs, months) [USD]
    Neglects:
        insurance, discount and operations: `economics` has them
    Source:
        none: bookkeeping
    """
    return {
        "satellites": history.built * np.asarray(satellite, float),
        "launches": history.launches * np.asarray(launch, float),
        "modules": history.kits_launched * np.asarray(kit, float),
        "servicing": history.swaps * np.asarray(visit, float),
    }
