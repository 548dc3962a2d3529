"""The resolved scenario, one row a value."""

from dawndusk.report.assumptions import assumptions, short

TEXT = """
name = "x"
[satellite.array]
area = { value = "60 m^2", source = "sheet", date = "2026", confidence = "assumed", low = 50, high = 70 }
tracking = "two_axis"
[[workload.jobs]]
name = "train"
nodes = 4
"""  # noqa: E501


def test_every_leaf_is_one_row_in_order() -> None:
    rows = assumptions(TEXT)
    assert [row.path for row in rows] == [
        "satellite.array.area",
        "satellite.array.tracking",
        "workload.jobs.0.name",
        "workload.jobs.0.nodes",
    ]
    area = rows[0]
    assert (area.value, area.source, area.low, area.high) == ("60 m^2", "sheet", "50", "70")
    assert area.weak
    assert not rows[1].weak


def test_empty_scenario() -> None:
    assert assumptions("") == ()


def test_what_the_run_filled_in_stands_in_for_what_was_left_open() -> None:
    text = TEXT + '[economics]\nlaunch_price = { value = "auto", origin = "default" }\n'
    filled = [
        {"path": "satellite.array.area", "value": 1.0, "unit": "m²"},
        {"path": "economics.launch_price", "value": 200.0, "unit": "USD/kg", "origin": "catalogue"},
        {"path": "economics.insurance_fraction", "value": 0.05, "unit": "-", "low": None},
    ]
    rows = assumptions(text, filled)
    assert rows[0].value == "60 m^2"
    assert [(row.path, row.value, row.origin) for row in rows[4:]] == [
        ("economics.launch_price", "200 USD/kg", "catalogue"),
        ("economics.insurance_fraction", "0.05", ""),
    ]


def test_long_numbers_are_cut() -> None:
    assert short("22.84086655924571 kWh") == "22.8409 kWh"
    (row,) = assumptions(
        'x = { value = 0.123456789, source = "arXiv 2511.19468", high = "1.0000001 m" }'
    )
    assert (row.value, row.source, row.high) == ("0.123457", "arXiv 2511.19468", "1 m")
    assert short("-0.35 %/K") == "-0.35 %/K"
    assert short("a1.234567b 10.123456.7") == "a1.234567b 10.123456.7"
