"""Which parts make which page: the report has all of them one below the other, the dashboard a page each."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Page:
    """A page's name, its parts (templates) and the charts on them, by the first word of their keys.

    `first` is the id of its first section, by which the report links to it.
    """

    key: str
    first: str
    parts: tuple[str, ...]
    charts: tuple[str, ...]


PAGES = {
    page.key: page
    for page in (
        Page("overview", "animals", ("header", "cards"), ("shares",)),
        Page("segments", "segments", ("segments",), ("profile", "hours", "flows")),
        Page("map", "space", ("space", "components"), ("space", "scree", "loadings", "biplot")),
        Page(
            "choice",
            "choice",
            ("choice", "candidates", "early", "expected", "cadence"),
            ("silhouette", "reliability", "calibration", "cadence"),
        ),
        Page("why", "tree", ("tree",), ("tree", "confusion", "roc")),
        Page("quality", "quality", ("quality",), ("days",)),
        Page("movement", "movements", ("movements",), ("movements",)),
        Page("glossary", "columns", ("columns", "glossary"), ("column",)),
    )
}


def anchored(page: str, anchor: str = "") -> str:
    """Where a page is in the report: the id of the anchor, or of the page's first section."""
    return f"#{anchor or PAGES[page].first}"
