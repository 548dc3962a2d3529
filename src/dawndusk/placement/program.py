"""The linear program of placement: work over groups of alike sites and slots of time."""

from typing import NamedTuple

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from dawndusk.placement.outlook import Plant

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

HOUR = 3600.0
"""Unit of time inside the program, so that its numbers lie near one [s]."""


class Aims(NamedTuple):
    """What the program prefers, relative to the worth of a node's time on the best job."""

    late: float = 20.0
    """Loss for work that is not done in time [-]."""
    unserved: float = 100.0
    """Loss for a node that requests need and lack [-]."""
    price: float = 0.05
    """Share of its worth that work loses where power is dearest [-]."""
    haste: float = 0.2
    """Share of its worth that work loses from the first slot to the last [-]."""
    stop: float = 2.0
    """Loss for the restart of a node that stops now [-]."""


FULL_CLOCK = ((1.0, 0.0),)
"""Dynamic power by load when nodes run at full clock or not at all: slope and offset [-]."""


class Supply(NamedTuple):
    """Groups of alike sites over the slots."""

    length: Array
    """Of each slot [s], shape (slots,)."""
    sites: Array
    """At work [-], shape (slots, groups)."""
    light: Array
    """Mean illumination [-], shape (slots, groups)."""
    energy: Array
    """Above the compute floor at the start, all sites together [J], shape (groups,)."""
    orbital: NDArray[np.bool_]
    """Lives on sunlight and battery [-], shape (groups,)."""
    price: Array
    """Of power, relative to the dearest [-], shape (groups,)."""
    contact: Array
    """Bytes that may pass to and from the ground in a slot, inf without a network [-],
    shape (slots, groups)."""
    whole: Array
    """Sites with their arrays and batteries, at work or down [-], shape (groups,)."""


class Work(NamedTuple):
    """Classes of jobs."""

    left: Array
    """Work left at one node's full rate [s], shape (classes,)."""
    nodes: Array
    """Nodes that may work on it at once [-], shape (classes,)."""
    worth: Array
    """Of a node's time, relative to the highest [-], shape (classes,)."""
    begin: Integers
    """First slot in which it may run [-], shape (classes,)."""
    due: Array
    """Time until it is wanted, inf for none [s], shape (classes,)."""
    traffic: Array
    """Bytes to and from the ground for each second of a node [1/s], shape (classes,)."""
    held: Array
    """Nodes that work on it now [-], shape (classes,)."""
    restart: Array
    """Time that a node loses when it stops and starts anew [s], shape (classes,)."""


class Program(NamedTuple):
    """min cost·x with lower ≤ x ≤ upper and least ≤ matrix·x ≤ most."""

    cost: Array
    """Of a unit of each column [-]."""
    lower: Array
    """Least value of each column [-]."""
    upper: Array
    """Greatest value of each column [-]."""
    matrix: sparse.csc_matrix
    """Of rows by columns [-]."""
    least: Array
    """Least value of each row [-]."""
    most: Array
    """Greatest value of each row [-]."""


