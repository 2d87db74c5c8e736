"""Cutting a tree back, polishing it and rounding its thresholds: laws that hold for any customers."""

import functools
import itertools
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bestiary.segments import kmeans, tree
from bestiary.segments.draft import LEAF, Draft, best_cut, polish, prune, read_easily
from bestiary.segments.transform import Floats, Ints, learn_log1p
from bestiary.segments.tree import Shape, grow, split

ROLES = ("recency", "frequency", "monetary")
SHAPE = Shape(depth=7, leaves_per_segment=3, least_share=0.002)


def random_draft(random: np.random.Generator, depth: int, columns: int = 3) -> Draft:
    draft = Draft()

    def add(level: int) -> int:
        if level == depth or (level and random.random() < 0.25):
            return draft.add(LEAF, 0.0, int(random.integers(3)))
        node = draft.add(int(random.integers(columns)), float(random.integers(1, 9)) + 0.5, 0)
        draft.left[node] = add(level + 1)
        draft.right[node] = add(level + 1)
        return node

    add(0)
    return draft


def shop(random: np.random.Generator, size: int) -> tuple[Floats, Ints]:
    rows = random.integers(0, 10, (size, 3)).astype(np.float64)
    return rows, ((rows[:, 0] + rows[:, 1] > 9).astype(np.int32) + (rows[:, 2] > rows[:, 0])).astype(np.int32)


def errors(draft: Draft, rows: Floats, labels: Ints) -> int:
    return int((draft.says(rows) != labels).sum())


def fewest(draft: Draft, rows: Floats, labels: Ints, node: int = 0) -> dict[int, int]:
    """By number of leaves, the fewest errors of any subtree: all of them tried."""
    found = {1: len(labels) - (int(np.bincount(labels).max()) if len(labels) else 0)}
    if draft.column[node] != LEAF:
        low = rows[:, draft.column[node]] <= draft.threshold[node]
        left = fewest(draft, rows[low], labels[low], draft.left[node])
        right = fewest(draft, rows[~low], labels[~low], draft.right[node])
        for (a, one), (b, other) in itertools.product(left.items(), right.items()):
            found[a + b] = min(found.get(a + b, len(labels)), one + other)
    return found


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10_000), st.integers(1, 9))
def test_a_tree_cut_back_errs_as_little_as_any_subtree(seed: int, most: int) -> None:
    random = np.random.default_rng(seed)
    draft, (rows, labels) = random_draft(random, 4), shop(random, 200)
    cut = prune(draft, rows, labels, 3, most)
    assert len(cut.leaves()) <= most
    least, leaves = min((n, leaves) for leaves, n in fewest(draft, rows, labels).items() if leaves <= most)
    assert (errors(cut, rows, labels), len(cut.leaves())) == (least, leaves)
    for node, column in enumerate(cut.column):
        if column != LEAF and cut.column[cut.left[node]] == cut.column[cut.right[node]] == LEAF:
            assert cut.segment[cut.left[node]] != cut.segment[cut.right[node]]


def test_cut_back_by_hand() -> None:
    draft = Draft(
        column=[0, LEAF, 0, LEAF, LEAF],
        threshold=[1.5, 0, 2.5, 0, 0],
        left=[1, LEAF, 3, LEAF, LEAF],
        right=[2, LEAF, 4, LEAF, LEAF],
        segment=[0, 0, 0, 0, 0],
    )
    rows, labels = np.array([[1.0], [2], [3], [3]]), np.array([0, 1, 0, 0], dtype=np.int32)
    assert [errors(prune(draft, rows, labels, 2, most), rows, labels) for most in (1, 2, 3)] == [1, 1, 0]
    assert [len(prune(draft, rows, labels, 2, most).leaves()) for most in (1, 2, 3)] == [1, 1, 3]


