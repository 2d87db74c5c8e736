"""The report: the summary, its words and its charts, laid out by templates into one file that needs nothing else.

The dashboard lays the same parts out as pages (see `dashboard`).
"""

import base64
import functools
import hashlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from bestiary.config import LANGUAGES, Language
from bestiary.customers.features import features
from bestiary.files import write_text
from bestiary.report import charts
from bestiary.report.charts import Chart
from bestiary.report.comparison import METRICS
from bestiary.report.figures import packed
from bestiary.report.kept import read_summary
from bestiary.report.movements import movements
from bestiary.report.pages import PAGES, anchored
from bestiary.report.palette import looks
from bestiary.report.words import Words

TEMPLATES = Path(__file__).parent / "templates"
GAP_ROWS = 31
"""Gaps listed in the table, the latest ones; the rest is counted."""
Record = Mapping[str, Any]


def write_report(run: Path, language: Language, cadence: Record | None = None) -> Path:
    """Write `run/report.html` from the summary of a run folder and return its path.

    One file in both languages, which opens in `language`: no customer id, nothing loaded from outside, the same bytes
    for the same run. `cadence` is what the command of this name has found. Raises ModelError where the summary is
    missing or damaged.
    """
    path = run / "report.html"
    write_text(path, render(read_summary(run) | {"cadence": cadence}, language))
    return path


def write_shared(run: Path, language: Language, summary: Record) -> Path:
    """Write `run/shared.html`, which may leave the shop, from a summary that `sharing` has made; return its path."""
    path = run / "shared.html"
    write_text(path, render(summary, language))
    return path


def render(summary: Record, language: Language) -> str:
    """The report of a summary as HTML text, in every language, the one that is shown first before the others."""
    languages = sorted(LANGUAGES, key=lambda one: one != language)
    book = "shared.html.j2" if "sharing" in summary else "book.html.j2"
    books, drawn = [], dict[str, dict[str, Chart]]()
    for one in languages:
        words = Words(one, summary["currency"])
        drawn[one] = charts.draw(summary, words)
        shown = context(summary, words, drawn[one], anchored, languages)
        books.append((words, Markup(environment().get_template(book).render(shown))))  # noqa: S704 - escaped
    return (
        environment()
        .get_template("report.html.j2")
        .render(
            s=summary,
            title="sharing.title" if "sharing" in summary else "page.title",
            books=books,
            css=Markup(page_css()),  # noqa: S704 - the package's own file
            figures=packed(drawn),
            plotly=Markup(plotly_js()),  # noqa: S704 - cannot end its element
            script=Markup(page_js()),  # noqa: S704 - the package's own file
            policy=policy([plotly_js(), page_js()]),
        )
    )


def context(
    summary: Record,
    words: Words,
    drawn: Mapping[str, Chart],
    link: Callable[..., str],
    languages: Iterable[str],
    desk: object = None,
) -> dict[str, Any]:
    """What the parts of a page are made from. `link` gives the address of a page and of an anchor on it.

    `desk` is what only the dashboard has: looking customers up, downloads, examples; None in the report.
    """
    windows, early = tuple(summary["windows"]), summary["population"]["too_early"]
    looking = summary["visitors"]["segments"] if summary["visitors"] else []
    everyone, moved = [*summary["segments"], *looking], movements(summary["follow"])
    sharing = summary.get("sharing")
    return {
        "s": summary,
        "w": words,
        "charts": drawn,
        "link": link,
        "languages": list(languages),
        "desk": desk,
        "sharing": sharing,
        "held": lambda part: sharing is not None and part in sharing["parts"],
        "pages": {key: page for key, page in PAGES.items() if sharing is None or key != "quality"},
        "shown": everyone,
        "moved": moved,
        "kinds": moved["kinds"] if moved else {},
        "looks": looks(summary["segments"]) | looks(looking),
        "early": {
            "buyers": early.get("buyers", early.get("active_buyers", 0)),  # as the preset calls them
            "visitors": early.get("visitors", 0),
        },
        "auc": charts.auc_of(summary),
        "names": {segment["segment"]: words.name(segment["name"]) for segment in everyone},
        "first_visitors": min((segment["segment"] for segment in looking), default=0),
        "metrics": METRICS,
        "glossary": features((windows[0], windows[1], windows[2])),
        "value_name": charts.value_name,
        "gap_rows": GAP_ROWS,
    }


def policy(scripts: list[str]) -> str:
    """A Content-Security-Policy that runs these scripts only, and loads nothing from anywhere."""
    digests = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )


@functools.cache
def plotly_js() -> str:
    """Plotly's script."""
    from plotly.offline import get_plotlyjs

    script = str(get_plotlyjs()).replace("\r\n", "\n")
    # A page cannot hold a script that holds the end of a script.
    assert "</script" not in script.lower() and "<!--" not in script  # noqa: S101, PT018
    return script


def page_js() -> str:
    """The package's own script."""
    return (TEMPLATES / "page.js").read_text(encoding="utf-8")


def page_css() -> str:
    """The package's style sheet: type, colours and figures; then the frame around them."""
    return "\n".join((TEMPLATES / name).read_text(encoding="utf-8") for name in ("style.css", "frame.css"))


@functools.cache
def environment() -> Environment:
    """Where the templates are; everything that is put into them is escaped, and what is not there is an error."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
