"""Two-line elements for tests, written from the format's definition."""

import math
from datetime import UTC, datetime


def tle(
    satellites: int, epoch: datetime = datetime(2026, 5, 30, 12, tzinfo=UTC), named: bool = True
) -> str:
    """A catalogue of 53° orbits at 550 km, nodes and anomalies spread."""
    day = (epoch - datetime(epoch.year, 1, 1, tzinfo=UTC)).total_seconds() / 86_400.0 + 1.0
    when = f"{epoch.year % 100:02d}{day:012.8f}"
    rows = []
    for k in range(satellites):
        number = 44_000 + k
        node = 360.0 * k / satellites
        anomaly = 360.0 * math.modf(k * (math.sqrt(5.0) - 1.0) / 2.0)[0]
        first = f"1 {number:05d}U 19029A   {when}  .00000000  00000-0  00000-0 0  999"
        second = f"2 {number:05d}  53.0000 {node:8.4f} 0001000  90.0000 {anomaly:8.4f} 15.06000000"
        second += "    1"
        if named:
            rows.append(f"TEST-{number}")
        rows += [line + str(checksum(line)) for line in (first, second)]
    return "\n".join(rows) + "\n"


def checksum(line: str) -> int:
    """Digits of a line added up, a minus sign as 1, modulo 10."""
    return sum(int(sign) if sign.isdigit() else sign == "-" for sign in line[:68]) % 10
