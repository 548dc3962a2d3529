"""One decision interval of satellites and ground nodes: execute → power → heat, compiled.

Between two decisions sites do not talk to each other, so an interval is computed block by
block over satellites: each block takes all its steps while it lies in the cache, and blocks
are shared among threads. What a block adds up does not depend on how many threads there are.
"""

import numpy as np

from dawndusk.compiled import kernel, scalar
from dawndusk.constants import EARTH_ALBEDO, EARTH_INFRARED
from dawndusk.environment import earthshine
from dawndusk.execution.dispatch import route
from dawndusk.execution.modelled import advance_engine, fail_engine
from dawndusk.requests import WAITING, Service
from dawndusk.satellite import accelerator, battery, solar_array, thermal
from dawndusk.step_tables import (
    AVAILABLE,
    BATTERY_LOSS,
    BUSY,
    CONSUMED,
    CURTAILED,
    DIE_MAX,
    GENERATED,
    HEAT_IN,
    ILLUMINATION,
    INFERENCE,
    JOB,
    JOB_BUSY,
    LOSS_FAULTS,
    LOSS_IDLE,
    LOSS_NETWORK,
    LOSS_POWER,
    LOSS_ROOFLINE,
    LOSS_THERMAL,
    PEAK,
    RADIATED,
    RADIATOR_MAX,
    SERVED,
    THROTTLED,
    UNSERVED,
    Craft,
    Fleet,
    Node,
    Sites,
    Surroundings,
)

BLOCK = 256
"""Satellites computed together [-]."""

DARK = 1e-12
"""Least share of a step in sunlight and in shadow, so that neither part has no length [-]."""


@scalar
def _up(start, dt, down_from, down_until):  # type: ignore[no-untyped-def]
    """Share of a step in which a site is not down [-]."""
    begin = down_from if down_from > start else start
    end = down_until if down_until < start + dt else start + dt
    gap = end - begin
    return 1.0 - (gap if gap > 0.0 else 0.0) / dt


@kernel
def _serve(site, start, dt, pace, fails, replicas, load, engines, slots, service):  # type: ignore[no-untyped-def]
    """Requests of one site through one step.

    Returns prefill and decode shares of the step [-], request work [FLOP], the part of all
    request work that a fault undid [FLOP], and requests finished [-].
    """
    prefill, decode, flop, wasted, served = 0.0, 0.0, 0.0, 0.0, 0
    for e in range(site * replicas, (site + 1) * replicas):
        if load[e] > 0:
            done = advance_engine(e, start, dt, pace, load, engines, slots, service)
            prefill += done[0]
            decode += done[1]
            flop += done[2]
            served += done[5]
            if fails:
                wasted += fail_engine(e, start + dt, load, engines, slots, service)[1]
    scale = 1.0 / (dt * replicas)
    return prefill * scale, decode * scale, flop, wasted, served


@kernel
def _count(site, replicas, sites, load, engines):  # type: ignore[no-untyped-def]
    """Requests that a site still has, and those of them that it is answering."""
    present, running = 0, 0
    for e in range(site * replicas, (site + 1) * replicas):
        present += load[e]
        running += engines[e].batch + engines[e].prompts
    sites.backlog[site] = present
    sites.running[site] = running


