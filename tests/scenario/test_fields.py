"""Kinds of field, built in Python and read at the border."""

from datetime import time
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import ValidationError

from dawndusk.scenario import fields as f
from dawndusk.scenario.errors import Fault
from dawndusk.scenario.fields import CatalogueName, Table, declared, faults, quantity_of, supplied

BORDER = {"border": True, "names": {"accelerator": ("h100", "tpu-v6e")}}


class Sample(Table):
    """A table to test with."""

    length: f.Length | None = declared("3 km", "of it")
    chip: Annotated[str, CatalogueName("accelerator")] = declared("h100", "of it")
    local_time: f.LocalTime = declared("18:00", "of it")
    size: f.Mass | None = declared(None, "of it")
    share: f.Fraction = supplied("of it")


def test_python_gives_si_and_the_border_units() -> None:
    assert Sample(length=12.0, share=0.5).length == 12.0
    assert Sample.model_validate({"length": "12 m", "share": "50 %"}, context=BORDER).share == 0.5
    with pytest.raises(ValidationError, match="bare number"):
        Sample.model_validate({"length": 12.0, "share": 0.5}, context=BORDER)


def test_defaults_are_quantities_too() -> None:
    assert Sample(share=1.0).length == 3000.0


def test_auto_is_only_for_open_values() -> None:
    assert Sample.model_validate({"size": "auto", "share": 1}, context=BORDER).size is None
    with pytest.raises(ValidationError, match="not a quantity"):
        Sample.model_validate({"share": "auto"}, context=BORDER)


def test_names_are_checked_where_they_are_known() -> None:
    assert Sample(chip="anything", share=1.0).chip == "anything"
    with pytest.raises(ValidationError, match="no such accelerator"):
        Sample.model_validate({"chip": "anything", "share": 1}, context=BORDER)


def test_times_of_newer_toml_are_read() -> None:
    assert Sample(local_time=time(6, 30), share=1.0).local_time == "06:30"  # type: ignore[arg-type]
    for wrong in ("24:00", "6:00", "18:60", 18):
        with pytest.raises(ValidationError, match="HH:MM"):
            Sample.model_validate({"local_time": wrong, "share": 1})


def test_units_are_found_in_optional_fields() -> None:
    units = {key: quantity_of(field) for key, field in Sample.model_fields.items()}
    assert units["length"] is not None
    assert units["length"].si == "m"
    assert units["chip"] is None


def test_tables_are_frozen_and_closed() -> None:
    sample = Sample(share=1.0)
    with pytest.raises(ValidationError, match="frozen"):
        sample.share = 0.5  # type: ignore[misc]
    with pytest.raises(ValidationError, match="extra"):
        Sample(share=1.0, other=2)  # type: ignore[call-arg]


def test_files_must_exist(tmp_path: Path) -> None:
    class Holder(Table):
        """Holds a file."""

        path: f.File = supplied("of it")

    with pytest.raises(ValidationError, match="no such file"):
        Holder(path=tmp_path / "none")
    with pytest.raises(ValidationError, match="this is a folder"):
        Holder(path=tmp_path)
    (tmp_path / "one").write_text("")
    assert Holder(path=tmp_path / "one").path.name == "one"


def test_several_faults_travel_in_one_error() -> None:
    error = faults([Fault("a", "1", "allowed: 2"), Fault("b", "1", "allowed: 2")])
    assert error.context is not None
    assert [fault.path for fault in error.context["faults"]] == ["a", "b"]
