"""From a request's bytes to a row of columns for each customer, or a problem that says what is wrong with it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from operator import itemgetter
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json

from bestiary.faults import SHOWN, Fault, faults
from bestiary.segments.transform import Floats, Ints
from bestiary.serve.answers import UserId
from bestiary.serve.history import measure
from bestiary.serve.moments import coming_midnight
from bestiary.serve.problems import MOST, Problem
from bestiary.serve.schemas import EVENTS, request
from bestiary.serve.scorer import Scorer

FORM = "The request does not have the form that is asked for."
COUNTED = 1000
"""With more faults than this, none is told by itself."""


@dataclass(frozen=True)
class Asked:
    """Customers (n), their columns (n, c), NaN for null, and populations (n,).

    `as_of` is None where no events were measured.
    """

    ids: list[UserId]
    rows: Floats
    population: Ints
    as_of: date | None


class Reader:
    """Reads requests for a model; `zone` is the shop's, `known` are all columns that a customer may have."""

    def __init__(self, scorer: Scorer, zone: ZoneInfo, known: Iterable[str]) -> None:
        self.scorer, self.zone, self.known = scorer, zone, frozenset(known)
        self.adapter: TypeAdapter[dict[str, Any]] = request(scorer, self.known)

    def read(self, body: bytes, now: datetime) -> Asked:
        """What a body asks for at a moment. Raises Problem."""
        try:
            given = self.adapter.validate_json(body, context={"zone": self.zone})
        except ValidationError as error:
            raise _wrong(error) from None
        customers = given["customers"]
        ids = [one.get("user_id") for one in customers]
        features = [one.get("features") for one in customers]
        self._known_names(features)
        if None in features or any(one.get("events") is not None for one in customers):
            as_of = _date(given.get("as_of")) or coming_midnight(now, self.zone)
            rows = self._columns(self._measured(customers, as_of))
        else:
            rows, as_of = self._columns(features), None
        population = self.scorer.population(rows)
        self._complete(rows, population, customers)
        return Asked(ids, rows, population, as_of)

    def _known_names(self, features: Sequence[Mapping[str, Any] | None]) -> None:
        """Raise Problem where a customer has a column that no customer table has."""
        if set(chain.from_iterable(filter(None, features))) <= self.known:
            return
        place, names = next(
            (place, names) for place, one in enumerate(features) if (names := [*(one or {}).keys() - self.known])
        )
        found = [
            Fault(
                f"customers.{place}.features.{name[:SHOWN]}", shown((features[place] or {})[name]), "not a known name"
            )
            for name in sorted(names)[:MOST]
        ]
        raise Problem(422, FORM, found)

    def _columns(self, features: Sequence[Mapping[str, Any]]) -> Floats:
        rows = np.empty((len(features), len(self.scorer.columns)))
        for place, name in enumerate(self.scorer.columns):
            rows[:, place] = _column(features, name)
        return rows

    def _measured(self, customers: Sequence[Mapping[str, Any]], as_of: date) -> list[Mapping[str, Any]]:
        """The features of customers, of whom some are given as events; none of who did nothing in time."""
        if sum(len(one.get("events") or ()) for one in customers) > EVENTS:
            raise Problem(422, f"There are more than {EVENTS:,} events; send fewer customers at a time.")
        features: list[Mapping[str, Any]] = []
        for place, one in enumerate(customers):
            by_features, by_events = (one.get(name) is not None for name in ("features", "events"))
            if by_features == by_events:
                raise _either(place, "both" if by_features else "neither")
            if by_features:
                features.append(one["features"])
                continue
            _same_person(place, one)
            features.append(measure(one["events"], as_of, self.scorer.model.config.windows, self.zone) or {})
        return features

    def _complete(self, rows: Floats, population: Ints, customers: Sequence[Mapping[str, Any]]) -> None:
        """Raise Problem where features lack a column that their population needs.

        One that is there and null is an answer: whoever has none that the model can do without is in no segment, as in
        SQL. So it is with what is measured of events.
        """
        unknown = np.isnan(rows)
        if not unknown.any():
            return
        found: list[Fault] = []
        for number, group in enumerate(self.scorer.groups):
            here = (population == number).nonzero()[0]
            for row, place in np.argwhere(unknown[here[:, None], group.required]).tolist():
                name = self.scorer.columns[group.required[place]]
                features = customers[here[row]].get("features")
                if features is not None and name not in features and len(found) < MOST:
                    allowed = f"a number or null, for {group.recipe.rule['en']}"
                    found.append(Fault(f"customers.{here[row]}.features.{name}", None, allowed))
        if found:
            raise Problem(422, "Some customers lack columns that their population needs.", found)


def _column(features: Sequence[Mapping[str, Any]], name: str) -> Floats:
    """A column (n,) of features; NaN for null and for what is not there."""
    try:
        return np.fromiter(map(itemgetter(name), features), np.float64, len(features))
    except (KeyError, TypeError):  # some are not there, or null
        if not any(name in one for one in features):
            return np.full(len(features), np.nan)
        return np.array([one.get(name) for one in features], dtype=np.float64)


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _either(place: int, what: str) -> Problem:
    fault = Fault(f"customers.{place}", what, "either features or events")
    return Problem(422, "A customer is given by features or by events, and by one of the two.", [fault])


def _same_person(place: int, customer: Mapping[str, Any]) -> None:
    """Raise Problem where an event is of somebody else: ids compare as texts."""
    whose = customer.get("user_id")
    for number, event in enumerate(customer["events"]):
        if whose is None:
            whose = event.get("user_id")
        elif "user_id" in event and str(event["user_id"]) != str(whose):
            fault = Fault(f"customers.{place}.events.{number}.user_id", shown(event["user_id"]), shown(whose))
            raise Problem(422, "An event is of another customer than those before it.", [fault])


def shown(value: Any) -> str:
    """A value as JSON has it."""
    return to_json(value, inf_nan_mode="constants", serialize_unknown=True).decode()


def _wrong(error: ValidationError) -> Problem:
    if error.error_count() > COUNTED:  # to tell some of them, pydantic would make a record of each
        return Problem(422, f"The request has {error.error_count():,} faults, which are too many to tell.")
    first = error.errors(include_url=False, include_input=False)[0]
    if first["type"] == "json_invalid":
        return Problem(400, f"The body is not JSON: {first['msg'].partition(': ')[2]}.")
    return Problem(422, FORM, faults(error, MOST, shown))
