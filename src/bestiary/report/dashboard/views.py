"""The pages as HTML: the report's parts within the dashboard's frame."""

from collections.abc import Mapping, Sequence
from typing import Any

from bestiary.config import LANGUAGES, Language
from bestiary.report import charts
from bestiary.report.dashboard.desk import Desk
from bestiary.report.dashboard.static import static_address
from bestiary.report.figures import packed
from bestiary.report.html import context, environment
from bestiary.report.pages import PAGES
from bestiary.report.words import Words


def page(
    summary: Mapping[str, Any],
    desk: Desk,
    *,
    parts: Sequence[str] | None = None,
    keys: Sequence[str] | None = None,
    **values: Any,
) -> str:
    """A page of the dashboard: its parts and the charts of these keys, by default those of `PAGES`.

    `values` are what a part needs beside the summary.
    """
    words, usual = Words(desk.language, summary["currency"]), PAGES.get(desk.page)
    drawn = charts.draw(summary, words, keys if keys is not None else usual.charts if usual else ())
    told = context(summary, words, drawn, desk.link, LANGUAGES, desk) | {
        "static_address": static_address,
        "parts": parts if parts is not None else usual.parts if usual else (),
        "figures": packed({words.language: drawn}),
    }
    return environment().get_template("page.html.j2").render(told | values)


def bare(language: Language, template: str, **values: Any) -> str:
    """A page without a run: the door, an error."""
    return environment().get_template(template).render(w=Words(language, ""), languages=LANGUAGES, **values)
