"""Lists of facts and pairs of columns."""

from dawndusk.report.facts import listed, pair


def test_rows_are_escaped_and_titled() -> None:
    text = listed([("a<b", "1 & 2")], "Title")
    assert "<dt>a&lt;b</dt><dd>1 &amp; 2</dd>" in text
    assert text.startswith("<h3>Title</h3>")
    assert listed([], "Title") == ""


def test_one_alone_takes_all_the_width() -> None:
    assert 'class="two apart"' in pair("a", "b")
    assert pair("a", "") == pair("", "a") == '<div class="apart">a</div>'
    assert pair("", "") == ""
