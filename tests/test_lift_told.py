"""What is said of a campaign: plain sentences for what it did, and every doubt."""

from datetime import date
from typing import Any

import numpy as np
import pytest

from bestiary.publish.audience_outcome import Outcome
from bestiary.publish.lift import Amounts
from bestiary.publish.lift_found import Lift, Window, compared
from bestiary.show_lift import sentence, warnings

DONE = Window(date(2020, 3, 1), date(2020, 3, 31), date(2020, 3, 31), 0)


def group(people: int, buyers: int, before: float = 0.0) -> Outcome:
    spent = np.array([10.0] * buyers + [0.0] * (people - buyers))
    ahead = np.array([before + number % 2 for number in range(people)])
    return Outcome(people, buyers, buyers, Amounts.of(spent), Amounts.of(ahead))


def lift_of(target: Outcome, holdout: Outcome, **changed: Any) -> Lift:
    given: dict[str, Any] = {
        "campaign": "lions",
        "waves": (date(2020, 3, 1),),
        "window": DONE,
        "share": holdout.people / (target.people + holdout.people),
        "forgotten": {"target": 0, "holdout": 0},
        "margin": None,
        "contact_cost": None,
    } | changed
    buyers, revenue = compared(target, holdout)
    return Lift(target=target, holdout=holdout, buyers=buyers, revenue=revenue, **given)


@pytest.mark.parametrize(
    ("bought", "verdict", "told"),
    [
        (270, "did", "The campaign lions did something: of 900 written to 30.0% bought, of 100 held back 20.0%"),
        (90, "harm", "The campaign lions did harm: of 900 written to 10.0% bought, of 100 held back 20.0%"),
        (200, "cannot be told", "Whether the campaign lions did anything cannot be told: of 900 written to 22.2%"),
    ],
)
def test_the_verdict_in_a_sentence(bought: int, verdict: str, told: str) -> None:
    found = lift_of(group(900, bought), group(100, 20))
    assert found.verdict == verdict
    assert sentence(found).startswith(told)
    assert " points, " in sentence(found)
    assert warnings(found) == []
    assert found.record()["verdict"] == verdict


def test_every_doubt_has_its_warning() -> None:
    fine = lift_of(group(900, 270), group(100, 30), share=0.1)
    assert warnings(fine) == []
    doubts = {
        "no draw of 0.1 held back": lift_of(group(900, 270), group(160, 48), share=0.1),
        "differed before": lift_of(group(900, 270, before=1.0), group(100, 30), share=0.1),
        "Fewer than 20 bought": lift_of(group(900, 270), group(100, 19), share=0.1),
        "ahead of time": lift_of(
            group(900, 270), group(100, 30), window=Window(DONE.since, date(2020, 3, 9), DONE.due, 0)
        ),
        "3 members came in too late": lift_of(
            group(900, 270), group(100, 30), window=Window(DONE.since, DONE.until, DONE.due, 3)
        ),
        "1 of those written to, 0 of those held back": lift_of(
            group(900, 270), group(100, 30), forgotten={"target": 1, "holdout": 0}
        ),
    }
    for told, found in doubts.items():
        (only,) = warnings(found)
        assert told in only
