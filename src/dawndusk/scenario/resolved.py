"""The scenario that everything reads: all values in SI, their provenance, catalogue entries."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, TypeVar

from pydantic import PrivateAttr, ValidationError

from dawndusk import catalogue
from dawndusk.catalogue.entries import (
    Accelerator,
    Cities,
    City,
    Launcher,
    Model,
    Site,
    Station,
    Stations,
    Storm,
    Terminal,
)
from dawndusk.scenario import network_checks, trees
from dawndusk.scenario.errors import Fault, ScenarioError, shown, unknown_name
from dawndusk.scenario.fields import Table
from dawndusk.scenario.provenance import Given, Provenance, Value
from dawndusk.scenario.quantities import text
from dawndusk.scenario.reporting import faults_of
from dawndusk.scenario.schema import Tables
from dawndusk.scenario.values import values_of, written

MEMORY_SHARE = 0.9
"""Share of an accelerator's memory given to weights and cache [-], vLLM's default."""

CACHE_SHARE = 0.2
"""Part of that share asked for the key–value cache [-]."""


Kind = TypeVar("Kind", bound=Table)


class Scenario(Tables):
    """A resolved scenario; made by `load`, changed only by `replaced`."""

    _given: trees.Tree = PrivateAttr(default_factory=dict)
    _own: dict[str, dict[str, trees.Tree]] = PrivateAttr(default_factory=dict)
    _values: dict[str, Value] = PrivateAttr(default_factory=dict)

    @property
    def values(self) -> Mapping[str, Value]:
        """Every value by dotted path, with text, meaning and provenance."""
        return self._values

    @cached_property
    def provenance(self) -> Mapping[str, Provenance]:
        """Where each value comes from, by dotted path."""
        return {path: value.provenance for path, value in self._values.items()}

    @property
    def accelerator(self) -> Accelerator:
        """The satellite's accelerator."""
        return self._entry("accelerator", self.satellite.compute.accelerator, Accelerator)

    @property
    def model(self) -> Model:
        """The model that is served."""
        return self._entry("model", self.workload.model, Model)

    @property
    def site(self) -> Site:
        """Where the ground data centre stands."""
        return self._entry("site", self.ground.site, Site)

    @property
    def launcher(self) -> Launcher:
        """What the satellites are launched with."""
        return self._entry("launcher", self.economics.launcher, Launcher)

    @property
    def cities(self) -> tuple[City, ...]:
        """Where requests arise."""
        return self._entry("cities", self.workload.cities, Cities).cities

    @property
    def isl_terminal(self) -> Terminal:
        """What links satellites to each other."""
        return self._entry("terminal", self.network.terminal, Terminal)

    @property
    def ground_terminal(self) -> Terminal:
        """What links a satellite to stations."""
        return self._entry("terminal", self.network.ground_terminal, Terminal)

    @property
    def user_terminal(self) -> Terminal:
        """What links a satellite to cities when users are direct."""
        return self._entry("terminal", self.network.user_terminal, Terminal)

    @property
    def stations(self) -> tuple[Station, ...]:
        """Where satellites meet the ground."""
        return self._entry("stations", self.network.stations, Stations).stations

    @property
    def storm(self) -> Storm | None:
        """The solar proton event that comes, None where none was asked for."""
        asked = self.radiation.storm
        return None if asked.start is None else self._entry("storm", asked.event, Storm)

    def entries(self) -> dict[str, catalogue.Entry]:
        """The catalogue entries in use, by reference such as "accelerator.h100"."""
        used = [
            f"accelerator.{self.satellite.compute.accelerator}",
            f"model.{self.workload.model}",
            *(f"model.{job.model}" for job in self.workload.jobs if job.model),
            f"site.{self.ground.site}",
            f"launcher.{self.economics.launcher}",
            f"cities.{self.workload.cities}",
            f"terminal.{self.network.terminal}",
            f"terminal.{self.network.ground_terminal}",
            f"terminal.{self.network.user_terminal}",
            f"stations.{self.network.stations}",
            *([f"storm.{self.radiation.storm.event}"] if self.radiation.storm.start else []),
        ]
        return {each: catalogue.entry(each, self._own) for each in dict.fromkeys(used)}

    def _entry(self, kind: str, name: str, expected: type[Kind]) -> Kind:
        found = catalogue.entry(f"{kind}.{name}", self._own).resolved
        assert isinstance(found, expected)
        return found

    def replaced(self, changes: Mapping[str, Any], origin: str = "replaced") -> "Scenario":
        """The same scenario with some values changed, everything checked again.

        Args:
            changes: SI value by dotted path, None leaves it open; a list as in a file,
                with units [object]
            origin: noted as the provenance of the changed values [object]
        Returns:
            another scenario [object]
        Raises:
            ScenarioError: when a path is unknown or a value is not allowed
        """
        tree, faults = self._given, list[Fault]()
        for path, value in changes.items():
            known = self._values.get(path)
            listed = known is not None or isinstance(trees.find(tree, path), list)
            if isinstance(value, list | tuple) and listed:
                branch = trees.read({path: list(value)}, origin, faults)[path]
                tree = trees.put(tree, path, branch)
                continue
            if known is None:
                faults.append(unknown_name("replaced", path, self._values, "path"))
                continue
            number = isinstance(value, int | float) and not isinstance(value, bool)
            given: Any = text(float(value), known.unit) if number and known.unit else value
            kept = given if isinstance(given, int | float | bool | str) else None
            if kept is None:
                kept = written(given, known.unit)
            note = known.provenance if origin == known.provenance.origin else Provenance(origin)
            tree = trees.put(tree, path, Given(kept, replace(note, low=None, high=None)))
        if faults:
            raise ScenarioError(faults, self.name)
        return resolve(tree, self._own, faults, self.name)

    def to_toml(self) -> str:
        """All values with provenance as TOML that loads to an equal scenario."""
        from dawndusk.scenario.writing import to_toml

        return to_toml(self, self._own)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Scenario):
            return NotImplemented
        return (self._values, self.entries()) == (other._values, other.entries())

    __hash__ = None  # type: ignore[assignment]


