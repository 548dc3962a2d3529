"""Assembler of all that the loop needs beside the policy: sky, demand, strikes, network."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dawndusk.connections import Connections
from dawndusk.costs import hybrid_nodes
from dawndusk.demand import Demand, demand
from dawndusk.execution.faults import Interruptions
from dawndusk.fleet_plan import FleetPlan
from dawndusk.forecast import Forecast, forecast
from dawndusk.loop import simulate
from dawndusk.placement.conformance import Policy
from dawndusk.record import Record
from dawndusk.scenario import Scenario
from dawndusk.strikes import flips, strike, struck


@dataclass(frozen=True)
class Setting:
    """What a stretch of time brings to a fleet, the same for every policy."""

    scenario: Scenario
    plan: FleetPlan
    ahead: Forecast
    asked: Demand
    """Requests, jobs and interruptions, those by radiation among them."""
    network: Connections | None
    hybrid: int
    """Ground nodes beside the satellites."""
    threads: int | None

    def simulate(self, policy: Policy, **further: object) -> Record:
        """Run the loop under a policy; `further` goes to `loop.simulate`."""
        return simulate(
            self.scenario,
            self.plan,
            self.ahead,
            policy,
            self.asked,
            ground_nodes=self.hybrid,
            threads=self.threads,
            network=self.network,
            **further,  # type: ignore[arg-type]
        )


def setting(
    scenario: Scenario,
    plan: FleetPlan,
    threads: int | None = None,
    absent: NDArray[np.int64] | None = None,
) -> Setting:
    """Set a scenario's time up for the loop.

    Args:
        scenario: what is run, all sizes filled in [object]
        plan: its satellites [object]
        threads: for the satellites, None for all processors [-]
        absent: satellites whose places are empty, with no link and no work [-]
    Returns:
        sky, demand, strikes and network [object]
    Raises:
        ValueError: when a file cannot be read or a model, job or trace does not fit
    """
    hybrid = hybrid_nodes(scenario)
    ahead = forecast(
        plan.elements,
        scenario.time.start,
        scenario.time.step,
        scenario.satellite.array.tracking,
        threads,
    )
    asked = demand(scenario, plan.satellites + hybrid, stream=0)
    asked = struck(asked, scenario, plan.satellites, strike(scenario, plan, ahead))
    asked = replace(asked, flips=flips(scenario, plan, ahead))
    if absent is not None and absent.size:
        asked = _without(asked, absent)
    network = (
        Connections(scenario, plan, ahead, hybrid, threads) if scenario.network.enabled else None
    )
    return Setting(scenario, plan, ahead, asked, network, hybrid, threads)


def _without(asked: Demand, absent: NDArray[np.int64]) -> Demand:
    """The demand when some places are empty: nothing happens there any more."""
    faults, hits = asked.interruptions, asked.strikes
    there, hit = ~np.isin(faults.site, absent), ~np.isin(hits.site, absent)
    return replace(
        asked,
        absent=absent,
        interruptions=Interruptions(
            faults.time[there], faults.site[there], faults.until[there], faults.cause[there]
        ),
        strikes=hits.chosen(hit),
    )
