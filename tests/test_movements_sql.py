"""Settling, movements and their counts, as DuckDB computes them: worked by hand, and laws over random runs."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bestiary.segments
from bestiary.segments.assign import MOVED
from bestiary.segments.follow.flows import count_flows, stored
from bestiary.sql import render

HERE = Path(bestiary.segments.__file__).parent
MARGIN, ENOUGH = 0.1, 3
Id = int | str
Place = tuple[int | None, int | None]
"""Segment and settled segment."""
Given = tuple[int, float | None, int]
"""Segment, confidence and events."""
Moves = list[tuple[Id, int | None, int | None]]


class Runs:
    """Runs of a shop, one after another, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.number = folder, 0
        self.connection = duckdb.connect()

    @property
    def last(self) -> Path:
        return self.folder / f"{self.number}.parquet"

    def run(
        self, given: Mapping[Id, Given], heirs: Mapping[int, int] | None = None, k: tuple[int, int] = (4, 4)
    ) -> tuple[dict[Id, Place], Moves, np.ndarray[tuple[int, ...], np.dtype[np.int64]]]:
        """Place customers as a fit does: everyone's place, the movements, and the counts of them."""
        con, before = self.connection, self.last if self.number else None
        text = any(isinstance(one, str) for one in given)
        con.execute(f"CREATE OR REPLACE TABLE buyers (place INT, user_id {'TEXT' if text else 'BIGINT'}, events INT)")
        con.execute(
            "CREATE OR REPLACE TABLE buyers_labels (place INT, segment INT, second INT, confidence DOUBLE, "
            "expected_value DOUBLE, expected_low DOUBLE, expected_high DOUBLE)"
        )
        for place, (user, (segment, confidence, events)) in enumerate(given.items()):
            con.execute("INSERT INTO buyers VALUES (?, ?, ?)", [place, user, events])
            con.execute(
                "INSERT INTO buyers_labels VALUES (?, ?, NULL, ?, NULL, NULL, NULL)", [place, segment, confidence]
            )
        con.execute("CREATE OR REPLACE TABLE names (segment INT, persona TEXT)")
        con.execute("CREATE OR REPLACE TABLE heirs (old INT, new INT)")
        for old, new in (heirs if heirs is not None else {one: one for one in range(4)}).items():
            con.execute("INSERT INTO heirs VALUES (?, ?)", [old, new])
        shared = {
            "tables": ["buyers"],
            "min_events": ENOUGH,
            "before": before and str(before),
            "margin": MARGIN,
            "buyers": 99,
        }
        con.execute(render(HERE / "placed.sql", **shared))
        con.execute(render(HERE / "movements.sql", as_of="2026-03-01", **shared))
        moves = con.execute(f'SELECT user_id, "from", "to" FROM flows WHERE {MOVED} ORDER BY user_id').fetchall()
        counts = count_flows(con, stored(before), "placed", *k) if before else np.zeros((k[0] + 2, k[1] + 2), np.int64)
        places = {
            user: (one, other)
            for user, one, other in con.execute("SELECT user_id, segment, settled FROM placed").fetchall()
        }
        self.number += 1
        con.execute(f"COPY placed TO '{self.last}' (FORMAT parquet)")
        return places, moves, counts


def sure(*segments: int) -> dict[Id, Given]:
    return {user: (segment, 0.9, 9) for user, segment in enumerate(segments)}


def test_a_clear_or_repeated_placement_settles_and_a_single_doubtful_one_does_not(tmp_path: Path) -> None:
    cases: dict[str, tuple[Sequence[tuple[int, float | None]], int]] = {
        "clear": ([(0, 0.9), (1, 0.5)], 1),
        "exactly at the margin": ([(0, 0.9), (1, 0.1)], 1),
        "doubtful": ([(0, 0.9), (1, 0.09)], 0),
        "doubtful twice": ([(0, 0.9), (1, 0.01), (1, 0.01)], 1),
        "doubtful elsewhere": ([(0, 0.9), (1, 0.01), (2, 0.01)], 0),
        "back, doubtful": ([(0, 0.9), (1, 0.01), (0, 0.0)], 0),
        "doubtful at first": ([(2, 0.0)], 2),
        "no confidence": ([(0, None), (1, None)], 0),
        "no confidence, twice": ([(0, None), (1, None), (1, None)], 1),
    }
    for number, (name, (times, expected)) in enumerate(cases.items()):
        (tmp_path / str(number)).mkdir()
        runs = Runs(tmp_path / str(number))
        places = [runs.run({7: (segment, confidence, 9)})[0] for segment, confidence in times]
        assert places[-1][7] == (times[-1][0], expected), name


def test_a_customer_on_a_border_does_not_flap(tmp_path: Path) -> None:
    runs = Runs(tmp_path)
    moves = [runs.run({7: (segment, 0.02, 9)})[1] for segment in (0, 1, 0, 1, 0, 1, 0)]
    assert moves == [[]] * 7
    assert runs.run({7: (1, 0.02, 9)})[1] == []
    assert runs.run({7: (1, 0.02, 9)})[1] == [(7, 0, 1)]