def test_of_subtrees_that_err_alike_the_smallest_is_kept() -> None:
    draft = Draft(
        column=[0, 0, 0, LEAF, LEAF, LEAF, 0, LEAF, LEAF],
        threshold=[2.5, 1.5, 3.5, 0, 0, 0, 4.5, 0, 0],
        left=[1, 3, 5, LEAF, LEAF, LEAF, 7, LEAF, LEAF],
        right=[2, 4, 6, LEAF, LEAF, LEAF, 8, LEAF, LEAF],
        segment=[0] * 9,
    )
    rows = np.repeat([[1.0], [2], [3], [4], [5]], [5, 2, 5, 2, 5], axis=0)
    labels = np.repeat(np.array([0, 1, 0, 1, 0], dtype=np.int32), [5, 2, 5, 2, 5])
    # with 4 leaves: 2 and 1, or 1 and 3, and either way two customers are told wrong
    assert [len(prune(draft, rows, labels, 2, most).leaves()) for most in (3, 4, 5)] == [3, 3, 5]
    assert [errors(prune(draft, rows, labels, 2, most), rows, labels) for most in (3, 4, 5)] == [2, 2, 0]


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10_000), st.integers(1, 12))
def test_polishing_never_errs_more_and_empties_no_leaf(seed: int, least: int) -> None:
    random = np.random.default_rng(seed)
    rows, labels = shop(random, 300)
    draft = prune(random_draft(random, 4), rows, labels, 3, 9)
    before = errors(draft, rows, labels)
    held = np.bincount(draft.walk(rows), minlength=len(draft.column))[draft.leaves()].min()
    polish(draft, rows, labels, least)
    assert errors(draft, rows, labels) <= before
    after = np.bincount(draft.walk(rows), minlength=len(draft.column))[draft.leaves()].min()
    assert after >= min(least, held)


def test_polishing_finds_the_question_that_was_asked_wrongly() -> None:
    random = np.random.default_rng(0)
    rows = random.integers(0, 10, (300, 3)).astype(np.float64)
    labels = (rows[:, 2] > 4).astype(np.int32)
    draft = Draft([0, LEAF, LEAF], [3.5, 0, 0], [1, LEAF, LEAF], [2, LEAF, LEAF], [0, 0, 1])
    polish(draft, rows, labels, 1)
    assert (draft.column[0], draft.threshold[0]) == (2, 4.5)
    assert errors(draft, rows, labels) == 0


@settings(deadline=None)
@given(st.integers(0, 10_000))
def test_the_best_question_is_the_best_of_all(seed: int) -> None:
    random = np.random.default_rng(seed)
    rows = random.integers(0, 5, (int(random.integers(1, 20)), 2)).astype(np.float64)
    lefts = random.random(len(rows)) < 0.5
    tried = [
        int(((rows[:, column] <= threshold) != lefts).sum())
        for column in range(2)
        for threshold in np.unique(rows[:, column])[:-1]
    ]
    found = best_cut(rows, lefts)
    assert (found is None) == (not tried)
    if found is not None:
        assert found[0] == min(tried) == int(((rows[:, found[1]] <= found[2]) != lefts).sum())


def test_a_threshold_between_neighbouring_numbers_parts_them() -> None:
    low, high = 1.0, float(np.nextafter(1.0, 2.0))
    found = best_cut(np.array([[low], [high]]), np.array([True, False]))
    assert found == (0, 0, low)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.floats(0, 0.2))
def test_round_thresholds_cost_no_more_than_they_may(seed: int, share: float) -> None:
    random = np.random.default_rng(seed)
    rows, labels = shop(random, 400)
    rows[:, 1:] = (rows[:, 1:] + random.random((400, 2))) * random.uniform(0.1, 99.9)
    draft = random_draft(random, 3)
    polish(draft, rows, labels, 1)
    draft = prune(draft, rows, labels, 3, 8)
    before = Draft(*(list(values) for values in vars(draft).values()))
    read_easily(draft, rows, labels, share)
    assert errors(draft, rows, labels) <= errors(before, rows, labels) + share * len(rows)
    changed = [new != old for new, old in zip(draft.threshold, before.threshold, strict=True)]
    assert not any(one and column == 0 for one, column in zip(changed, draft.column, strict=True))


