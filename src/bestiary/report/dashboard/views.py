"""The pages as HTML: the report's parts within the dashboard's frame."""

from collections.abc import Mapping
from typing import Any, get_args

from bestiary.config import Language
from bestiary.report import charts
from bestiary.report.dashboard.desk import Desk
from bestiary.report.dashboard.static import static_address
from bestiary.report.figures import packed
from bestiary.report.html import context, environment
from bestiary.report.pages import PAGES
from bestiary.report.words import Words

LANGUAGES: tuple[Language, ...] = get_args(Language)


def page(summary: Mapping[str, Any], desk: Desk, **more: Any) -> str:
    """A page of the dashboard. `more` are values for its parts, in place of those of the summary."""
    words, told = Words(desk.language, summary["currency"]), PAGES.get(desk.page)
    keys = more.pop("charts", told.charts if told else ())
    drawn = charts.draw({**summary, **more.pop("summary", {})}, words, keys)
    shown = context(summary, words, drawn, desk.link, LANGUAGES, desk) | {"static_address": static_address}
    parts = more.pop("parts", told.parts if told else ())
    return (
        environment()
        .get_template("page.html.j2")
        .render(
            shown
            | {"parts": parts, "figures": packed({words.language: drawn})}
            | more
        )
    )


def bare(language: Language, template: str, **values: Any) -> str:
    """A page without a run: the door, an error."""
    return environment().get_template(template).render(w=Words(language, ""), languages=LANGUAGES, **values)
