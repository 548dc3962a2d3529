"""Waterfall and cost bars."""

import json
import re
from pathlib import Path

import pytest

from dawndusk.report.figures import paired_bars, readable, waterfall, waterfall_steps


def test_waterfall_hangs_each_loss_below_the_one_before(full: Path) -> None:
    summary = json.loads((full / "summary.json").read_text())
    steps = waterfall_steps(summary)
    assert [step.name for step in steps] == [
        "Peak",
        "Power",
        "Heat",
        "Network",
        "Faults",
        "Idle",
        "Roofline",
        "Delivered",
    ]
    level = 1.0
    for step in steps[1:-1]:
        assert step.start + step.share == pytest.approx(level, abs=1e-12)
        level = step.start
    assert steps[-1].share == pytest.approx(level, abs=1e-12)


def test_waterfall_without_a_balance_says_so() -> None:
    assert "No compute balance" in waterfall({}, "orbit", "In orbit")


def test_nothing_delivered_still_draws() -> None:
    losses = {"power": 1.0, "thermal": 0.0, "network": 0.0, "faults": 0.0, "idle": 0.0}
    summary = {"compute": {"delivered_FLOP": 0.0, "delivered_fraction": 0.0, "losses": losses}}
    assert "−100.0" in waterfall(summary, "orbit", "In orbit")


def test_bars_share_one_scale_and_skip_what_is_absent() -> None:
    html = paired_bars(
        [("orbit", {"launch_usd": 4e6, "chips_usd": 1e6}), ("ground", {"chips_usd": 2e6})],
        ("orbit", "ground"),
    )
    widths = [float(width) for width in re.findall(r"width:([\d.]+)%", html)]
    assert widths == [100.0, 25.0, 50.0]
    assert html.index("launch") < html.index("chips")
    assert "_usd" not in html


def test_no_costs() -> None:
    assert "No costs" in paired_bars([("orbit", {}), ("ground", {})], ("orbit", "ground"))


def test_readable() -> None:
    assert readable("satellite_replacement_usd") == "satellite replacement"


def test_names_are_escaped() -> None:
    assert "<b>" not in waterfall({}, "orbit", "<b>")
    assert "<b>" not in paired_bars([("<b>", {"<b>": 1.0})], ("orbit",))
