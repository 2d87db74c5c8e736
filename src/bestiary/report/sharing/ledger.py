"""Counts of people that add up to one another, and which of them are held back so that none below k can be worked out.

Complementary suppression: a cell of fewer than k people is held back, and on every line (a total with its parts) so
much more that what is held back there is at least k people in at least two cells. Whether that was enough is then
asked of the attacker's own means: with all that is told as equations, and counts not below 0, linear programming gives
the range in which each held-back cell can lie (Fischetti and Salazar, "Models and algorithms for optimizing cell
suppression in tabular data with linear constraints", 2000). The protection level is k: the range of every cell of 1 to
k - 1 people is at least k wide, or more cells are held back. An empty cell is about nobody and needs no range.
"""

import math
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Key = Hashable
UNBOUNDED = 3
"""What scipy says where a count may be as large as one likes."""
TIGHT = 1e-6
"""What two ranges may differ by and still count as equally wide."""


@dataclass
class Ledger:
    """Cells (key: people) and lines (a total's key, its parts' keys); `settle` decides which are `hidden`.

    Keys in `unsaid` stand nowhere on the page: they are what remains of a total beside its parts.
    """

    k: int
    cells: dict[Key, int] = field(default_factory=dict)
    lines: list[tuple[Key, tuple[Key, ...]]] = field(default_factory=list)
    unsaid: set[Key] = field(default_factory=set)
    hidden: set[Key] = field(default_factory=set)

    def cell(self, key: Key, people: int) -> None:
        """A count that is on the page."""
        self.cells[key] = int(people)

    def line(self, total: Key, people: int, parts: Mapping[Any, int]) -> None:
        """A total and its parts. What they leave of it is a cell of its own; parts that exceed it are no line."""
        self.cell(total, people)
        for key, n in parts.items():
            self.cell(key, n)
        rest = int(people) - sum(int(n) for n in parts.values())
        if rest < 0:
            return
        keys = [*parts]
        if rest:
            keys.append(("rest", len(self.lines)))
            self.cells[keys[-1]] = rest
            self.unsaid.add(keys[-1])
        self.lines.append((total, tuple(keys)))

    def settle(self) -> None:
        """Decide what is held back, until nothing below k can be worked out."""
        self.hidden |= self.unsaid | {key for key, n in self.cells.items() if n < self.k}
        self._close_lines()
        for key in [key for key in self.cells if key in self.hidden and 0 < self.cells[key] < self.k]:
            while self.width(key) < self.k - TIGHT:
                if not self._hide_near(key):
                    break
                self._close_lines()

    def shown(self, key: Key) -> int | None:
        """What is told of a cell; None where it is held back or not there."""
        return None if key in self.hidden else self.cells.get(key)

    def held(self) -> int:
        """How many counts of somebody are held back that would be on the page."""
        return sum(self.cells[key] > 0 for key in self.hidden - self.unsaid)

    def range_of(self, key: Key) -> tuple[float, float]:
        """The least and the most that a held-back cell can be, for who knows all that is told."""
        from scipy.optimize import linprog

        near = self._connected(key)
        places = {one: at for at, one in enumerate(near)}
        rows, sums = self._equations(places)
        aim = np.zeros(len(near))
        aim[places[key]] = 1
        if not rows:
            return 0.0, math.inf
        equal, given = np.array(rows), np.array(sums)
        ends = [linprog(sign * aim, A_eq=equal, b_eq=given, bounds=(0, None), method="highs") for sign in (1, -1)]
        low, high = (math.inf if end.status == UNBOUNDED else end.fun for end in ends)
        # Only lines that contradict one another have no answer at all; what they mean is not known.
        return (math.nan, math.nan) if low is None or high is None else (abs(low), abs(high))

    def width(self, key: Key) -> float:
        """How wide the range of a held-back cell is."""
        low, high = self.range_of(key)
        return high - low

    def _equations(self, places: Mapping[Key, int]) -> tuple[list[list[float]], list[float]]:
        """Of each line that has one of these cells, what its held-back cells add up to."""
        rows, sums = [], []
        for total, parts in self.lines:
            if not any(one in places for one in (total, *parts)):
                continue
            row, known = [0.0] * len(places), 0.0
            for one, sign in ((total, -1), *((part, 1) for part in parts)):
                if one in self.hidden:
                    row[places[one]] += sign
                else:
                    known += sign * self.cells[one]
            rows.append(row)
            sums.append(-known)
        return rows, sums

    def _connected(self, key: Key) -> list[Key]:
        """The held-back cells that lines join to this one, itself first."""
        found, waiting = {key: None}, [key]
        while waiting:
            one = waiting.pop()
            for total, parts in self.lines:
                if one == total or one in parts:
                    more = [other for other in (total, *parts) if other in self.hidden and other not in found]
                    found |= dict.fromkeys(more)
                    waiting += more
        return list(found)

    def _close_lines(self) -> None:
        """Hold back more on each line until what it hides is nothing, or enough; then look at all again."""
        waiting = True
        while waiting:
            waiting = False
            for total, parts in self.lines:
                while self._is_open(total, parts):
                    waiting = self._hide_least(parts) or self._hide_least([total])

    def _is_open(self, total: Key, parts: tuple[Key, ...]) -> bool:
        """Whether a line gives back, by subtraction, a count that must not be known."""
        hidden = [one for one in parts if one in self.hidden]
        if total in self.hidden:
            return bool(parts) and not hidden
        people = sum(self.cells[one] for one in hidden)
        alone = len(hidden) == 1 and hidden[0] not in self.unsaid
        return people > 0 and (people < self.k or alone)

    def _hide_near(self, key: Key) -> bool:
        """Hold back one more cell: on a line with this one, or on any that hides something."""
        lines = [(total, *parts) for total, parts in self.lines]
        nearest = [one for line in lines if key in line for one in line]
        joined = set(self._connected(key))
        return self._hide_least(nearest) or self._hide_least(
            [one for line in lines if joined & {*line} for one in line]
        )

    def _hide_least(self, keys: Iterable[Key]) -> bool:
        """Hold back the smallest that is told of these cells; False where none is."""
        told = [key for key in keys if key not in self.hidden]
        if not told:
            return False
        self.hidden.add(min(told, key=lambda one: self.cells[one]))
        return True