def resolve(
    tree: trees.Tree,
    own: dict[str, dict[str, trees.Tree]],
    faults: list[Fault],
    origin: str,
) -> Scenario:
    """Lay the given values over the catalogue's, check everything, derive what is open.

    Args:
        tree: given values [object]
        own: the scenario's own catalogue entries [object]
        faults: found so far; reported with the others [object]
        origin: what the faults are reported of [object]
    Returns:
        scenario [object]
    Raises:
        ScenarioError: with all faults
    """
    faults = [*faults, *_own_faults(own)]
    complete = trees.overlay(_supplied(tree, own), tree)
    context = {"border": True, "names": _names(own)}
    try:
        tables = Tables.model_validate(trees.plain(complete), context=context)
    except ValidationError as error:
        raise ScenarioError([*faults, *faults_of(error, Tables)], origin) from None
    if faults:
        raise ScenarioError(faults, origin)
    complete = _derived(complete, tables, own, faults)
    if faults:
        raise ScenarioError(faults, origin)
    scenario = Scenario.model_validate(trees.plain(complete), context=context)
    values = values_of(scenario, complete, "", faults)
    if faults:
        raise ScenarioError(faults, origin)
    scenario._given, scenario._own, scenario._values = tree, own, values
    return scenario


def _names(own: catalogue.Own) -> dict[str, tuple[str, ...]]:
    return {kind: catalogue.names(kind, own) for kind in catalogue.kinds()}


def _own_faults(own: catalogue.Own) -> list[Fault]:
    """What is wrong with the scenario's own entries."""
    found: list[Fault] = []
    for kind, entries in own.items():
        if kind not in catalogue.kinds():
            found.append(unknown_name("catalogue", kind, catalogue.kinds(), "kind"))
            continue
        for name in entries:
            try:
                catalogue.entry(f"{kind}.{name}", own)
            except ScenarioError as error:
                found.extend(error.faults)
    return found


def _supplied(tree: trees.Tree, own: catalogue.Own) -> trees.Tree:
    """What the catalogue supplies under the given values.

    An unknown name is a fault of its own, found in validation; meanwhile a known entry
    stands in so that its values are not reported as missing.
    """

    def named(kind: str, path: str, within: trees.Tree, default: str) -> trees.Tree:
        found = trees.find(within, path)
        name = found.value if isinstance(found, Given) else default
        known = catalogue.names(kind, own)
        table = catalogue.tree(kind, name if name in known else default, own)
        return {key: value for key, value in table.items() if key not in ("title", "name")}

    generic = catalogue.tree("design", "generic", own)
    design = trees.overlay(generic, named("design", "satellite.design", tree, "generic"))
    design.pop("title", None)
    satellite = {"satellite": design}
    full = trees.overlay(satellite, tree)
    accelerator = named("accelerator", "satellite.compute.accelerator", full, "h100")
    site = named("site", "ground.site", tree, "virginia")
    launcher = named("launcher", "economics.launcher", tree, "starship")
    prices = trees.overlay(
        catalogue.tree("prices", "default", own),
        named("prices", "economics.prices", tree, "default"),
    )
    prices.pop("title", None)
    taken = {
        "launch_price": launcher.get("price_per_kg"),
        "accelerator_price": accelerator.get("price"),
        "ground_construction": site.get("construction_price"),
    }
    given = {key: value for key, value in taken.items() if value is not None}
    ground = {key: site[key] for key in ("power_price", "pue", "carbon_intensity") if key in site}
    return {**satellite, "ground": ground, "economics": {**given, **prices}}


