"""Which new segment is which old one, by the customers that they share and never by their numbers.

The same customers are labelled by the old model and by the new one, and counted in a table (k_old, k_new). The
similarity of two segments is the Jaccard index of their customers, and pairs are made one to one with the largest
sum of it (the assignment problem: Kuhn, The Hungarian method, 1955). The *margin* of a pair is its Jaccard minus
the best other one in its row or column. The words, with their defaults in `Thresholds`:

- A pair is a *match* when its Jaccard is at least `floor` (0.25, which the largest part of a split in four still
  reaches). The others are left over. A match is *doubtful* when its margin is under `margin` (0.03).
- A new segment that is left over is *split* when more than half of its customers come from one old segment, and
  *new* when they do not.
- An old segment that is left over is *merged* when more than half of its customers are in one new segment; else
  *split* when a new segment split from it; else *vanished*, also when none of the customers were in it.
- A new segment that is matched is *merged* when the old segments merged into it bring at least `part` (0.1) of its
  customers; else *ambiguous* when the match is doubtful; else *same*. All three keep the previous name.
- An old segment that is matched is *split* when a new segment split from it, else *kept*.

On an exact tie of the sums which pair is made is arbitrary but fixed.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from bestiary.segments.agreement import jaccard, pairs
from bestiary.segments.transform import Floats, Ints

Kind = Literal["same", "ambiguous", "new", "split", "merged"]
Fate = Literal["kept", "merged", "split", "vanished"]


@dataclass(frozen=True)
class Thresholds:
    """The settings of `match`, all shares from 0 to 1; see the module's words."""

    margin: float = 0.03
    floor: float = 0.25
    half: float = 0.5
    part: float = 0.1


@dataclass(frozen=True)
class Match:
    """What a new segment is.

    `previous` is the old segment whose name it keeps, `jaccard` and `margin` those of the match; all three are None
    for "new" and "split". `doubtful` says that the margin is under the threshold, whatever the kind. `sources` are
    the old segments that it is made of by the rule of its kind, largest first: its previous one and those merged
    into it, the one that it split from, or for "new" the one that most of its customers come from. `shares` are
    the parts of the new segment's customers that came from each of them.
    """

    kind: Kind
    previous: int | None
    jaccard: float | None
    margin: float | None
    doubtful: bool
    sources: tuple[int, ...]
    shares: tuple[float, ...]


@dataclass(frozen=True)
class Outcome:
    """What became of an old segment: `into` are the new segments that it was kept as, merged into or split into."""

    fate: Fate
    into: tuple[int, ...]


@dataclass(frozen=True)
class Matching:
    """`new` per new segment, `old` per old segment."""

    new: tuple[Match, ...]
    old: tuple[Outcome, ...]

    @property
    def heirs(self) -> Ints:
        """For each old segment (k_old,) the new one that keeps its name, -1 where there is none."""
        heirs = np.full(len(self.old), -1, dtype=np.int32)
        for number, match in enumerate(self.new):
            if match.previous is not None:
                heirs[match.previous] = number
        return heirs


def match(table: Floats, thresholds: Thresholds | None = None) -> Matching:
    """Match new to old segments from a table (k_old, k_new) of the same customers, k_old and k_new >= 1."""
    rules = thresholds or Thresholds()
    similarity = jaccard(table)
    matched = {new: old for old, new in pairs(similarity) if similarity[old, new] >= rules.floor}
    heirs = {old: new for new, old in matched.items()}
    split = {new: old for new in range(table.shape[1]) if (old := _origin(table, new, matched, rules)) is not None}
    joined = {old: new for old in range(len(table)) if (new := _joins(table, old, heirs, rules)) is not None}
    return Matching(
        tuple(_judge(table, similarity, new, matched, split, joined, rules) for new in range(table.shape[1])),
        tuple(_fate(old, heirs, split, joined) for old in range(len(table))),
    )


def _origin(table: Floats, new: int, matched: dict[int, int], rules: Thresholds) -> int | None:
    """The old segment that a left-over new one split from."""
    column = table[:, new]
    largest = int(np.argmax(column))
    return largest if new not in matched and column[largest] > rules.half * column.sum() else None


def _joins(table: Floats, old: int, heirs: dict[int, int], rules: Thresholds) -> int | None:
    """The new segment that a left-over old one merged into."""
    row = table[old]
    largest = int(np.argmax(row))
    return largest if old not in heirs and row[largest] > rules.half * row.sum() else None


def _judge(
    table: Floats,
    similarity: Floats,
    new: int,
    matched: dict[int, int],
    split: dict[int, int],
    joined: dict[int, int],
    rules: Thresholds,
) -> Match:
    column = table[:, new]
    shares = column / max(column.sum(), 1e-300)
    if new not in matched:
        source = split[new] if new in split else int(np.argmax(column))
        sources = (source,) if column[source] > 0 else ()
        told = tuple(float(shares[one]) for one in sources)
        return Match("split" if new in split else "new", None, None, None, False, sources, told)
    previous = matched[new]
    others = np.concatenate([np.delete(similarity[:, new], previous), np.delete(similarity[previous], new)])
    margin = float(similarity[previous, new] - others.max(initial=0.0))
    doubtful = margin < rules.margin
    guests = [old for old, into in joined.items() if into == new]
    merged = bool(guests) and float(shares[guests].sum()) >= rules.part
    members = [previous, *(guests if merged else [])]
    ordered = tuple(sorted(members, key=lambda old: (-column[old], old)))
    kind: Kind = "merged" if merged else "ambiguous" if doubtful else "same"
    told = tuple(float(shares[one]) for one in ordered)
    return Match(kind, previous, float(similarity[previous, new]), margin, doubtful, ordered, told)


def _fate(old: int, heirs: dict[int, int], split: dict[int, int], joined: dict[int, int]) -> Outcome:
    parts = tuple(new for new, source in split.items() if source == old)
    if old in heirs:
        return Outcome("split" if parts else "kept", (heirs[old], *parts))
    if old in joined:
        return Outcome("merged", (joined[old],))
    return Outcome("split", parts) if parts else Outcome("vanished", ())
