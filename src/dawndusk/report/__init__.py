"""Turns a results folder into tables and one offline HTML page."""

from pathlib import Path

from dawndusk.report import compare
from dawndusk.report.tables import placement_table, policies_table, summary_table

__all__ = ["compare", "html", "placement_table", "policies_table", "summary_table"]


def html(results_folder: str | Path, out: str | Path | None = None) -> Path:
    """Write the report of one run.

    Args:
        results_folder: the folder that a run wrote [object]
        out: where to write; `report.html` in the folder by default [object]
    Returns:
        path of the written file [object]
    Raises:
        ValueError: when the folder does not exist or has no summary.json
    """
    from dawndusk.report import page

    return page.html(results_folder, out)
