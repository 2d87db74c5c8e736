"""Frozen settings, read from TOML and validated at the door; unknown keys are refused."""

import re
import tomllib
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Annotated, Literal, Self, get_args
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError, field_validator, model_validator

from bestiary.config_tables import Choice, Frozen, Privacy, Publish
from bestiary.errors import ConfigError, did_you_mean
from bestiary.faults import explain

__all__ = [
    "LANGUAGES",
    "Choice",
    "Frozen",
    "IdKind",
    "Language",
    "Preset",
    "Privacy",
    "Publish",
    "Settings",
    "growing",
    "known_zone",
    "load_settings",
    "read_toml",
]
IdKind = Literal["integer", "string"]
Preset = Literal["default", "amazing"]
Language = Literal["en", "fr"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
LEAST_MEMORY = 500_000_000
"""Below this bound for memory, in bytes, nothing works."""

GROWING = "three growing numbers of months between 1 and 120"


class Settings(Frozen):
    """What may be asked for. Every key can stand in the file given to `--config`.

    The first six are fixed when the store is made; None means "as the store says" (a new store: UTC, USD, 32
    buckets, and the kinds of ids seen in its first file).
    """

    time_zone: str | None = None
    currency: Annotated[str, Field(min_length=1, max_length=8)] | None = None
    buckets: Annotated[int, Field(ge=1, le=4096)] | None = None
    user_id: IdKind | None = None
    product_id: IdKind | None = None
    category_id: IdKind | None = None

    windows: tuple[int, int, int] = (2, 5, 7)
    """Lengths of the trailing windows, in calendar months, shortest first."""
    preset: Preset = "default"
    k: Annotated[int, Field(ge=2, le=50)] | Literal["auto"] = "auto"
    k_min: Annotated[int, Field(ge=2, le=50)] = 2
    k_max: Annotated[int, Field(ge=2, le=50)] = 11
    candidates: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """Ways to segment that are compared; None is all of them, for the preset `amazing` the deck's own."""
    candidate: str | None = None
    """The one to take, whatever the comparison says."""
    choice: Choice = Choice()
    privacy: Privacy = Privacy()
    publish: Publish = Publish()
    anew: Annotated[bool, Field(strict=True)] = False
    """Whether to choose again, instead of keeping the candidate and k of the run before while they hold.

    Segments are matched with those of the run before in any case, and names follow the customers."""
    tree: Literal["cart", "optimal"] = "cart"
    """How the explaining tree is grown: step by step, or searched for (at most four questions in a row; needs the
    optional package `pystreed`)."""
    test_share: Annotated[float, Field(gt=0, lt=1)] = 0.2
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    language: Language | None = None
    """Of the report; None is the one that the run's report has already, or English."""

    threads: Annotated[int, Field(ge=1, le=1024)] | None = None
    memory: str = "4GB"
    """Upper bound for the engine, such as `4GB` or `900MB`."""

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str | None) -> str | None:
        return known_zone(value)

    @field_validator("windows", mode="before")
    @classmethod
    def _three(cls, value: object) -> object:
        if isinstance(value, list | tuple) and len(value) != 3:
            raise ValueError(GROWING)
        return value

    @field_validator("windows")
    @classmethod
    def _growing(cls, value: tuple[int, int, int]) -> tuple[int, int, int]:
        return growing(value)

    @field_validator("memory")
    @classmethod
    def _size(cls, value: str) -> str:
        if not re.fullmatch(r"[1-9][0-9]*(\.[0-9]+)? ?[MG]i?B", value):
            raise ValueError("a size such as '4GB' or '900MB'")
        if _bytes(value) < LEAST_MEMORY:
            raise ValueError(f"at least {LEAST_MEMORY // 10**6}MB; with less not even a small shop can be read")
        return value

    @model_validator(mode="after")
    def _k_in_range(self) -> Self:
        if self.k_min > self.k_max:
            raise ValueError(f"k_min = {self.k_min} is above k_max = {self.k_max}")
        return self

    @model_validator(mode="after")
    def _kept_long_enough(self) -> Self:
        kept = self.privacy.retention_months
        if kept is not None and kept < self.windows[-1]:
            raise ValueError(
                f"privacy.retention_months = {kept} is below the longest window, {self.windows[-1]} months"
            )
        return self

    @property
    def id_kinds(self) -> dict[str, str]:
        """Integer or string for the ids whose kind is set."""
        kinds = {"user_id": self.user_id, "product_id": self.product_id, "category_id": self.category_id}
        return {name: kind for name, kind in kinds.items() if kind}

    @property
    def engine_bytes(self) -> int:
        """What DuckDB is given so that the process stays within the bound: three quarters of it.

        Its own limit does not count all that it holds (4.3 GB were seen with a limit of 4), nor Python's libraries.
        """
        return self.memory_bytes * 3 // 4

    @property
    def memory_bytes(self) -> int:
        """The memory bound in bytes."""
        return _bytes(self.memory)


def known_zone(name: str | None) -> str | None:
    """A time zone's name, or None; ValueError where there is no such zone."""
    if name is not None:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError("an IANA time zone such as 'Europe/Paris'") from error
    return name


def growing(windows: tuple[int, int, int]) -> tuple[int, int, int]:
    """Lengths of windows in months; ValueError where they do not grow, or are out of range."""
    if not 0 < windows[0] < windows[1] < windows[2] <= 120:
        raise ValueError(GROWING)
    return windows


def _bytes(size: str) -> int:
    return int(float(size.rstrip("MGiB ")) * {"M": 10**6, "G": 10**9}[size.rstrip("iB")[-1]])


def load_settings(path: Path | None = None, **overrides: object) -> Settings:
    """Read settings from a TOML file; `overrides` that are not None win over the file.

    Raises ConfigError for a file that cannot be read, an unknown key or a value out of range.
    """
    return Settings.model_validate({}) if path is None and not overrides else _validated(path, overrides)


def _validated(path: Path | None, overrides: dict[str, object]) -> Settings:
    values: dict[str, object] = {} if path is None else read_toml(path)
    values |= {key: value for key, value in overrides.items() if value is not None}
    _known(values, Settings.model_fields, "", path)
    tables: tuple[tuple[str, type[Frozen]], ...] = (("choice", Choice), ("privacy", Privacy), ("publish", Publish))
    for name, table in tables:
        if isinstance(given := values.get(name), dict):
            _known(given, table.model_fields, f" of [{name}]", path)
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise ConfigError("\n".join(explain(error)), do="Correct the setting and run again.") from error


def _known(given: Iterable[str], known: Collection[str], table: str, path: Path | None) -> None:
    """Raise ConfigError for the first name that is none of those known in a table of the settings."""
    for key in given:
        if key not in known:
            raise ConfigError(
                f"Unknown setting '{key}'{table}{did_you_mean(key, known)}" + (f" in {path}." if path else "."),
                allowed=f"Allowed{table}: {', '.join(known)}.",
            )


def read_toml(path: Path) -> dict[str, object]:
    """Read a TOML file; ConfigError names the file where it is missing or malformed."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"Cannot read {path}: {error.strerror}.", do="Check the path.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}.", do="Correct the file.") from error
