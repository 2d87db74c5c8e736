"""What is held of a person as a page that they can read: one file that needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bestiary.config import Language, read_toml
from bestiary.customers.features import features
from bestiary.windows import Windows

HERE = Path(__file__).parent


def page(found: Mapping[str, Any], language: Language, windows: Windows = (2, 5, 7)) -> str:
    """The page of what `rights.export` found, in a language; every text of the data is escaped.

    `windows` are those of the columns that are explained.
    """
    words: dict[str, Any] = read_toml(HERE / "locales" / f"{language}.toml")
    meaning = {one.name: f"{one.formula} ({one.unit})" for one in features(windows)}
    return (
        _environment()
        .get_template("person.html.j2")
        .render(found=found, w=words, language=language, meaning=meaning, shown=_shown)
    )


def _shown(value: Any) -> str:
    """A value as a cell: nothing for what is unknown, a list as its entries."""
    if value is None:
        return "–"
    if isinstance(value, list):
        return "; ".join(_shown(one) for one in value) or "–"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_shown(one)}" for name, one in value.items() if one is not None)
    return f"{value:.6g}" if isinstance(value, float) else str(value)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(HERE), undefined=StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
