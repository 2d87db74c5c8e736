"""What is held of a person as a page that they can read: one file that needs nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bestiary.config import Language, read_toml
from bestiary.customers.features import features
from bestiary.lake.tables import VISITS
from bestiary.windows import Windows

HERE = Path(__file__).parent
APART = ("user_id", "session_key", "bought", "month", "bucket")
"""Columns of visits that are shown otherwise, or are parts of a folder's name."""
MONEY = re.compile(r"-?[0-9]+\.[0-9]{6}")
"""As the lake's exact decimals are written."""
TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.+]+")


def page(found: Mapping[str, Any], language: Language, windows: Windows = (2, 5, 7)) -> str:
    """The page of what `rights.export` found, in a language; every text of the data is escaped.

    `windows` are those of the columns that are explained.
    """
    words: dict[str, Any] = read_toml(HERE / "locales" / f"{language}.toml")
    meaning = {one.name: f"{one.formula} ({one.unit})" for one in features(windows)}
    return (
        _environment()
        .get_template("person.html.j2")
        .render(
            found=found,
            w=words,
            language=language,
            meaning=meaning,
            shown=partial(shown, names=words["values"]),
            visits=[*(name for name in VISITS if name not in APART), "session_key"],
        )
    )


def shown(value: Any, names: Mapping[str, str]) -> str:
    """A value as a cell: a dash for what is unknown, a list as its entries, times and money without idle digits."""
    if value is None:
        return "–"
    if isinstance(value, list | tuple):
        return "; ".join(shown(one, names) for one in value) or "–"
    if isinstance(value, dict):
        return ", ".join(f"{name} {shown(one, names)}" for name, one in value.items() if one is not None)
    if isinstance(value, float):
        return f"{value:.6g}" if abs(value) < 1000 else f"{value:.2f}"
    text = names.get(str(value), str(value))
    if MONEY.fullmatch(text):
        return text.rstrip("0").rstrip(".")
    return text.replace("T", " ") if TIME.fullmatch(text) else text


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(HERE), undefined=StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