@pytest.mark.parametrize("text", [False, True])
def test_movements_and_counts_by_hand(tmp_path: Path, text: bool) -> None:
    def ids(given: Mapping[int, Given]) -> dict[Id, Given]:
        return {str(user) if text else user: one for user, one in given.items()}

    runs = Runs(tmp_path)
    old: dict[int, Given] = {
        10: (0, 1.0, 9),
        20: (1, 1.0, 9),
        30: (2, 1.0, 9),
        40: (2, 1.0, 9),
        50: (0, 1.0, 9),
        80: (0, 1.0, 1),
    }
    runs.run(ids(old))
    # Old 0 is new 1, old 1 is new 0, old 2 has no heir, new 2 is new.
    new: dict[int, Given] = {
        10: (1, 1.0, 9),
        20: (1, 1.0, 9),
        30: (2, 1.0, 9),
        60: (2, 1.0, 9),
        70: (1, 1.0, 2),
        80: (0, 1.0, 3),
    }
    places, moves, counts = runs.run(ids(new), {0: 1, 1: 0}, (3, 3))
    # 10 went from 0 to its heir 1: no event. 20 left 1 (now 0) for 1. 30's segment is gone. 40 and 50 lapsed,
    # 60 is new, 70 is too early, and of 80 there is enough to go by now.
    expected = [(20, 1, 1), (30, 2, 2), (40, 2, None), (50, 0, None), (60, None, 2), (80, None, 0)]
    assert [(int(user), source, target) for user, source, target in moves] == expected
    assert places["70" if text else 70] == (None, None)
    kinds = runs.connection.execute(f"SELECT kind FROM flows WHERE {MOVED} ORDER BY user_id").fetchall()
    assert [kind for (kind,) in kinds] == ["moved", "moved", "lapsed", "lapsed", "new", "placed"]
    later = {10: (1, 1.0, 2), 20: (1, 1.0, 9), 70: (1, 1.0, 2)}
    runs.run(ids(later), {0: 0, 1: 1, 2: 2}, (3, 3))
    told = runs.connection.execute(f"SELECT user_id, kind FROM flows WHERE {MOVED} ORDER BY user_id").fetchall()
    # 10 has too few events now; 70, who had too few before as well, is told of by nobody.
    assert [(int(user), kind) for user, kind in told] == [(10, "too early"), *((one, "lapsed") for one in (30, 60, 80))]
    # Rows 0, 1, 2, too early, new; columns 0, 1, 2, too early, gone.
    assert counts.tolist() == [[0, 1, 0, 0, 1], [0, 1, 0, 0, 0], [0, 0, 1, 0, 1], [1, 0, 0, 0, 0], [0, 0, 1, 1, 0]]


def test_settling_follows_the_heirs(tmp_path: Path) -> None:
    runs = Runs(tmp_path)
    runs.run({3: (0, 0.0, 9), 1: (1, 0.0, 9), 2: (2, 0.0, 9)})
    doubtful: dict[Id, Given] = {1: (0, 0.01, 9), 2: (0, 0.01, 9), 3: (1, 0.01, 9), 4: (1, 0.01, 9)}
    places, _, _ = runs.run(doubtful, {0: 1, 1: 0})
    # 1: was 1, now called 0, placed in 0. 2: no heir, settles in 0. 3: was 0, now called 1. 4: new.
    assert {user: one[1] for user, one in places.items()} == {1: 0, 2: 0, 3: 1, 4: 1}


SOME = st.dictionaries(
    st.integers(0, 12),
    st.tuples(st.integers(0, 3), st.one_of(st.none(), st.sampled_from([0.0, 0.05, 0.1, 0.8])), st.integers(1, 5)),
    min_size=1,
    max_size=10,
)


@settings(deadline=None, max_examples=40)
@given(SOME, SOME, SOME, st.permutations(range(4)), st.integers(0, 4))
def test_the_laws_hold_over_any_runs(
    first: dict[int, Given], second: dict[int, Given], third: dict[int, Given], order: list[int], kept: int
) -> None:
    heirs = dict(list(enumerate(order))[:kept])
    with TemporaryDirectory() as folder:
        runs = Runs(Path(folder))
        before, moves, _ = runs.run(_named(first))
        assert moves == []
        for given in (second, third):
            places, moves, counts = runs.run(_named(given), heirs)
            for user, (segment, confidence, events) in given.items():
                assert places[user] == _expected(before.get(user), segment, confidence, events, heirs)
            _close(before, places, counts)
            _told(before, places, moves, heirs)
            before = places


def _named(given: dict[int, Given]) -> dict[Id, Given]:
    return {user: one for user, one in given.items()}  # noqa: C416 - ids are numbers or texts


def _expected(was: Place | None, segment: int, confidence: float | None, events: int, heirs: dict[int, int]) -> Place:
    """The rule, one customer at a time."""
    if events < ENOUGH:
        return None, None
    placed, settled = (None if one is None else heirs.get(one) for one in was or (None, None))
    stays = settled is not None and segment != placed and (confidence is None or confidence < MARGIN)
    return segment, settled if stays else segment


def _close(
    before: dict[Id, Place], after: dict[Id, Place], counts: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
) -> None:
    """Rows and columns sum to who was there and who is; the whole to the customers of either run."""
    for places, sums in ((before, counts[:5].sum(axis=1)), (after, counts[:, :5].sum(axis=0))):
        settled = [4 if one[1] is None else one[1] for one in places.values()]
        assert sums.tolist() == np.bincount(settled, minlength=5).tolist()
    assert counts[5].sum() == len(after.keys() - before.keys())
    assert counts[:, 5].sum() == len(before.keys() - after.keys())
    assert counts.sum() == len(before.keys() | after.keys())


def _told(before: dict[Id, Place], after: dict[Id, Place], moves: Moves, heirs: dict[int, int]) -> None:
    """A movement for everyone whose segment is not the heir of the one before, and for nobody else."""
    wanted = []
    for user in sorted(before.keys() | after.keys()):
        source, target = before.get(user, (None, None))[1], after.get(user, (None, None))[1]
        if (source, target) != (None, None) and (source is None or heirs.get(source) != target or target is None):
            wanted.append((user, source, target))
    assert moves == wanted