@kernel
def arrive(  # type: ignore[no-untyped-def]
    first, last, now, weights, replicas, backlog, load, engines, slots, service
):
    """Route requests first … last − 1 by the sites' weights and count them there.

    Returns the first request that found no site, `last` unless all weights are zero.
    """
    sums = np.cumsum(weights)
    routed = route(first, last, now, sums, replicas, load, engines, slots, Service(*service))
    for i in range(first, routed):
        if slots[i].status == WAITING:
            backlog[slots[i].engine // replicas] += 1.0
    return routed


@kernel
def advance_satellites(  # type: ignore[no-untyped-def]
    first,
    last,
    row,
    steps,
    start,
    dt,
    craft,
    node,
    around,
    fleet,
    sites,
    load,
    engines,
    slots,
    service,
    flows,
):
    """Blocks first … last − 1 of satellites through `steps` steps; fills rows of `flows`.

    The tables may be plain tuples: naming their fields here spares every call the search for
    the type of a named one.
    """
    craft, node, around = Craft(*craft), Node(*node), Surroundings(*around)
    fleet, sites, service = Fleet(*fleet), Sites(*sites), Service(*service)
    total = len(fleet.energy)
    quantities = flows.shape[1]
    sums = np.empty((quantities, BLOCK))
    lit = np.empty(BLOCK)
    sunlit = np.empty(BLOCK)
    generation = np.empty(BLOCK)
    absorbed = np.empty(BLOCK)
    frequency = np.empty(BLOCK)
    duty = np.empty(BLOCK)
    switched = np.empty(BLOCK)
    up = np.empty(BLOCK)
    activity = np.empty(BLOCK)
    prefill = np.empty(BLOCK)
    decode = np.empty(BLOCK)
    flop = np.empty(BLOCK)
    wasted = np.empty(BLOCK)
    crowded = np.empty(BLOCK, np.int64)
    for block in range(first, last):
        low = block * BLOCK
        n = min(BLOCK, total - low)
        sums[:, :] = 0.0
        energy = fleet.energy[low : low + n]
        capacity = fleet.capacity[low : low + n]
        discharged = fleet.discharged[low : low + n]
        die = fleet.die[low : low + n]
        loop = fleet.loop[low : low + n]
        radiator = fleet.radiator[low : low + n]
        speed = sites.speed[low : low + n]
        busy = sites.busy[low : low + n]
        utilisation = sites.utilisation[low : low + n]
        duty_of_job = sites.duty[low : low + n]
        link = sites.link[low : low + n]
        job_flop = sites.job_flop[low : low + n]
        down_from = sites.down_from[low : low + n]
        down_until = sites.down_until[low : low + n]
        array_view = around.array_view[low : low + n]
        radiator_view = around.radiator_view[low : low + n]
        spread = around.terminator_spread[low : low + n]
        crowd = 0
        for i in range(n):
            if sites.backlog[low + i] > 0.0:
                crowded[crowd] = i
                crowd += 1
        for k in range(steps):
            time = start + k * dt
            irradiance = around.irradiance[row + k]
            illumination = around.illumination[row + k, low : low + n]
            sun_cosine = around.sun_cosine[row + k, low : low + n]
            turned = (row + k) % len(around.array_cosine)
            array_cosine = around.array_cosine[turned, low : low + n]
            for i in range(n):
                sunlight = irradiance * array_cosine[i]
                panel = solar_array.temperature(
                    sunlight,
                    craft.array_absorptivity,
                    craft.efficiency * craft.packing,
                    craft.emissivity_front,
                    craft.emissivity_back,
                    EARTH_INFRARED * array_view[i],
                    craft.reference_temperature,
                    craft.temperature_coefficient,
                )
                lit[i] = solar_array.power(
                    sunlight,
                    craft.area,
                    craft.packing,
                    craft.efficiency,
                    panel,
                    craft.reference_temperature,
                    craft.temperature_coefficient,
                    craft.array_losses,
                )
                lit[i] = lit[i] if illumination[i] > 0.0 else 0.0
                share = illumination[i] if illumination[i] > DARK else DARK
                share = share if share < 1.0 - DARK else 1.0 - DARK
                sunlit[i] = share
                generation[i] = share * lit[i]
                absorbed[i] = thermal.absorbed(
                    irradiance,
                    illumination[i],
                    earthshine.daylight(sun_cosine[i], spread[i]),
                    craft.radiator_area,
                    craft.radiator_absorptivity,
                    craft.radiator_emissivity,
                    craft.sun_incidence,
                    radiator_view[i],
                    EARTH_ALBEDO,
                    EARTH_INFRARED,
                )
            for i in range(n):
                give = battery.deliverable(
                    energy[i],
                    craft.compute_floor * capacity[i],
                    dt,
                    craft.discharge_efficiency,
                    craft.discharge_limit,
                )
                grant = generation[i] + give - craft.bus_load - node.host_power
                offset, slope = thermal.die_response(
                    die[i],
                    loop[i],
                    radiator[i],
                    node.host_power + craft.bus_load,
                    absorbed[i],
                    dt,
                    craft.die_capacity,
                    craft.loop_capacity,
                    craft.radiator_capacity,
                    craft.die_conductance,
                    craft.loop_conductance,
                    craft.emission,
                    craft.sink,
                )
                power_f, power_d = accelerator.frequency_for_power(
                    grant / node.accelerators,
                    node.idle_power,
                    node.full_power,
                    node.exponent,
                    node.minimum_frequency,
                )
                heat_f, heat_d = accelerator.frequency_for_heat(
                    offset,
                    slope * node.accelerators,
                    craft.throttle_temperature,
                    craft.limit_temperature,
                    node.minimum_frequency,
                    1.0,
                    node.idle_power,
                    node.full_power,
                    node.exponent,
                )
                heat_d = heat_d if die[i] < craft.limit_temperature else 0.0
                powered = power_f * power_d
                frequency[i] = power_f if power_f < heat_f else heat_f
                duty[i] = power_d if power_d < heat_d else heat_d
                cooled = frequency[i] * duty[i]
                switched[i] = 1.0 if grant >= node.accelerators * node.idle_power else 0.0
                up[i] = _up(time, dt, down_from[i], down_until[i])
                speed[i] = cooled
                peak = node.peak * dt
                sums[PEAK, i] += peak
                sums[LOSS_POWER, i] += peak * (1.0 - powered)
                sums[LOSS_THERMAL, i] += peak * (powered - cooled)
                sums[LOSS_FAULTS, i] += peak * cooled * (1.0 - up[i])
                sums[THROTTLED, i] += dt if cooled < powered else 0.0
                sums[ILLUMINATION, i] += dt * illumination[i]
            for i in range(n):
                prefill[i] = 0.0
                decode[i] = 0.0
                flop[i] = 0.0
                wasted[i] = 0.0
            for place in range(crowd):
                i = crowded[place]
                prefill[i], decode[i], flop[i], wasted[i], served = _serve(
                    low + i,
                    time,
                    dt,
                    speed[i] * up[i],
                    time <= down_from[i] < time + dt,
                    node.replicas,
                    load,
                    engines,
                    slots,
                    service,
                )
                sums[SERVED, i] += served
            for i in range(n):
                pace = speed[i] * up[i]
                serving = prefill[i] + decode[i]
                wanted = 1.0 - serving
                wanted = wanted if wanted < duty_of_job[i] else duty_of_job[i]
                wanted = wanted if wanted > 0.0 and utilisation[i] * pace > 0.0 else 0.0
                working = wanted * link[i]
                available = node.peak * dt * pace
                done = available * working * utilisation[i]
                job_flop[i] += done
                activity[i] = up[i] * (
                    node.compute_activity * (prefill[i] + working)
                    + node.memory_activity * decode[i]
                )
                busy[i] = serving + working
                sums[LOSS_NETWORK, i] += available * (wanted - working)
                sums[LOSS_IDLE, i] += available * (1.0 - serving - wanted)
                sums[LOSS_ROOFLINE, i] += available * busy[i] - flop[i] - done
                sums[LOSS_FAULTS, i] += wasted[i]
                sums[INFERENCE, i] += flop[i] - wasted[i]
                sums[JOB, i] += done
                sums[BUSY, i] += dt * pace * busy[i]
                sums[JOB_BUSY, i] += dt * pace * working
                sums[AVAILABLE, i] += dt * pace
            for i in range(n):
                drawn = accelerator.power(
                    activity[i], frequency[i], node.idle_power, node.full_power, node.exponent
                )
                drawn = node.idle_power + duty[i] * (drawn - node.idle_power)
                die_heat = switched[i] * node.accelerators * drawn
                compute = die_heat + switched[i] * node.host_power
                load_power = craft.bus_load + compute
                share = sunlit[i]
                able = battery.deliverable(
                    energy[i],
                    craft.compute_floor * capacity[i],
                    (1.0 - share) * dt,
                    craft.discharge_efficiency,
                    craft.discharge_limit,
                )
                able = able - craft.bus_load
                able = able if able > 0.0 else 0.0
                in_dark = compute if compute < able else able
                surplus = lit[i] - craft.bus_load - (compute - (1.0 - share) * in_dark) / share
                in_dark += craft.bus_load
                stored, charge_lit, give_lit = battery.step(
                    energy[i],
                    surplus,
                    share * dt,
                    craft.floor * capacity[i],
                    capacity[i],
                    craft.charge_efficiency,
                    craft.discharge_efficiency,
                    craft.charge_limit,
                    craft.discharge_limit,
                )
                energy[i], _, give_dark = battery.step(
                    stored,
                    -in_dark,
                    (1.0 - share) * dt,
                    craft.floor * capacity[i],
                    capacity[i],
                    craft.charge_efficiency,
                    craft.discharge_efficiency,
                    craft.charge_limit,
                    craft.discharge_limit,
                )
                spare = surplus - charge_lit
                spare = share * (spare if spare > 0.0 else 0.0)
                missing = -surplus - give_lit
                missing = share * (missing if surplus < 0.0 and missing > 0.0 else 0.0)
                short = in_dark - give_dark
                missing += (1.0 - share) * (short if short > 0.0 else 0.0)
                missing = missing if missing > 2.0 * DARK * load_power else 0.0
                charging = share * charge_lit
                discharging = share * give_lit + (1.0 - share) * give_dark
                discharged[i] += discharging * dt / craft.discharge_efficiency
                lost = battery.losses(
                    charging, discharging, craft.charge_efficiency, craft.discharge_efficiency
                )
                used = load_power - missing
                loop_heat = used - die_heat + lost
                die[i], loop[i], radiator[i], emitted = thermal.step(
                    die[i],
                    loop[i],
                    radiator[i],
                    die_heat,
                    loop_heat,
                    absorbed[i],
                    dt,
                    craft.die_capacity,
                    craft.loop_capacity,
                    craft.radiator_capacity,
                    craft.die_conductance,
                    craft.loop_conductance,
                    craft.emission,
                    craft.sink,
                )
                activity[i] = missing
                sums[GENERATED, i] += generation[i] * dt
                sums[CURTAILED, i] += spare * dt
                sums[CONSUMED, i] += used * dt
                sums[UNSERVED, i] += missing * dt
                sums[BATTERY_LOSS, i] += lost * dt
                sums[HEAT_IN, i] += (die_heat + loop_heat + absorbed[i]) * dt
                sums[RADIATED, i] += emitted
                hottest = sums[DIE_MAX, i]
                sums[DIE_MAX, i] = die[i] if die[i] > hottest else hottest
                hottest = sums[RADIATOR_MAX, i]
                sums[RADIATOR_MAX, i] = radiator[i] if radiator[i] > hottest else hottest
        for place in range(crowd):
            _count(low + crowded[place], node.replicas, sites, load, engines)
        for i in range(n):
            sites.unserved[low + i] = activity[i]
        for quantity in range(quantities):
            added = 0.0
            highest = 0.0
            for i in range(n):
                added += sums[quantity, i]
                highest = max(highest, sums[quantity, i])
            flows[block, quantity] = highest if quantity >= DIE_MAX else added


@kernel
def advance_ground(  # type: ignore[no-untyped-def]
    first, steps, start, dt, node, sites, load, engines, slots, service, flows
):
    """Ground nodes (sites from `first` on) through `steps` steps: power and cooling are there."""
    node, sites, service = Node(*node), Sites(*sites), Service(*service)
    flows[:] = 0.0
    for site in range(first, len(sites.speed)):
        sites.speed[site] = 1.0
        crowded = sites.backlog[site] > 0.0
        for k in range(steps):
            time = start + k * dt
            up = _up(time, dt, sites.down_from[site], sites.down_until[site])
            prefill, decode, flop, wasted, served = 0.0, 0.0, 0.0, 0.0, 0
            if crowded:
                fails = time <= sites.down_from[site] < time + dt
                prefill, decode, flop, wasted, served = _serve(
                    site, time, dt, up, fails, node.replicas, load, engines, slots, service
                )
            peak = node.peak * dt
            available = peak * up
            serving = prefill + decode
            wanted = min(1.0 - serving, sites.duty[site])
            wanted = wanted if wanted > 0.0 and sites.utilisation[site] * up > 0.0 else 0.0
            working = wanted * sites.link[site]
            done = available * working * sites.utilisation[site]
            sites.job_flop[site] += done
            busy = serving + working
            sites.busy[site] = busy
            activity = up * (
                node.compute_activity * (prefill + working) + node.memory_activity * decode
            )
            power = node.host_power + node.accelerators * accelerator.power(
                activity, 1.0, node.idle_power, node.full_power, node.exponent
            )
            flows[CONSUMED] += power * dt
            flows[PEAK] += peak
            flows[LOSS_FAULTS] += peak - available + wasted
            flows[LOSS_NETWORK] += available * (wanted - working)
            flows[LOSS_IDLE] += available * (1.0 - serving - wanted)
            flows[LOSS_ROOFLINE] += available * busy - flop - done
            flows[INFERENCE] += flop - wasted
            flows[JOB] += done
            flows[SERVED] += served
            flows[BUSY] += dt * up * busy
            flows[JOB_BUSY] += dt * up * working
            flows[AVAILABLE] += dt * up
        if crowded:
            _count(site, node.replicas, sites, load, engines)