def build(
    supply: Supply,
    work: Work,
    serving: Array,
    plant: Plant | None,
    aims: Aims = Aims(),  # noqa: B008 - immutable
    clock: tuple[tuple[float, float], ...] = FULL_CLOCK,
) -> Program:
    """The program of the most worth that groups can do in time with their light and charge.

    Columns, each slot by slot and group by group: nodes on each class of jobs; nodes that
    serve; energy at the slot's end, power into and out of the battery, power of housekeeping
    and idling saved by nodes that are off; then requests unserved by slot, work late by class
    and nodes of each class that stop now.

    Args:
        supply: sites, light, charge, prices and contact [object]
        work: classes of jobs [object]
        serving: nodes that requests need [-], shape (slots,)
        plant: what a satellite is, None when there is none [object]
        aims: what is preferred [object]
        clock: straight lines that the dynamic power lies above, over that at full clock, by
            the share of nodes at work: slopes and offsets [-]
    Returns:
        costs, bounds and rows in hours, full powers of a node and TB [object]
    Neglects:
        that nodes are whole, gangs complete, moves cost time and work lies inside a slot
    Source:
        rolling-horizon production planning: Bertsimas & Tsitsiklis, Introduction to Linear
        Optimization, 1997, § 1.2
    """
    slots, groups = supply.sites.shape
    classes = len(work.left)
    hours = supply.length / HOUR
    cells = slots * groups
    on_jobs = np.arange(classes * cells).reshape(classes, slots, groups)
    serve, energy, into, out, missing = classes * cells + np.arange(5 * cells).reshape(
        5, slots, groups
    )
    columns = (classes + 5) * cells
    unserved = columns + np.arange(slots)
    late = columns + slots + np.arange(classes)
    stopped = columns + slots + classes + np.arange(classes)
    columns += slots + 2 * classes

    cost, lower, upper = np.zeros(columns), np.zeros(columns), np.full(columns, np.inf)
    middle = np.cumsum(hours) - hours / 2.0
    haste = 1.0 - aims.haste * middle / max(hours.sum(), 1e-9)
    cost[on_jobs] = -(
        work.worth[:, None, None]
        * (hours * haste)[None, :, None]
        * (1.0 - aims.price * supply.price)[None, None, :]
    )
    cost[serve] = aims.price * supply.price * hours[:, None]
    cost[unserved] = aims.unserved * hours
    cost[late] = aims.late * work.worth
    cost[stopped] = aims.stop * work.worth * work.restart / HOUR
    started = np.arange(slots)[None, :] >= work.begin[:, None]
    runnable = np.where(started & (work.left > 0.0)[:, None], work.nodes[:, None], 0.0)
    upper[on_jobs] = runnable[:, :, None]

    rows = _Rows()
    most = supply.sites * np.where(supply.orbital, plant.sustained if plant else 1.0, 1.0)
    here = np.arange(cells).reshape(slots, groups)
    rows.add(here, serve, 1.0)
    rows.add(np.broadcast_to(here, on_jobs.shape), on_jobs, 1.0)
    always = (plant.housekeeping + plant.idle) / plant.full if plant else 1.0
    if plant:
        rows.add(here, missing, plant.sustained / always)
    rows.close(np.full(cells, -np.inf), most.ravel())

    flying = supply.orbital[None, :] & np.ones((slots, 1), bool)
    if plant:
        unit = plant.full
        sun = plant.generation / unit * supply.light * supply.whole
        upper[energy] = np.where(flying, supply.whole * plant.usable / (unit * HOUR), 0.0)
        upper[into] = np.where(flying, supply.whole * plant.charge_limit / unit, 0.0)
        upper[out] = np.where(flying, supply.whole * plant.discharge_limit / unit, 0.0)
        upper[missing] = np.where(flying, supply.sites * always, 0.0)
        cost[missing] = 1e-3 * hours[:, None]
        dynamic = (plant.full - plant.idle) / unit
        for slope, offset in clock:
            rows.add(here, serve, -slope * dynamic)
            rows.add(np.broadcast_to(here, on_jobs.shape), on_jobs, -slope * dynamic)
            rows.add(here, into, -1.0)
            rows.add(here, out, 1.0)
            rows.add(here, missing, 1.0 + offset * dynamic / always)
            need = supply.sites * (always + offset * dynamic) - sun
            rows.close(np.where(flying, need, -np.inf).ravel(), np.full(cells, np.inf))
        stored = np.zeros((slots, groups))
        stored[0] = np.where(supply.orbital, supply.energy / (unit * HOUR), 0.0)
        upper[energy] = np.maximum(upper[energy], 0.0)
        stored[0] = np.minimum(stored[0], upper[energy][0])
        rows.add(here, energy, 1.0)
        rows.add(here[1:], energy[:-1], -1.0)
        rows.add(here, into, -plant.charge_efficiency * hours[:, None])
        rows.add(here, out, hours[:, None] / plant.discharge_efficiency)
        rows.close(np.full(cells, -np.inf), stored.ravel())
    else:
        for column in (energy, into, out, missing):
            upper[column] = 0.0

    job = np.arange(classes)
    job_slot = np.arange(classes * slots).reshape(classes, slots, 1)
    rows.add(np.broadcast_to(job_slot, on_jobs.shape), on_jobs, 1.0)
    rows.close(np.full(classes * slots, -np.inf), runnable.ravel())
    whole = np.broadcast_to(hours[None, :, None], on_jobs.shape)
    rows.add(np.broadcast_to(job[:, None, None], on_jobs.shape), on_jobs, whole)
    rows.close(np.full(classes, -np.inf), work.left / HOUR)
    begins = np.cumsum(supply.length) - supply.length
    in_time = np.clip((work.due[:, None] - begins) / supply.length, 0.0, 1.0)[:, :, None]
    rows.add(np.broadcast_to(job[:, None, None], on_jobs.shape), on_jobs, whole * in_time)
    rows.add(job, late, 1.0)
    rows.close(np.where(np.isfinite(work.due), work.left / HOUR, -np.inf), np.full(classes, np.inf))
    now = on_jobs[:, 0]
    rows.add(np.broadcast_to(job[:, None], now.shape), now, 1.0)
    rows.add(job, stopped, 1.0)
    rows.close(np.minimum(work.held, work.left / supply.length[0]), np.full(classes, np.inf))
    slot = np.arange(slots)
    rows.add(np.broadcast_to(slot[:, None], serve.shape), serve, 1.0)
    rows.add(slot, unserved, 1.0)
    rows.close(serving, np.full(slots, np.inf))
    if np.isfinite(supply.contact).all():
        group = np.arange(groups)
        carried = work.traffic[:, None, None] * supply.length[None, :, None] / 1e12
        rows.add(np.broadcast_to(group, on_jobs.shape), on_jobs, carried)
        rows.close(np.full(groups, -np.inf), supply.contact.sum(axis=0) / 1e12)
    return Program(cost, lower, upper, rows.matrix(columns), *rows.bounds())


