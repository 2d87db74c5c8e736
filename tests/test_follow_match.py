"""Matching of segments: hand-worked tables, and laws that hold for any numbering."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bestiary.segments.agreement import contingency, jaccard, pairs
from bestiary.segments.follow.match import Matching, Thresholds, match
from bestiary.segments.follow.notes import new_notes, old_notes
from bestiary.segments.transform import Floats

NAMES = [{"en": en, "fr": fr} for en, fr in (("Lion", "Lion"), ("Bear", "Ours"), ("Fox", "Renard"), ("Owl", "Hibou"))]


def table(*rows: list[float]) -> Floats:
    return np.array(rows, dtype=np.float64)


def kinds(matching: Matching) -> list[tuple[str, int | None]]:
    return [(one.kind, one.previous) for one in matching.new]


def fates(matching: Matching) -> list[tuple[str, tuple[int, ...]]]:
    return [(one.fate, one.into) for one in matching.old]


def test_counts_and_jaccard_by_hand() -> None:
    old = np.array([0, 0, 0, 1, 1, -1], dtype=np.int32)
    new = np.array([1, 1, 0, 0, -1, 0], dtype=np.int32)
    counts = contingency(old, new, 2, 3)
    assert counts.tolist() == [[1, 2, 0], [1, 0, 0]]
    # Cell (0, 0): 1 shared of 3 + 2 - 1; (0, 1): 2 of 3 + 2 - 2; (1, 0): 1 of 1 + 2 - 1; the empty column is 0.
    assert jaccard(counts) == pytest.approx(table([1 / 4, 2 / 3, 0], [1 / 2, 0, 0]))
    weights = np.array([2, 1, 1, 3, 9, 9], dtype=np.float64)
    assert contingency(old, new, 2, 3, weights).tolist() == [[1, 3, 0], [3, 0, 0]]
    assert jaccard(np.zeros((2, 2))).tolist() == [[0, 0], [0, 0]]


def test_the_pairs_have_the_largest_sum_not_the_largest_first() -> None:
    assert pairs(table([0.9, 0.8], [0.8, 0.0])) == [(0, 1), (1, 0)]


def test_a_permutation_is_the_same_segments() -> None:
    found = match(table([0, 90, 10], [0, 5, 95], [100, 0, 0]))
    assert kinds(found) == [("same", 2), ("same", 0), ("same", 1)]
    assert fates(found) == [("kept", (1,)), ("kept", (2,)), ("kept", (0,))]
    assert found.heirs.tolist() == [1, 2, 0]
    # Old 0 and new 1 share 90 of 105; the best other in row or column is 10 / 195.
    assert found.new[1].jaccard == pytest.approx(90 / 105)
    assert found.new[1].margin == pytest.approx(90 / 105 - 10 / 195)


def test_a_split_by_hand() -> None:
    # The lion's 100 become 65 and 35; the 35 are a segment of their own with 5 bears.
    found = match(table([65, 0, 35], [0, 95, 5]))
    assert kinds(found) == [("same", 0), ("same", 1), ("split", None)]
    assert (found.new[2].sources, found.new[2].shares) == ((0,), (35 / 40,))
    assert fates(found) == [("split", (0, 2)), ("kept", (1,))]
    notes = new_notes(found, NAMES)
    assert notes[0] is None
    assert notes[2] == {
        "en": "Split since the previous run from the segment called Lion: of the customers in it today, the borders of "
        "that run would put 88% in the segment then called Lion.",
        "fr": "Détaché depuis le calcul précédent du segment appelé Lion : des clients qui y sont aujourd'hui, les "
        "frontières de ce calcul en mettraient 88 % dans le segment alors appelé Lion.",
    }
    told = old_notes(found, NAMES[:2], [NAMES[0], NAMES[1], NAMES[3]])
    assert told[0] == {
        "en": "The segment called Lion (segment 0 then) has split into the segments called Lion (segment 0 now) and "
        "Owl.",
        "fr": "Le segment appelé Lion (segment 0 alors) s'est divisé entre les segments appelés Lion (segment 0 "
        "désormais) et Hibou.",
    }


def test_a_segment_that_falls_to_pieces_is_split_and_none_of_them_bears_its_name() -> None:
    found = match(table([20, 20, 20, 20, 20, 0], [0, 0, 0, 0, 0, 50]), Thresholds(floor=0.25))
    assert [one.kind for one in found.new] == ["split"] * 5 + ["same"]
    assert fates(found) == [("split", (0, 1, 2, 3, 4)), ("kept", (5,))]


def test_a_merge_by_hand() -> None:
    # 60 of the 80 foxes are now with the bears, who are 120 of that segment's 180; 20 are lions.
    found = match(table([100, 0], [0, 120], [20, 60]))
    assert kinds(found) == [("same", 0), ("merged", 1)]
    assert (found.new[1].sources, found.new[1].shares) == ((1, 2), (120 / 180, 60 / 180))
    assert fates(found) == [("kept", (0,)), ("kept", (1,)), ("merged", (1,))]
    assert new_notes(found, NAMES)[1] == {
        "en": "Merged since the previous run: of the customers in it today, the borders of that run would put 33% in "
        "the segment then called Fox.",
        "fr": "Fusionné depuis le calcul précédent : des clients qui y sont aujourd'hui, les frontières de ce calcul "
        "en mettraient 33 % dans le segment alors appelé Renard.",
    }
    told = old_notes(found, NAMES[:3], NAMES)
    assert told[2] == {
        "en": "The segment called Fox has merged into the segment called Bear.",
        "fr": "Le segment appelé Renard s'est fondu dans le segment appelé Ours.",
    }
    # A fox into what is now called a fox as well: numbers tell them apart, as they are in the tables.
    told = old_notes(found, NAMES[:3], [NAMES[0], NAMES[2]], (4, 7))
    assert told[2] == {
        "en": "The segment called Fox (segment 6 then) has merged into the segment called Fox (segment 8 now).",
        "fr": "Le segment appelé Renard (segment 6 alors) s'est fondu dans le segment appelé Renard (segment 8 "
        "désormais).",
    }


def test_a_handful_that_joins_a_large_segment_does_not_make_it_a_merged_one() -> None:
    found = match(table([100, 0], [0, 200], [0, 10]))
    assert kinds(found) == [("same", 0), ("same", 1)]
    assert fates(found)[2] == ("merged", (1,))


def test_a_new_segment_by_hand() -> None:
    # 30 lions, 40 bears and 30 foxes make a segment that none of them is most of.
    found = match(table([100, 0, 0, 30], [0, 100, 0, 40], [0, 0, 100, 30]))
    assert kinds(found) == [("same", 0), ("same", 1), ("same", 2), ("new", None)]
    assert [fate for fate, _ in fates(found)] == ["kept"] * 3
    assert new_notes(found, NAMES)[3] == {
        "en": "New since the previous run: of the customers in it today, the borders of that run would put 40% in the "
        "segment then called Bear, more than in any other.",
        "fr": "Nouveau depuis le calcul précédent : des clients qui y sont aujourd'hui, les frontières de ce calcul en "
        "mettraient 40 % dans le segment alors appelé Ours, plus que dans tout autre.",
    }


def test_vanished_segments_by_hand() -> None:
    # The foxes went to three segments in equal parts, and of the owls nobody is left.
    found = match(table([100, 0, 0], [0, 100, 0], [10, 10, 10], [0, 0, 0]))
    assert kinds(found) == [("same", 0), ("same", 1), ("same", 2)]
    found = match(table([100, 0], [0, 100], [10, 10], [0, 0]))
    assert fates(found)[2:] == [("vanished", ()), ("vanished", ())]
    told = old_notes(found, NAMES, NAMES)
    assert told[3] == {
        "en": "The segment called Owl has vanished: its customers, if any are left, are spread over the others.",
        "fr": "Le segment appelé Hibou a disparu : ses clients, s'il en reste, sont répartis entre les autres.",
    }


def test_an_ambiguous_match_keeps_the_name_and_is_flagged() -> None:
    # Of 100 lions 51 and 49: Jaccard .51 and .49, margin .02; at 52 and 48 the margin .04 is enough.
    close, clear = match(table([51, 49, 0], [0, 0, 80])), match(table([52, 48, 0], [0, 0, 80]))
    assert kinds(close) == [("ambiguous", 0), ("split", None), ("same", 1)]
    assert close.new[0].margin == pytest.approx(0.02)
    assert close.new[0].doubtful
    assert kinds(clear)[0] == ("same", 0)
    assert kinds(match(table([52, 48, 0], [0, 0, 80]), Thresholds(margin=0.05)))[0] == ("ambiguous", 0)
    note = new_notes(close, NAMES)[0]
    assert note is not None
    assert note["en"].startswith("Keeps its name")


def test_the_rival_of_a_match_may_be_in_its_column() -> None:
    # Two old segments of 51 and 49 in one: the column decides, and it is a merge all the same.
    found = match(table([51, 0], [49, 0], [0, 80]))
    assert kinds(found) == [("merged", 0), ("same", 2)]
    assert found.new[0].doubtful


def test_a_pair_that_shares_too_little_is_no_match() -> None:
    # The best sum pairs old 0 with new 1, of which it is 10 in 150: under the floor, so each is judged alone.
    found = match(table([0, 10, 90], [0, 0, 100], [50, 50, 0]))
    assert kinds(found) == [("same", 2), ("split", None), ("merged", 1)]
    assert fates(found) == [("merged", (2,)), ("kept", (2,)), ("split", (0, 1))]
    assert kinds(match(table([0, 10, 90], [0, 0, 100], [50, 50, 0]), Thresholds(floor=0.05)))[1] == ("ambiguous", 0)


LABELS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 5)), min_size=1, max_size=60)


@settings(deadline=None)
@given(LABELS, st.permutations(range(5)), st.permutations(range(6)))
def test_numbers_do_not_matter(labels: list[tuple[int, int]], olds: list[int], news: list[int]) -> None:
    # A little of each cell's own in every count, so that there is one best set of pairs.
    rng = np.random.default_rng(5)
    old, new = np.array(labels, dtype=np.int32).T
    plain = contingency(old, new, 5, 6) + rng.uniform(0.001, 0.01, (5, 6))
    shuffled = np.empty_like(plain)
    shuffled[np.ix_(olds, news)] = plain
    first, second = match(plain), match(shuffled)
    for number, one in enumerate(first.new):
        other = second.new[news[number]]
        assert other.kind == one.kind
        assert other.previous == (None if one.previous is None else olds[one.previous])
        assert other.sources == tuple(olds[source] for source in one.sources)
    for number, was in enumerate(first.old):
        assert second.old[olds[number]].fate == was.fate
        assert set(second.old[olds[number]].into) == {news[into] for into in was.into}


@settings(deadline=None)
@given(LABELS, st.permutations(range(5)))
def test_identical_labelings_are_all_the_same(labels: list[tuple[int, int]], renamed: list[int]) -> None:
    old = np.unique([first for first, _ in labels], return_inverse=True)[1].astype(np.int32)
    k = int(old.max()) + 1
    order = np.argsort([name for name in renamed if name < k])
    found = match(contingency(old, order.astype(np.int32)[old], k, k))
    assert {(one.kind, one.jaccard, one.doubtful) for one in found.new} == {("same", 1.0, False)}
    assert found.heirs.tolist() == order.tolist()


@settings(deadline=None)
@given(LABELS)
def test_every_name_has_at_most_one_heir_and_the_two_sides_agree(labels: list[tuple[int, int]]) -> None:
    old, new = np.array(labels, dtype=np.int32).T
    found = match(contingency(old, new, 5, 6))
    previous = [one.previous for one in found.new if one.previous is not None]
    assert len(previous) == len(set(previous))
    for number, one in enumerate(found.new):
        if one.previous is not None:
            assert found.old[one.previous].fate in ("kept", "split")
            assert found.old[one.previous].into[0] == number
        if one.kind == "split":
            assert number in found.old[one.sources[0]].into or found.old[one.sources[0]].fate == "merged"
        assert 0 <= sum(one.shares) <= 1 + 1e-12
