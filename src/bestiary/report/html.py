"""The page: the summary, its words and its charts, laid out by templates into one file that needs nothing else."""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from bestiary.config import Settings
from bestiary.customers.features import features
from bestiary.files import write_text
from bestiary.report.cards import medians, reasons
from bestiary.report.charts import GAP_COLOURS, auc_of, draw, value_name
from bestiary.report.comparison import METRICS
from bestiary.report.palette import looks
from bestiary.report.summary import summarise
from bestiary.report.words import Words

TEMPLATES = Path(__file__).parent / "templates"
GAP_ROWS = 31
"""Gaps listed in the table, the latest ones; the rest is counted."""


STAGES = 2


def write_report(
    run: Path, settings: Settings, *, currency: str, time_zone: str, tell: Callable[[], object] = lambda: None
) -> Path:
    """Write `run/report.html` from the artefacts of a run folder and return its path.

    One file in the language of the settings: no customer id, nothing loaded from outside, the same bytes for the same
    run. `tell` is called after each of the STAGES. Raises ModelError where an artefact is missing or damaged.
    """
    summary = summarise(run, settings, currency=currency, time_zone=time_zone)
    tell()
    path = run / "report.html"
    write_text(path, render(summary, Words(settings.language or "en", currency)))
    tell()
    return path


def render(summary: Mapping[str, Any], words: Words) -> str:
    """The page of a summary as HTML text."""
    drawn = draw(summary, words)
    scripts = [_plotly_js(), (TEMPLATES / "page.js").read_text(encoding="utf-8")]
    windows = tuple(summary["windows"])
    looking = summary["visitors"]["segments"] if summary["visitors"] else []
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            s=summary,
            w=words,
            charts=drawn,
            looks=looks(summary["segments"]) | looks(looking),
            auc=auc_of(summary),
            names={segment["segment"]: words.name(segment["name"]) for segment in [*summary["segments"], *looking]},
            medians=medians,
            reasons=reasons,
            metrics=METRICS,
            glossary=features((windows[0], windows[1], windows[2])),
            value_name=value_name,
            gap_rows=GAP_ROWS,
            gap_colours=GAP_COLOURS,
            css=Markup((TEMPLATES / "style.css").read_text(encoding="utf-8")),  # noqa: S704 - the package's own file
            figures=as_script_json({key: chart.figure for key, chart in drawn.items()}),
            scripts=[Markup(script) for script in scripts],  # noqa: S704 - Plotly and the package's own file
            policy=policy(scripts),
        )
    )


def as_script_json(value: object) -> Markup:
    """JSON that can stand in a `<script>` element: no character of it can end the element or begin a comment."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 - made safe above


def policy(scripts: list[str]) -> str:
    """A Content-Security-Policy that runs these scripts only, and loads nothing from anywhere."""
    digests = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )


def _plotly_js() -> str:
    from plotly.offline import get_plotlyjs

    script = str(get_plotlyjs()).replace("\r\n", "\n")
    # A page cannot hold a script that holds the end of a script.
    assert "</script" not in script.lower() and "<!--" not in script  # noqa: S101, PT018
    return script


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
