"""Which candidate is taken, and what is said of each of the others, rule by rule."""

import numpy as np
import pytest

from bestiary.config import Choice, Settings
from bestiary.segments.attempt import Attempt, Explanation
from bestiary.segments.candidates import CANDIDATES
from bestiary.segments.centroids import Centroids
from bestiary.segments.choice.stability import Stability
from bestiary.segments.place import Placed
from bestiary.segments.selection import Selection, select
from bestiary.segments.transform import Log1pStandardise
from bestiary.segments.tree import Node, Split, Tree
from bestiary.segments.wording import below

PEOPLE = 5_000
SPACE = Log1pStandardise(mean=(0.0,) * 3, scale=(1.0,) * 3)


def explained(labels: np.ndarray, fidelity: float) -> Explanation:
    """A tree of one leaf, held out customers of whom this share is in the leaf's segment, and others who are not."""
    leaf = Node(id=0, column=None, threshold=None, left=None, right=None, segment=0, customers=PEOPLE, purity=None)
    inside, outside = np.flatnonzero(labels == 0), np.flatnonzero(labels != 0)
    hits = round(20 * fidelity)
    part = Split(np.zeros(0, dtype=np.int64), np.concatenate([inside[:hits], outside[: 20 - hits]]), True)
    return Explanation(
        Tree((leaf,), np.ones((1, 2))), lambda: np.zeros((PEOPLE, 3)), ("recency", "frequency", "monetary"), part
    )


def tried(
    name: str, ari: float = 0.9, worst: float = 0.8, smallest: float = 0.4, fidelity: float | None = 0.95
) -> Attempt:
    """A candidate that came out like this, with two segments."""
    labels = (np.arange(PEOPLE) < round(smallest * PEOPLE)).astype(np.int32)
    placed = Placed(labels, 1 - labels, np.ones(PEOPLE))
    stable = Stability(2, ari, (0.99, worst), (1 - smallest, smallest))
    explanation = None if fidelity is None else explained(labels, fidelity)
    partition = Centroids(centroids=((0.0,) * 3, (1.0,) * 3))
    return Attempt(CANDIDATES[name], SPACE, partition, placed, None, stable, explanation)


GINI = {"rfm_log": 0.60, "rfm_scores": 0.55, "rfm_gmm": 0.70, "rfm_grid": 0.99}


def chosen(*attempts: Attempt, keep: str | None = None, gini: dict[str, float] = GINI, **asked: object) -> Selection:
    return select(attempts, gini, Settings.model_validate(asked), keep)


def reasons(found: Selection, name: str) -> str:
    assert all(set(one) == {"en", "fr"} and all(one.values()) for one in found.lost[name])
    return " | ".join(one["en"] for one in found.lost[name])


def test_the_most_valuable_of_those_that_hold() -> None:
    found = chosen(tried("rfm_log"), tried("rfm_scores"), tried("rfm_gmm", ari=0.7))
    assert (found.chosen, found.overruled, found.nobody) == ("rfm_log", False, False)
    assert set(found.lost) == {"rfm_scores", "rfm_gmm"}
    assert reasons(found, "rfm_scores") == "worth less: Gini 0.550 on the window after, 0.600 for rfm_log"
    assert reasons(found, "rfm_gmm") == "not stable: adjusted Rand index 0.70 between samples, 0.75 asked"
    assert found.lost["rfm_scores"][0]["fr"] == "vaut moins : Gini de 0,550 sur la période suivante, 0,600 pour rfm_log"


@pytest.mark.parametrize(
    ("faulty", "why"),
    [
        (tried("rfm_gmm", ari=0.749), "not stable"),
        (tried("rfm_gmm", worst=0.49), "a segment dissolves: Jaccard 0.49"),
        (tried("rfm_gmm", smallest=0.01), "a segment of 1.0%, at least 2% asked"),
        (tried("rfm_gmm", fidelity=0.85), "not explained: fidelity 0.85 (leaves: 1), 0.9 asked"),
        (tried("rfm_gmm", ari=float("nan")), "not stable"),
    ],
    ids=["ari", "jaccard", "share", "fidelity", "undefined"],
)
def test_whoever_breaks_a_rule_loses_whatever_the_value(faulty: Attempt, why: str) -> None:
    found = chosen(tried("rfm_log"), faulty)
    assert found.chosen == "rfm_log"
    assert why in reasons(found, "rfm_gmm")
    assert "worth" not in reasons(found, "rfm_gmm")  # it is worth more: that is not why


def test_at_the_thresholds_a_candidate_holds_and_all_faults_are_told() -> None:
    assert (
        chosen(tried("rfm_log"), tried("rfm_gmm", ari=0.75, worst=0.5, smallest=0.02, fidelity=0.9)).chosen == "rfm_gmm"
    )
    told = reasons(chosen(tried("rfm_log"), tried("rfm_gmm", ari=0.1, worst=0.1, smallest=0.01)), "rfm_gmm")
    assert ("not stable" in told, "dissolves" in told, "1.0%" in told) == (True, True, True)