def test_amounts_are_round_and_counts_stay() -> None:
    rows = np.array([[1.0, 10.17], [2.0, 10.21], [3.0, 123.456], [4.0, 987.654]])
    labels = np.array([0, 0, 1, 1], dtype=np.int32)
    draft = Draft([1, LEAF, LEAF], [66.833, 0, 0], [1, LEAF, LEAF], [2, LEAF, LEAF], [0, 0, 1])
    read_easily(draft, rows, labels)
    assert draft.threshold[0] == 70.0
    close = Draft([1, LEAF, LEAF], [10.19, 0, 0], [1, LEAF, LEAF], [2, LEAF, LEAF], [0, 0, 1])
    read_easily(close, rows, np.array([0, 1, 1, 1], dtype=np.int32))
    assert close.threshold[0] == 10.2
    count = Draft([0, LEAF, LEAF], [2.5, 0, 0], [1, LEAF, LEAF], [2, LEAF, LEAF], [0, 0, 1])
    read_easily(count, rows, labels)
    assert count.threshold[0] == 2.5


@functools.cache
def population(size: int = 8_000) -> Floats:
    """Buyers as a shop has them: many with one purchase, the recent ones frequent, values lognormal."""
    random = np.random.default_rng(7)
    eager = random.normal(size=size)
    frequency = 1 + random.poisson(np.exp(0.9 * eager - 0.4))
    recency = np.floor(np.minimum(210, random.gamma(1.3, 70 * np.exp(-0.5 * eager))))
    monetary = np.round(frequency * random.lognormal(4.5 + 0.2 * eager, 0.8), 2)
    return np.column_stack([recency, frequency, monetary]).astype(np.float64)


def cdnow(shared_data: Path) -> Floats:
    """Buyers of the first 39 weeks of CDNOW, a tenth of the cohort, as of 1997-10-01."""
    bought: dict[str, list[tuple[date, float]]] = {}
    for line in (shared_data / "cdnow" / "CDNOW_sample.txt").read_text(encoding="ascii").splitlines():
        _, customer, day, _, dollars = line.split()
        if day < "19971001":
            bought.setdefault(customer, []).append((date.fromisoformat(day), float(dollars)))
    return np.array(
        [
            ((date(1997, 10, 1) - max(day for day, _ in some)).days, len({d for d, _ in some}), sum(m for _, m in some))
            for some in bought.values()
        ],
        dtype=np.float64,
    )


def segmented(rows: Floats, k: int) -> Ints:
    group = kmeans.distinct(learn_log1p(rows).apply(rows))
    return kmeans.cluster(group.points, group.weights, k, 0).labels[group.index]


def fidelity(rows: Floats, labels: Ints, k: int, seed: int) -> float:
    part = split(labels, 0.2, seed)
    grown = grow(rows, labels, k, part, ROLES, SHAPE, seed)
    assert sum(node.column is None for node in grown.nodes) <= 3 * k
    said = np.array([node.segment for node in grown.nodes])[grown.walk(rows[part.test], ROLES)]
    return float((said == labels[part.test]).mean())


@pytest.mark.parametrize("k", range(4, 9))
def test_three_leaves_a_segment_are_faithful_to_nine_in_ten(k: int, shared_data: Path) -> None:
    for rows in (population(), cdnow(shared_data)):
        labels = segmented(rows, k)
        assert np.mean([fidelity(rows, labels, k, seed) for seed in range(3)]) >= 0.9


def test_the_same_customers_and_seed_give_the_same_tree() -> None:
    rows = population()
    labels = segmented(rows, 5)
    part = split(labels, 0.2, 0)
    first, again = (grow(rows, labels, 5, part, ROLES, SHAPE, 3) for _ in range(2))
    assert first.nodes == again.nodes
    assert (first.shares == again.shares).all()


def test_a_tree_of_many_customers_is_shaped_on_a_sample_and_counted_on_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "SAMPLE", 2_000)
    rows = population()
    labels = segmented(rows, 5)
    part = split(labels, 0.2, 0)
    grown = grow(rows, labels, 5, part, ROLES, SHAPE, 0)
    assert grown.nodes[0].customers == len(rows)
    assert grown.shares[0] == pytest.approx(np.bincount(labels[part.train]) / len(part.train))
    for node in grown.nodes:
        assert node.segment == int(np.argmax(grown.shares[node.id]))
    assert fidelity(rows, labels, 5, 0) > 0.9
