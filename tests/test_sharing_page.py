"""The finished shared page, decoded: no point, no cell, no text and no name in it tells of fewer than k people."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from bestiary.errors import PopulationError
from bestiary.report.sharing.edition import shared
from report_drawn import WORDS
from report_run import FIRST_ID
from sharing_run import (
    FEW_BRAND,
    FEW_WARNING,
    K,
    counted,
    edition,
    figures,
    page,
    presence,
    strings,
    summary,
    words,
)

Figure = dict[str, Any]


@pytest.fixture(scope="module")
def source() -> str:
    return page()


@pytest.fixture(scope="module")
def drawn(source: str) -> dict[str, dict[str, Figure]]:
    return figures(source)


def flat(rows: Iterable[Any]) -> list[float]:
    """The numbers of rows, those that are told."""
    return [n for row in rows for n in (row if isinstance(row, list) else [row]) if n is not None]


def none(_: Figure) -> list[float]:
    """A figure of shares and indices, without counts."""
    return []


def heat(figure: Figure) -> list[float]:
    return flat(figure["data"][0]["z"])


def marks(figure: Figure) -> list[float]:
    return [n for trace in figure["data"] for n in flat(trace["customdata"])]


def flows(figure: Figure) -> list[float]:
    link, node = figure["data"][0]["link"], figure["data"][0]["node"]
    ends = [*zip(link["source"], link["value"], strict=True), *zip(link["target"], link["value"], strict=True)]
    sums = [sum(n for at, n in ends if at == place) for place in range(len(node["label"]))]
    assert [int(label.rpartition(" ")[2].replace("\u202f", "")) for label in node["label"]] == sums
    return [*link["value"], *sums]


def bars(figure: Figure) -> list[float]:
    trace = figure["data"][0]
    assert len(figure["data"]) == 1  # the longest window alone
    return flat(trace["x" if trace.get("orientation") == "h" else "y"])


def confusion(figure: Figure) -> list[float]:
    return [float(text) for row in figure["data"][0]["text"] for text in row if text != "–"]


COUNTS: dict[str, Callable[[Figure], list[float]]] = {
    **dict.fromkeys(("shares", "silhouette", "scree", "loadings", "calibration", "profile", "reliability"), none),
    **dict.fromkeys(("cadence", "tree"), none),
    **dict.fromkeys(("days", "hours"), heat),
    **dict.fromkeys(("space", "biplot"), marks),
    **dict.fromkeys(("flows", "movements"), flows),
    "column": bars,
    "confusion": confusion,
}
"""How to read the people out of each kind of figure; a kind that is not here fails the test."""


def test_every_cell_bar_mark_and_flow_is_of_at_least_k(drawn: dict[str, dict[str, Figure]]) -> None:
    seen: dict[str, int] = {}
    for book in drawn.values():
        for key, figure in book.items():
            kind = key.partition("-")[0]
            people = COUNTS[kind](figure)
            assert [n for n in people if n < K] == [], key
            seen[kind] = seen.get(kind, 0) + len(people)
    assert {kind for kind, n in seen.items() if n} == {kind for kind, read in COUNTS.items() if read is not none}


def test_every_number_of_people_in_a_text_is_at_least_k(source: str, drawn: dict[str, dict[str, Figure]]) -> None:
    hovers = [text for book in drawn.values() for figure in book.values() for text in strings(figure)]
    told = counted(words(source)) + [n for text in hovers for n in counted(text)]
    assert len(told) > 200
    assert min(told) == K  # the rule itself says so


def test_every_table_of_customers_has_at_least_k_in_a_cell(source: str) -> None:
    cells = []
    for table in re.findall(r"<table.*?</table>", source, re.DOTALL):
        heads = re.findall(r"<th scope=\"col\"[^>]*>(.*?)</th>", table)
        for at, head in enumerate(heads):
            if re.fullmatch(r"(?:Customers|Clients|nulls|nuls|Support|customers who.*|clients re.*)", head):
                for row in re.findall(r"<tr[^>]*>(.*?)</tr>", table, re.DOTALL):
                    found = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)
                    if len(found) == len(heads) and '<th scope="col"' not in row:
                        cells.append(re.sub(r"\D", "", found[at]))
    told = [int(one) for one in cells if one and int(one)]
    assert len(told) > 30
    assert min(told) >= K


def test_the_page_says_what_it_is_and_how_much_it_holds_back(source: str) -> None:
    found = edition()["sharing"]
    assert found["numbers"] > 100
    assert {"quality", "sources", "points", "roc", "segments"} <= set(found["parts"])
    english, french = (words(source).partition("L'édition à partager")[at] for at in (0, 2))
    assert f"Held back: {WORDS.number(found['numbers'])} numbers." in english
    assert "tells of fewer than 10 people" in english
    assert "moins de 10 personnes" in french
    assert "the shared edition" not in french
    assert "<title>The bestiary of 1 December 2019, shared edition</title>" in source


def test_a_small_segment_is_there_without_a_number_and_takes_another_along() -> None:
    found = edition()
    withheld = [one["persona"] for one in found["segments"] if one["withheld"]]
    assert next(one["persona"] for one in summary()["segments"] if one["customers"] < K) in withheld
    assert len(withheld) >= 2
    assert [one["withheld"] for one in found["segments"]] == sorted(one["withheld"] for one in found["segments"])
    for one in found["segments"]:
        if one["withheld"]:
            assert {name for name, value in one.items() if str(value) not in ("None", "[]", "False")} == {
                *("segment", "persona", "name", "description", "actions", "withheld", "medians", "expects")
            }
            assert {*one["medians"].values(), *one["expects"].values()} == {None}
    hidden = [one["customers"] for one in summary()["segments"] if one["persona"] in withheld]
    assert sum(hidden) >= K


def test_what_few_bought_is_not_named_nor_any_source_row_id_or_number_of_few(source: str) -> None:
    made = summary()
    for secret in (FEW_BRAND, FEW_WARNING, *(one["name"] for one in made["quality"]["sources"])):
        assert secret not in source
    assert made["provenance"]["fingerprint"] not in source
    assert all(one["fingerprint"] not in source for one in made["quality"]["sources"])
    assert str(FIRST_ID)[:6] not in words(source) + json.dumps(figures(source))
    assert "Useful cuts." in source
    assert "unparsable" not in source
    assert "time_in_the_future" not in source


def test_single_customers_stay_behind(drawn: dict[str, dict[str, Figure]]) -> None:
    made, found = summary(), edition()
    assert found["sample"]["points"] == {}
    for cells in (found["sample"]["plane"], found["sample"]["space"]):
        told = [one["segment"] for one in found["segments"] if not one["withheld"]]
        people = {one: int((made["sample"]["points"]["segment"] == one).sum()) for one in told}
        assert {n: sum(c["customers"] for c in cells if c["segment"] == n) for n in told} == people
        assert {cell["segment"] for cell in cells} == set(told)
    for trace in (*drawn["en"]["space"]["data"], *drawn["en"]["biplot"]["data"]):
        assert len(trace["x"]) == len(trace["customdata"])


BY_KEY = (
    "too_early",
    "metrics",
    "populations",
    "sources",
    "hours",
    "percentiles",
    "missing",
    "rejected_by_reason",
    "worth",
    "states",
)
"""Tables whose keys are met in data, and texts by their language: a key more in these is no figure more."""


def gained(value: Any, under: str = "") -> Any:
    """The same with one figure more in every record."""
    if isinstance(value, list):
        return [gained(one, under) for one in value]
    if not isinstance(value, dict):
        return value
    more = {} if under in BY_KEY or set(value) <= {"en", "fr"} or "pc1" in value else {"gained": "not judged"}
    return {key: gained(one, key) for key, one in value.items()} | more


def test_what_no_rule_has_judged_is_not_shared() -> None:
    """A figure that a summary gains one day stays behind until somebody decides about it."""
    made = gained(summary())
    assert json.dumps({**made, "sample": None}).count("not judged") > 300
    assert [*unjudged(shared(made, K, presence()))] == []


def unjudged(value: Any, path: str = "") -> Iterator[str]:
    """Where a figure stands that nobody has judged."""
    if isinstance(value, dict | list):
        for key, one in value.items() if isinstance(value, dict) else enumerate(value):
            yield from unjudged(one, f"{path}.{key}")
    elif value == "not judged":
        yield path


def test_nothing_is_changed_in_the_summary_that_is_given() -> None:
    made, same = summary(), summary()
    shared(made, K, presence())
    points, others = made["sample"].pop("points"), same["sample"].pop("points")
    assert made == same
    assert all((points[name] == others[name]).all() for name in points)


def test_of_fewer_than_k_customers_nothing_is_shared() -> None:
    made = summary()
    with pytest.raises(PopulationError, match="fewer than 1401 customers"):
        shared(made, 1401)
    assert shared(made, 1400)["population"]["customers"] == 1400


@pytest.mark.parametrize("k", [2, 50, 300])
def test_the_page_is_whole_for_any_k(k: int) -> None:
    found = edition(k)
    drawn = figures(page(found))
    assert set(drawn["en"]) == set(drawn["fr"])
    for key, figure in drawn["en"].items():
        assert [n for n in COUNTS[key.partition("-")[0]](figure) if n < k] == [], key


def test_without_presence_the_page_says_that_it_does_not_know() -> None:
    found = shared(summary(), K)
    assert "presence" in found["sharing"]["parts"]
    drawn = figures(page(found))
    assert not [key for key in drawn["en"] if key.startswith(("hours", "days"))]