def test_a_fault_never_reads_as_if_the_threshold_had_been_reached() -> None:
    close = tried("rfm_gmm", ari=0.7496, worst=0.49996, smallest=0.0196)
    assert reasons(chosen(tried("rfm_log"), close), "rfm_gmm") == (
        "not stable: adjusted Rand index 0.7496 between samples, 0.75 asked | "
        "a segment dissolves: Jaccard 0.49996 between samples, 0.5 asked | a segment of 1.96%, at least 2% asked"
    )
    french = [one["fr"] for one in chosen(tried("rfm_log"), close).lost["rfm_gmm"]]
    assert french[2] == "un segment de 1,96 %, au moins 2 % demandés"
    odd = chosen(tried("rfm_log", smallest=0.4), tried("rfm_gmm", smallest=0.02), choice=Choice(smallest_share=0.025))
    assert reasons(odd, "rfm_gmm") == "a segment of 2.0%, at least 2.5% asked"
    found = chosen(tried("rfm_log"), tried("rfm_gmm"), gini={"rfm_log": 0.60004, "rfm_gmm": 0.6})
    assert reasons(found, "rfm_gmm") == "worth less: Gini 0.60000 on the window after, 0.60004 for rfm_log"
    assert below(0.8999, 0.9, 2) == "0.8999"
    assert below(float("nan"), 0.75, 2) == "nan"


def test_thresholds_are_settings() -> None:
    lax = Choice(ari=0.5)
    assert chosen(tried("rfm_log"), tried("rfm_gmm", ari=0.6)).chosen == "rfm_log"
    assert chosen(tried("rfm_log"), tried("rfm_gmm", ari=0.6), choice=lax).chosen == "rfm_gmm"


def test_a_baseline_is_never_chosen_unasked() -> None:
    found = chosen(tried("rfm_log", ari=0.1), tried("rfm_grid"))
    assert (found.chosen, found.nobody) == ("rfm_log", True)
    assert "a baseline" in reasons(found, "rfm_grid")
    asked = chosen(tried("rfm_log"), tried("rfm_grid"), candidate="rfm_grid")
    assert (asked.chosen, asked.overruled) == ("rfm_grid", True)
    alone = chosen(tried("rfm_grid"), candidates=["rfm_grid"])
    assert (alone.chosen, alone.nobody) == ("rfm_grid", True)


def test_where_nobody_holds_the_first_that_searches_is_taken_and_that_is_said() -> None:
    found = chosen(tried("rfm_log", ari=0.1), tried("rfm_gmm", ari=0.2))
    assert (found.chosen, found.nobody, found.overruled) == ("rfm_log", True, False)
    assert "not stable" in reasons(found, "rfm_gmm")


def test_a_person_overrules_and_every_other_is_told_so() -> None:
    found = chosen(tried("rfm_log"), tried("rfm_gmm", ari=0.1), candidate="rfm_gmm")
    assert (found.chosen, found.overruled) == ("rfm_gmm", True)
    assert reasons(found, "rfm_log") == "rfm_gmm was asked for"
    assert found.lost["rfm_log"][-1]["fr"] == "rfm_gmm a été demandé"


def test_a_way_that_is_not_tried_here_is_not_asked_for_here() -> None:
    """Visitors have their own ways."""
    found = chosen(tried("rfm_log"), candidate="rfm_gmm")
    assert (found.chosen, found.overruled) == ("rfm_log", False)


def test_the_one_of_the_run_before_is_kept_while_it_holds() -> None:
    kept = chosen(tried("rfm_log"), tried("rfm_gmm"), keep="rfm_log")
    assert kept.chosen == "rfm_log"
    assert reasons(kept, "rfm_gmm") == "rfm_log is kept from the run before"
    fallen = chosen(tried("rfm_log", ari=0.5), tried("rfm_gmm"), keep="rfm_log")
    assert fallen.chosen == "rfm_gmm"
    assert "not stable" in reasons(fallen, "rfm_log")
    gone = chosen(tried("rfm_log"), tried("rfm_gmm"), keep="tree")
    assert gone.chosen == "rfm_gmm"
    asked = chosen(tried("rfm_log"), tried("rfm_gmm"), keep="rfm_log", candidate="rfm_gmm")
    assert asked.chosen == "rfm_gmm"


def test_without_values_and_on_a_tie_the_first_that_holds_is_taken() -> None:
    pair = (tried("rfm_log"), tried("rfm_scores"))
    for gini in ({}, {"rfm_log": 0.6, "rfm_scores": 0.6 + 1e-9}):
        assert chosen(*pair, gini=gini).chosen == "rfm_log"
    assert chosen(tried("rfm_log", ari=0.1), tried("rfm_scores"), gini={}).chosen == "rfm_scores"


def test_every_other_is_told_why_it_lost() -> None:
    """Also one that is worth no more and breaks no rule, and one whose value nobody knows."""
    for gini in (GINI, {}, {"rfm_log": 0.6, "rfm_scores": 0.6, "rfm_gmm": 0.6}):
        found = chosen(tried("rfm_log"), tried("rfm_scores"), tried("rfm_gmm"), gini=gini)
        for name in found.lost:
            assert reasons(found, name), f"{name} lost and nobody says why"
