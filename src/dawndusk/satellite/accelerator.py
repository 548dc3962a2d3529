"""Accelerator: power by activity and frequency, and the frequency that power or heat allows."""

from dawndusk.compiled import scalar


@scalar
def power(activity: float, frequency: float, idle: float, tdp: float, exponent: float) -> float:
    """Power drawn by one accelerator at a clock frequency.

    P = idle + (tdp − idle) · activity · f · V(f)² with the supply voltage a straight line in
    the frequency, V(f) = v₀ + (1 − v₀) f, whose v₀ = (3 − exponent) / 2 makes `exponent` the
    slope d ln P_dynamic / d ln f at full frequency: 1 is constant voltage, 3 is voltage
    proportional to frequency.

    Args:
        activity: dynamic power relative to the most power-hungry work [-]
        frequency: clock frequency relative to the highest sustained one [-]
        idle: power when idle but clocked [W]
        tdp: power at full activity and frequency [W]
        exponent: slope of dynamic power with frequency at full frequency, 1 to 3 [-]
    Returns:
        power [W]
    Neglects:
        the voltage floor below about half frequency (draws up to 10 % of TDP more there);
        leakage growing with temperature (about 1 % in 10 K); a memory clock of its own
    Source:
        dynamic power C V² f: Weste & Harris, CMOS VLSI Design, 4th ed., eq. 5.11; exponent 2.1
        from one die at two ratings, B200 at 1,000 W and 2,250 TF/s against 1,200 W and 2,500
        TF/s (dense BF16; range 1.9–2.4 with the idle power). Memory-bound work: H200 decode
        draws 137–300 W of 700 W (Ma et al. 2026, arXiv 2605.11999)
    """
    floor = 0.5 * (3.0 - exponent)
    voltage = floor + (1.0 - floor) * frequency
    return idle + (tdp - idle) * activity * frequency * voltage * voltage


@scalar
def _cubic_root(gain: float, floor: float, extra: float, target: float) -> float:
    """Root f in (0, 1] of f·(gain·(floor + (1 − floor)·f)² + extra) = target, by Halley steps.

    All coefficients are positive, so the left side rises and bends upwards; the target must
    lie between 0 and the value at f = 1.
    """
    slope = 1.0 - floor
    f = (target / (gain + extra)) ** 0.5
    for _ in range(4):
        voltage = floor + slope * f
        lever = 2.0 * slope * f
        excess = f * (gain * voltage * voltage + extra) - target
        rise = gain * voltage * (voltage + lever) + extra
        bend = gain * slope * (4.0 * voltage + lever)
        f -= 2.0 * excess * rise / (2.0 * rise * rise - excess * bend)
    return f


@scalar
def frequency_for_power(
    power: float, idle: float, tdp: float, exponent: float, minimum: float
) -> tuple[float, float]:
    """Frequency and duty cycle at which one accelerator fits a power grant.

    The inverse of `power` at full activity; for other work pass its own full power,
    `power(activity, 1, …)`, as `tdp`. Below the power of the minimum frequency the clock stays
    there and work is paused for part of the time; the average speed is frequency × duty and
    the average power idle + duty · (power(frequency) − idle).

    Args:
        power: power granted to the accelerator [W]
        idle: power when idle but clocked [W]
        tdp: power at full frequency [W]
        exponent: slope of dynamic power with frequency at full frequency, 1 to 3 [-]
        minimum: lowest frequency, relative to the highest, above 0 [-]
    Returns:
        frequency, duty cycle: 0 when the grant does not exceed the idle power [-]
    Neglects:
        power gating: a grant below idle needs the accelerator switched off (reboot: minutes)
    Source:
        Halley's method on the cubic of `power`, four steps: within 1e-9 from minimum 0.1 up
    """
    floor = 0.5 * (3.0 - exponent)
    voltage = floor + (1.0 - floor) * minimum
    least = minimum * voltage * voltage
    share = (power - idle) / (tdp - idle)
    duty = share / least if share < least else 1.0
    duty = duty if duty > 0.0 else 0.0
    share = share if share < 1.0 else 1.0
    share = share if share > least else least
    return _cubic_root(1.0, floor, 0.0, share), duty


@scalar
def throttle(die: float, start: float, limit: float, minimum: float) -> float:
    """Highest frequency allowed at a die temperature.

    Args:
        die: die temperature [K]
        start: temperature at which throttling starts [K]
        limit: temperature above which the accelerator stops [K]
        minimum: frequency at the limit, relative to the highest [-]
    Returns:
        frequency: 1 up to the start, falling in a line to the minimum at the limit, 0 above [-]
    Neglects:
        hysteresis and the steps of real clocks (15 MHz in 1,980); hot spots on the die
    Source:
        linear fold-back between slowdown and shutdown temperatures, as vendors describe their
        software thermal slowdown (NVIDIA, NVML reference: clocks event reasons)
    """
    allowed = 1.0 - (1.0 - minimum) * (die - start) / (limit - start)
    allowed = allowed if die > start else 1.0
    return allowed if die <= limit else 0.0


@scalar
def frequency_for_heat(
    offset: float,
    slope: float,
    start: float,
    limit: float,
    minimum: float,
    activity: float,
    idle: float,
    tdp: float,
    exponent: float,
) -> tuple[float, float]:
    """Frequency and duty cycle that satisfy the throttle curve at the end of the coming step.

    `throttle` applied to the last temperature hunts between full speed and standstill once a
    step is longer than the die's time constant. This solves throttle(T) = f together with the
    predicted T = offset + slope · power(f), so its result does not depend on the step.

    Args:
        offset: die temperature at the end of the step without any die heat [K]
        slope: its rise per watt of one accelerator (× count, if all dies are one node) [K/W]
        start: temperature at which throttling starts [K]
        limit: temperature above which the accelerator stops [K]
        minimum: frequency at the limit, relative to the highest [-]
        activity: dynamic power relative to the most power-hungry work [-]
        idle: power when idle but clocked [W]
        tdp: power at full activity and frequency [W]
        exponent: slope of dynamic power with frequency at full frequency, 1 to 3 [-]
    Returns:
        frequency, duty cycle: below 1 when the minimum frequency is still too hot [-]
    Neglects:
        what `throttle` and the prediction neglect
    Source:
        the cubic of `power` with the line of `throttle`, solved as in `frequency_for_power`
    """
    floor = 0.5 * (3.0 - exponent)
    voltage = floor + (1.0 - floor) * minimum
    gain = slope * (tdp - idle) * activity
    least = gain * minimum * voltage * voltage
    fold = (limit - start) / (1.0 - minimum)
    idle_temperature = offset + slope * idle
    spare = limit - idle_temperature
    duty = spare / least if spare < least else 1.0
    duty = duty if duty > 0.0 else 0.0
    target = start + fold - idle_temperature
    most = gain + fold
    least = least + fold * minimum
    target = target if target < most else most
    target = target if target > least else least
    return _cubic_root(gain, floor, fold, target), duty
