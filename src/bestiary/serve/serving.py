"""A model with all that is made of it once, so that a new one takes an old one's place by a single assignment."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bestiary.errors import ModelError
from bestiary.segments.model import Model, load
from bestiary.serve.answers import Answers, Record
from bestiary.serve.history import measure
from bestiary.serve.reading import Reader
from bestiary.serve.scorer import Scorer

PROBE: Any = {"event_time": "2000-01-01", "event_type": "view", "product_id": 1}
"""What is measured of it is what is measured of every customer."""
VERSION = 16
"""Characters of the digest that tells one model from another."""


@dataclass(frozen=True, eq=False)
class Serving:
    """A model that answers; `version` is a digest of all that it says, `taken` when it was taken up."""

    model: Model
    version: str
    taken: datetime
    scorer: Scorer
    reader: Reader
    answers: Answers

    @classmethod
    def of(cls, model: Model) -> "Serving":
        """Raises ModelError where a model cannot answer for every customer, also from raw events."""
        try:
            return cls._of(model)
        except ValueError as error:  # a text that is no Unicode, say
            raise ModelError("The model cannot be told as JSON.", do="Fit again to replace it.") from error

    @classmethod
    def _of(cls, model: Model) -> "Serving":
        zone = model.provenance.time_zone
        if zone is None:
            raise ModelError("The model does not say the shop's time zone.", do="Fit again with this bestiary.")
        scorer = Scorer(model)
        measured = measure([PROBE], date(2000, 1, 2), model.config.windows, ZoneInfo("UTC")) or {}
        unknown = [name for name in scorer.columns if name not in measured]
        if unknown:
            raise ModelError(f"The model asks for {len(unknown)} columns that no events give.")
        answers = Answers(model, [group.recipe.population for group in scorer.groups])
        digest = hashlib.sha256(model.model_dump_json().encode()).hexdigest()[:VERSION]
        return cls(model, digest, datetime.now(UTC), scorer, Reader(scorer, ZoneInfo(zone), measured), answers)

    @classmethod
    def read(cls, path: Path) -> "Serving":
        """Of a file. Raises ModelError as `load` does, and as above."""
        return cls.of(load(path))

    @property
    def age_days(self) -> int:
        """Whole days since the model's as-of date."""
        return (datetime.now(UTC).date() - date.fromisoformat(self.model.provenance.as_of)).days

    def record(self) -> Record:
        """What GET /v1/model says."""
        model, scorer = self.model, self.scorer
        both = [one for one in (model.fitted.buyers, model.fitted.visitors) if one]
        return {
            "version": self.version,
            "fingerprint": model.provenance.fingerprint,
            "as_of": model.provenance.as_of,
            "age_days": self.age_days,
            "taken": self.taken,
            "time_zone": model.provenance.time_zone,
            "currency": model.provenance.currency,
            "windows": model.config.windows,
            "min_events": model.fitted.min_events,
            "populations": [
                {
                    "population": one.population,
                    "candidate": one.candidate,
                    "segments": len(one.segments),
                    "learned_on": one.learned_on,
                }
                for one in both
            ],
            "columns": [{"name": name} | _populations(scorer, place) for place, name in enumerate(scorer.columns)],
            "provenance": model.provenance.model_dump(mode="json"),
        }


def _populations(scorer: Scorer, place: int) -> dict[str, list[str]]:
    """The populations whose customers must have a column, and those that use it where they have it."""
    judging = scorer.columns[place] in scorer.judging
    needed = [group.recipe.population for group in scorer.groups if judging or place in group.required]
    used = [group.recipe.population for group in scorer.groups if place in group.features]
    return {"needed_by": list(needed), "used_where_known_by": [one for one in used if one not in needed]}
