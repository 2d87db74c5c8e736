"""Where members came from and went, and how a segment changed, by hand."""

from typing import Any

from bestiary.report.flows import change, flows, previous
from report_beliefs import text

OWL, CAT, FOX = text("owl", "hibou"), text("cat", "chat"), text("fox", "renard")
EARLY, NEW, GONE = text("early", "tôt"), text("new", "nouveaux"), text("gone", "partis")


def segment(number: int, name: dict[str, str], customers: int, population: str = "buyers") -> dict[str, Any]:
    return {"kind": "segment", "segment": number, "population": population, "name": name, "customers": customers}


def other(kind: str, name: dict[str, str]) -> dict[str, Any]:
    return {"kind": kind, "segment": None, "population": None, "name": name, "customers": 0}


def continues(number: int, earlier: int | None) -> dict[str, Any]:
    return {"segment": number, "kind": "same" if earlier is not None else "new", "previous": earlier, "note": None}


VISITING = segment(2, CAT, 0, "visitors")
FOLLOW: dict[str, Any] = {
    "from": "2019-11-01",
    "to": "2019-12-01",
    "days": 30,
    # Today's owls (0) are the owls and cats of then, numbered 1 and 0: they continue the owls. Foxes (1) are new.
    "populations": {
        "buyers": {"way": "cold", "segments": [continues(0, 1), continues(1, None)], "before": []},
        "visitors": {"way": "cold", "segments": [continues(2, 2)], "before": []},
    },
    "states": {
        "from": [segment(0, CAT, 29), segment(1, OWL, 55), VISITING, other("too_early", EARLY), other("new", NEW)],
        "to": [segment(0, OWL, 72), segment(1, FOX, 21), VISITING, other("too_early", EARLY), other("gone", GONE)],
    },
    "counts": [
        [25, 0, 0, 0, 4],  # cats
        [40, 12, 0, 0, 3],  # owls
        [0, 0, 0, 0, 0],  # visiting cats
        [5, 1, 0, 9, 2],  # too early
        [2, 8, 0, 6, 0],  # new
    ],
}


def told(name: dict[str, str], kind: str, number: int | None, customers: int) -> dict[str, Any]:
    return {"name": name, "kind": kind, "segment": number, "customers": customers}


def test_heirs_tell_both_sides_largest_first_under_the_numbers_of_each_date() -> None:
    assert flows(0, FOLLOW) == {
        "from": "2019-11-01",
        "to": "2019-12-01",
        "previous": 1,
        "came": [
            told(OWL, "segment", 1, 40),
            told(CAT, "segment", 0, 25),
            told(EARLY, "too_early", None, 5),
            told(NEW, "new", None, 2),
        ],
        "went": [told(OWL, "segment", 0, 40), told(FOX, "segment", 1, 12), told(GONE, "gone", None, 3)],
    }
    assert change(0, FOLLOW, {0: 50, 1: 58}, 71) == {"before": 58, "now": 71}


def test_who_continues_none_has_only_came() -> None:
    found = flows(1, FOLLOW)
    assert found is not None
    assert (found["previous"], found["went"]) == (None, [])
    assert found["came"] == [
        told(OWL, "segment", 1, 12),
        told(NEW, "new", None, 8),
        told(EARLY, "too_early", None, 1),
    ]
    assert change(1, FOLLOW, {0: 50}, 71) is None
    assert previous(1, FOLLOW) is None


def test_nobody_came_and_nobody_went() -> None:
    assert flows(2, FOLLOW) == {"from": "2019-11-01", "to": "2019-12-01", "previous": 2, "came": [], "went": []}
    assert change(2, FOLLOW, {0: 50}, 0) == {"before": 0, "now": 0}


def test_a_first_run_and_a_segment_that_is_not_followed() -> None:
    without = {name: value for name, value in FOLLOW.items() if name != "states"}
    for follow in (None, {}, without):
        assert flows(0, follow) is None
        assert change(0, follow, {}, 3) is None
    assert flows(9, FOLLOW) == {"from": "2019-11-01", "to": "2019-12-01", "previous": None, "came": [], "went": []}
    assert change(9, FOLLOW, {9: 4}, 3) is None


def test_came_adds_up_to_todays_members_and_went_to_those_of_then() -> None:
    states, counts = FOLLOW["states"], FOLLOW["counts"]
    for number in (0, 1, 2):
        found = flows(number, FOLLOW)
        assert found is not None
        assert sum(one["customers"] for one in found["came"]) == sum(row[number] for row in counts)
        if found["previous"] is not None:
            assert sum(one["customers"] for one in found["went"]) == sum(counts[found["previous"]])
    assert [one["customers"] for one in states["to"][:3]] == [sum(row[n] for row in counts) for n in (0, 1, 2)]
    assert [one["customers"] for one in states["from"][:3]] == [sum(row) for row in counts[:3]]


def test_two_that_continue_one_each_tell_where_all_of_it_went() -> None:
    """The owls of then are split in two: both heirs say what became of all of them."""
    split = {**FOLLOW, "populations": {"buyers": {"segments": [continues(0, 1), continues(1, 1)]}}}
    one, both = flows(0, split), flows(1, split)
    assert one is not None
    assert both is not None
    assert one["went"] == both["went"]
    assert change(1, split, {0: 50, 1: 58}, 20) == {"before": 58, "now": 20}
