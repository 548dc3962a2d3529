"""How long requests waited: the distribution of first-token and full latency."""

import math

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dawndusk.report import numbers
from dawndusk.report.folder import REQUEST_COLUMNS

WIDTH, HEIGHT, LEFT, RIGHT, BOTTOM = 560, 230, 44, 24, 34


def latency_figure(requests: pa.Table | None) -> str:
    """Cumulative share of the served requests against seconds, logarithmic; SVG in HTML."""
    curves = _curves(requests)
    if not curves:
        return (
            '<p class="none">No single requests were recorded (record.requests), so there is no '
            "distribution to draw; their percentiles stand in the summary.</p>"
        )
    low = min(float(values[0]) for _, _, values in curves)
    high = max(float(values[-1]) for _, _, values in curves)
    first = math.floor(math.log10(max(low, 1e-3)))
    last = max(first + 1, math.ceil(math.log10(max(high, 1e-2))))

    def x(value: float) -> float:
        share = (math.log10(max(value, 10.0**first)) - first) / (last - first)
        return LEFT + min(share, 1.0) * (WIDTH - LEFT - RIGHT)

    def y(share: float) -> float:
        return 12 + (1 - share) * (HEIGHT - 12 - BOTTOM)

    grid = "".join(
        f'<line x1="{x(10.0**k):.1f}" x2="{x(10.0**k):.1f}" y1="12" y2="{y(0):.1f}"/>'
        for k in range(first, last + 1)
    ) + "".join(
        f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(s):.1f}" y2="{y(s):.1f}"/>'
        for s in (0, 0.25, 0.5, 0.75, 1)
    )
    labels = "".join(
        f'<text x="{x(10.0**k):.1f}" y="{HEIGHT - 14}" text-anchor="middle">'
        f"{numbers.si(10.0**k, 's', 1)}</text>"
        for k in range(first, last + 1)
    ) + "".join(
        f'<text x="{LEFT - 6}" y="{y(s) + 4:.1f}" text-anchor="end">{100 * s:.0f}'
        f"{numbers.SPACE}%</text>"
        for s in (0, 0.5, 1)
    )
    lines = []
    for _, role, values in curves:
        shares = np.linspace(0, 1, values.size)
        points = " ".join(
            f"{x(float(v)):.1f},{y(float(s)):.1f}" for v, s in zip(values, shares, strict=True)
        )
        lines.append(f'<polyline class="{role}" points="{points}"/>')
    keys = "".join(
        f'<span class="key"><i class="dot {role}"></i>{name}: median '
        f"{numbers.duration(float(np.median(values)))}, 99{numbers.SPACE}% "
        f"{numbers.duration(float(values[int(0.99 * (values.size - 1))]))}</span>"
        for name, role, values in curves
    )
    return (
        '<figure class="latency"><figcaption>Share of served requests answered within a time'
        f'</figcaption><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        'aria-label="Cumulative distribution of response times">'
        f'<g class="grid">{grid}</g><g class="labels">{labels}</g>{"".join(lines)}</svg>'
        f'<div class="keys">{keys}</div></figure>'
    )


def _curves(requests: pa.Table | None) -> list[tuple[str, str, np.ndarray]]:
    """Name, colour role and 201 quantiles of each latency."""
    if requests is None or not set(REQUEST_COLUMNS) <= set(requests.column_names):
        return []
    served = requests.filter(pc.equal(requests["status"].cast(pa.string()), "served"))
    arrival = served["arrival_s"].to_numpy()
    found = []
    for name, role, column in (
        ("first token", "orbit", "first_token_s"),
        ("whole answer", "cool", "finish_s"),
    ):
        waited = served[column].to_numpy() - arrival
        waited = waited[np.isfinite(waited)]
        if waited.size:
            found.append((name, role, np.quantile(waited, np.linspace(0, 1, 201))))
    return found