class _Rows:
    """Rows of a program as they are added, block by block."""

    def __init__(self) -> None:
        self.entries: list[tuple[Integers, Integers, Array]] = []
        self.limits: list[tuple[Array, Array]] = []
        self.first = 0

    def add(self, row: Integers, column: Integers, value: Array | float) -> None:
        """Coefficients of a block that is open."""
        self.entries.append(
            (
                row.ravel() + self.first,
                column.ravel(),
                np.broadcast_to(value, column.shape).ravel(),
            )
        )

    def close(self, least: Array, most: Array) -> None:
        """Bounds of a block, which ends it."""
        self.limits.append((least, most))
        self.first += len(least)

    def matrix(self, columns: int) -> sparse.csc_matrix:
        """All coefficients."""
        row, column, value = (np.concatenate(part) for part in zip(*self.entries, strict=True))
        return sparse.csc_matrix((value, (row, column)), shape=(self.first, columns))

    def bounds(self) -> tuple[Array, Array]:
        """Bounds of all rows."""
        least, most = (np.concatenate(part) for part in zip(*self.limits, strict=True))
        return least, most


def solve(
    program: Program, basis: highspy.HighsBasis | None = None, method: str = "simplex"
) -> tuple[Array, float, highspy.HighsBasis]:
    """The best point of a program.

    Args:
        program: costs, bounds and rows [object]
        basis: of an earlier program of the same shape, to begin from [object]
        method: "simplex", or "ipm" for a large program without a basis [object]
    Returns:
        the columns' values, the cost and the final basis [object]
    Raises:
        ValueError: when the program has no best point
    Neglects:
        nothing beyond the solver's tolerances of 1e-7
    Source:
        HiGHS: Huangfu & Hall 2018 (doi 10.1007/s12532-017-0130-5)
    """
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = len(program.cost), len(program.least)
    model.col_cost_, model.col_lower_, model.col_upper_ = (
        program.cost,
        program.lower,
        program.upper,
    )
    model.row_lower_, model.row_upper_ = program.least, program.most
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = program.matrix.indptr
    model.a_matrix_.index_ = program.matrix.indices
    model.a_matrix_.value_ = program.matrix.data
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("solver", method)
    solver.passModel(model)
    if basis is not None:
        solver.setBasis(basis)
    solver.run()
    status = solver.getModelStatus()
    if status != highspy.HighsModelStatus.kOptimal:
        raise ValueError(f"the program of placement ended {solver.modelStatusToString(status)}")
    return (
        np.array(solver.getSolution().col_value),
        float(solver.getInfo().objective_function_value),
        solver.getBasis(),
    )
