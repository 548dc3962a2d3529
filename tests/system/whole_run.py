"""One scenario carried through the whole loop in memory, as `dawndusk.run.run` does on disk."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import tomli_w

from dawndusk.demand import Demand
from dawndusk.fleet_plan import FleetPlan, plan_fleet
from dawndusk.forecast import Forecast
from dawndusk.ledger import Ledger, settle
from dawndusk.loop import simulate
from dawndusk.placement.conformance import Policy, resolve
from dawndusk.record import Record
from dawndusk.run import ground_twin
from dawndusk.scenario import Scenario, load
from dawndusk.setting import setting

DATA = Path(__file__).parents[3] / "shared" / "data"
"""Real catalogues and traces, beside the repository; not everyone has them."""


@dataclass(frozen=True)
class Prepared:
    """Everything that is fixed before the loop starts."""

    scenario: Scenario
    plan: FleetPlan
    ahead: Forecast
    asked: Demand

    @property
    def ground_nodes(self) -> int:
        ground = self.scenario.ground
        return ground.hybrid_nodes if ground.hybrid else 0

    def changed(self, **parts: Any) -> "Prepared":
        """The same with another demand."""
        return replace(self, asked=replace(self.asked, **parts))

    def orbit(self, policy: Policy | None = None, threads: int = 1, **given: Any) -> Record:
        """The orbital side."""
        return simulate(
            self.scenario,
            self.plan,
            self.ahead,
            policy or resolve(self.scenario.placement.policy),
            self.asked,
            ground_nodes=self.ground_nodes,
            threads=threads,
            **given,
        )

    def settled(self, orbit: Record) -> Ledger:
        """An orbital side beside its ground twin."""
        twin = ground_twin(self.scenario, self.plan, orbit.duration, lambda share, stage: None)
        return settle(self.scenario, self.plan, orbit, twin)


def prepare(scenario: Scenario) -> Prepared:
    """Plan, forecast and demand of a scenario."""
    plan = plan_fleet(scenario)
    day = setting(plan.scenario, plan, 1)
    return Prepared(plan.scenario, plan, day.ahead, day.asked)


def written(folder: Path, tables: dict[str, Any]) -> Scenario:
    """A scenario of nested tables, read from a file as a user would give it."""
    path = folder / "scenario.toml"
    path.write_text(tomli_w.dumps(tables), encoding="utf-8")
    return load(path)


def leaves(tree: Any, path: str = "") -> dict[str, Any]:
    """Every value of a summary by its dotted path."""
    if isinstance(tree, dict):
        pairs = [(str(key), value) for key, value in tree.items()]
    elif isinstance(tree, list):
        pairs = [(str(place), value) for place, value in enumerate(tree)]
    else:
        return {path: tree}
    found: dict[str, Any] = {}
    for key, value in pairs:
        found |= leaves(value, f"{path}.{key}" if path else key)
    return found
