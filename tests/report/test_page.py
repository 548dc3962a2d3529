"""The report as a whole: offline, small, escaped, complete or partial."""

import json
import re
from pathlib import Path

import pytest

import dawndusk.report
from tests.report import life_fixture
from tests.report.folder_fixture import write
from tests.report.life_fixture import upkeep
from tests.report.network_fixture import add

REQUEST = re.compile(
    r"""(?:\b(?:src|href|action|poster|srcset)\s*=\s*["']?\s*(?!#|data:)[\w/.]"""
    r"""|url\(\s*["']?(?!data:|\#)|@import|\bfetch\(|XMLHttpRequest|sendBeacon|\bimport\()""",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def page(full: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    out = tmp_path_factory.mktemp("page") / "report.html"
    return dawndusk.report.html(full, out).read_text(encoding="utf8")


def test_asks_the_network_for_nothing(page: str) -> None:
    assert REQUEST.findall(page) == []
    assert "default-src 'none'" in page
    assert REQUEST.search('<img src="https://example.org/x.png">')
    assert REQUEST.search("background:url(//example.org/x)")


def test_warnings_come_before_any_figure(page: str) -> None:
    order = [page.index(f'id="{name}"') for name in ("warnings", "summary", "compute", "time")]
    assert order == sorted(order)


def test_sections_and_payload(page: str) -> None:
    for title in ("Availability", "Roofline", "Balances", "Assumptions", "dawndusk run shell"):
        assert title in page
    payload = json.loads(re.search(r'id="payload">(.*?)</script>', page, re.DOTALL)[1])  # type: ignore[index]
    assert payload["start"] == 1805500800.0
    assert len(payload["charts"]) == 9
    assert len(payload["maps"]["names"]) == 12
    assert payload["network"]["total"] > 30
    assert [chart["axis"] for chart in payload["fleet"]] == ["year"] * 4 + ["age"] * 2
    assert payload["dose"]["upsets"]["total"] == 400
    for name in ("network", "where", "radiation", "fleet"):
        assert f'<section id="{name}">' in page
        assert f'href="#{name}"' in page


def test_a_run_without_a_network_has_no_such_section(starved: Path, tmp_path: Path) -> None:
    text = dawndusk.report.html(starved, tmp_path / "r.html").read_text(encoding="utf8")
    assert 'id="network"' not in text
    assert 'href="#where"' not in text
    assert 'id="netglobe"' not in text


def test_a_run_of_one_day_alone_has_no_years(starved: Path, tmp_path: Path) -> None:
    text = dawndusk.report.html(starved, tmp_path / "r.html").read_text(encoding="utf8")
    for name in ("radiation", "fleet"):
        assert f'id="{name}"' not in text
        assert f'href="#{name}"' not in text
    assert 'id="dosemap"' not in text


def test_upkeep_without_years_has_a_title_of_its_own(tmp_path: Path) -> None:
    folder = write(tmp_path / "kept", satellites=2, hours=1)
    path = folder / "summary.json"
    summary = json.loads(path.read_text(encoding="utf8"))
    path.write_text(json.dumps(summary | {"upkeep": upkeep()}), encoding="utf8")
    text = dawndusk.report.html(folder).read_text(encoding="utf8")
    assert "Keeping the orbit" in text
    assert "The fleet over the years" not in text


def test_a_million_satellites_over_thirty_years_stay_below_two_megabytes(tmp_path: Path) -> None:
    folder = write(tmp_path / "million", satellites=300, hours=48, requests=False)
    life_fixture.add(folder, months=360, upsets=200_000)
    assert dawndusk.report.html(folder).stat().st_size < 2_000_000


def test_a_large_run_stays_below_a_megabyte(tmp_path: Path) -> None:
    folder = write(tmp_path / "large", satellites=300, hours=200, requests=False)
    assert dawndusk.report.html(folder).stat().st_size < 1_000_000


def test_a_shell_of_1584_with_its_links_stays_below_a_megabyte(tmp_path: Path) -> None:
    folder = add(write(tmp_path / "links", satellites=1584, hours=2, requests=False))
    assert dawndusk.report.html(folder).stat().st_size < 1_000_000


def test_names_of_the_network_cannot_inject(tmp_path: Path) -> None:
    evil = "</script><img src=x onerror=alert(2)>"
    folder = add(write(tmp_path / "evil", satellites=4, hours=1), city=evil)
    text = dawndusk.report.html(folder).read_text(encoding="utf8")
    assert "&lt;img src=x" in text
    assert "<img" not in text


def test_names_cannot_inject(tmp_path: Path) -> None:
    evil = '</script><script>alert(1)</script><img src=x onerror=alert(2)> & "quoted"'
    folder = write(tmp_path / "evil", name=evil, satellites=4, hours=1, warnings=(evil,))
    text = dawndusk.report.html(folder).read_text(encoding="utf8")
    assert "<script>alert" not in text
    assert "<img" not in text
    assert "&lt;/script&gt;&lt;script&gt;alert(1)" in text
    both = dawndusk.report.compare.html([folder, folder], tmp_path / "c.html")
    assert "<script>alert" not in both.read_text(encoding="utf8")
    assert "<img" not in both.read_text(encoding="utf8")


def test_a_partial_folder_renders(bare: Path, tmp_path: Path) -> None:
    text = dawndusk.report.html(bare, tmp_path / "r.html").read_text(encoding="utf8")
    for said in ("not complete", "No time series", "No positions", "No single requests"):
        assert said in text


def test_a_bare_summary_renders(tmp_path: Path) -> None:
    (tmp_path / "summary.json").write_text("{}")
    text = dawndusk.report.html(tmp_path).read_text(encoding="utf8")
    assert "run.json is missing" in text