def _derived(
    tree: trees.Tree, tables: Tables, own: catalogue.Own, faults: list[Fault]
) -> trees.Tree:
    """Fill in what follows from other values; impossibilities are added to `faults`."""

    def note(path: str, value: Any, source: str) -> None:
        nonlocal tree
        provenance = Provenance("derived", source, confidence="derived")
        tree = trees.put(tree, path, Given(value, provenance))

    if tables.workload.source is None:
        source = "synthetic" if tables.workload.trace is None else "trace"
        note("workload.source", source, "trace when workload.trace is given")
    parallel = _tensor_parallel(tables, own, faults)
    if tables.satellite.compute.tensor_parallel is None:
        source = "smallest power of two whose memory holds the model and a fifth for its cache"
        note("satellite.compute.tensor_parallel", parallel, source)
    for place, job in enumerate(tables.workload.jobs):
        if job.model is None or job.tokens is None:
            continue
        path = f"workload.jobs.{place}.work"
        if job.work is not None:
            faults.append(
                Fault(
                    path,
                    shown(text(job.work, "FLOP")),
                    "given beside model and tokens; allowed: work, or model and tokens",
                    "leave one out",
                )
            )
            continue
        model = catalogue.entry(f"model.{job.model}", own).resolved
        assert isinstance(model, Model)
        work = 6.0 * model.active_parameters * job.tokens
        note(path, text(work, "FLOP"), "6 · active parameters · tokens")
    faults.extend(_job_faults(tables, own))
    network = tables.network
    topology = network.topology or network_checks.topology(tables)
    if network.topology is None:
        note("network.topology", topology, "from the kind of constellation")
    if network.interval is None:
        source = "placement.interval"
        note("network.interval", text(tables.placement.interval, "s"), source)
    if network.elevation_mask is None:
        terminal = catalogue.entry(f"terminal.{network.ground_terminal}", own).resolved
        assert isinstance(terminal, Terminal)
        note("network.elevation_mask", text(terminal.elevation_mask, "rad"), "ground terminal")
    faults.extend(network_checks.faults(tables, topology, own))
    return tree


def _tensor_parallel(tables: Tables, own: catalogue.Own, faults: list[Fault]) -> int:
    """Accelerators that hold one copy of the model served, a fault when they do not exist."""
    compute = tables.satellite.compute
    accelerator = catalogue.entry(f"accelerator.{compute.accelerator}", own).resolved
    model = catalogue.entry(f"model.{tables.workload.model}", own).resolved
    assert isinstance(accelerator, Accelerator)
    assert isinstance(model, Model)
    weights = model.parameters * model.weight_bytes
    usable = MEMORY_SHARE * accelerator.memory
    needed = 1
    while needed * usable * (1.0 - CACHE_SHARE) < weights:
        needed *= 2
    given = compute.tensor_parallel
    if given is not None and given > compute.count:
        faults.append(
            Fault(
                "satellite.compute.tensor_parallel",
                str(given),
                f"allowed: at most satellite.compute.count, {compute.count}",
            )
        )
    if needed > compute.count or (given is not None and given * usable <= weights):
        have = compute.count if given is None else given
        faults.append(
            Fault(
                "workload.model",
                shown(model.name),
                f"impossible: its weights of {text(weights, 'B')} and their cache need {needed} "
                f"{accelerator.name} of {text(accelerator.memory, 'B')}, there "
                f"{'is' if have == 1 else 'are'} {have}",
                "choose a smaller model, more accelerators or ones with more memory",
            )
        )
    return needed


def _job_faults(tables: Tables, own: catalogue.Own) -> list[Fault]:
    """Jobs that no constellation can ever hold, and failures of satellites that it lacks."""
    compute = tables.satellite.compute
    accelerator = catalogue.entry(f"accelerator.{compute.accelerator}", own).resolved
    assert isinstance(accelerator, Accelerator)
    memory = compute.count * accelerator.memory
    satellites = network_checks.satellites(tables)
    found = []
    for place, job in enumerate(tables.workload.jobs):
        path = f"workload.jobs.{place}"
        if job.memory > memory:
            allowed = f"impossible: a satellite's accelerators hold {text(memory, 'B')} together"
            given = shown(text(job.memory, "B"))
            found.append(Fault(f"{path}.memory", given, allowed, "spread it over more nodes"))
        if satellites is not None and job.nodes > satellites:
            allowed = f"impossible: the constellation has {satellites} satellites"
            found.append(Fault(f"{path}.nodes", str(job.nodes), allowed))
    for place, failure in enumerate(tables.faults.failures):
        if satellites is not None and failure.satellite >= satellites:
            allowed = f"allowed: 0 to {satellites - 1}, the constellation has {satellites}"
            path = f"faults.failures.{place}.satellite"
            found.append(Fault(path, str(failure.satellite), allowed))
    return found
