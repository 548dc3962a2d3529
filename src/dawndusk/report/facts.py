"""Lists of facts, and two things side by side."""

from collections.abc import Sequence
from html import escape


def listed(rows: Sequence[tuple[str, str]], title: str = "") -> str:
    """Name and text a line; empty without rows."""
    body = "".join(f"<div><dt>{escape(k)}</dt><dd>{escape(v)}</dd></div>" for k, v in rows)
    head = f"<h3>{escape(title)}</h3>" if title else ""
    return f'{head}<dl class="facts wide">{body}</dl>' if rows else ""


def pair(left: str, right: str) -> str:
    """Both side by side where there is room; one alone takes all of it."""
    if left and right:
        return f'<div class="two apart"><div>{left}</div><div>{right}</div></div>'
    return f'<div class="apart">{left}{right}</div>' if left or right else ""
