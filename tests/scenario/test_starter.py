"""The starter loads as it is and says what holds."""

import re
from pathlib import Path

from dawndusk.scenario import starter_toml
from tests.scenario import loaded


def test_it_loads_as_it_is(tmp_path: Path) -> None:
    scenario = loaded(tmp_path, starter_toml("mine"))
    assert scenario.name == "mine"
    assert scenario.workload.jobs[0].name == "fine-tuning"


def test_it_still_loads_with_every_comment_opened(tmp_path: Path) -> None:
    """What stands behind "#" is what holds: opening it changes no value."""
    content = starter_toml()
    opened = re.sub(r"^# (\w+ = )", r"\1", content, flags=re.MULTILINE)
    opened = opened.replace('\ntrace = "auto"', "\n")
    assert opened.count("\n# ") < content.count("\n# ") - 20
    scenario, same = loaded(tmp_path, content), loaded(tmp_path, opened)
    for path, value in scenario.values.items():
        assert same.values[path].value == value.value, path


def test_it_is_short_and_commented() -> None:
    lines = starter_toml().splitlines()
    assert 60 <= len(lines) <= 110
    assert all(len(line) <= 120 for line in lines)
    assert sum("#" in line for line in lines) > 40
