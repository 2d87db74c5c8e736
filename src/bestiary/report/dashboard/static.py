"""The scripts and the style sheet, each at an address that changes with its content."""

import functools
import hashlib
from collections.abc import Callable, Mapping

from bestiary.report.html import TEMPLATES, page_css, page_js, plotly_js

STATIC: Mapping[str, tuple[Callable[[], str], str]] = {
    "plotly.js": (plotly_js, "text/javascript"),
    "page.js": (page_js, "text/javascript"),
    "wait.js": (lambda: (TEMPLATES / "wait.js").read_text(encoding="utf-8"), "text/javascript"),
    "style.css": (page_css, "text/css"),
}
"""What gives each, and its media type."""


def static_address(name: str) -> str:
    """Where a script or the style sheet is; a browser may keep it for ever."""
    return f"/static/{name}?{_digest(name)}"


@functools.cache
def _digest(name: str) -> str:
    return hashlib.sha256(STATIC[name][0]().encode()).hexdigest()[:12]
