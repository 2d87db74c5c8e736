"""Whether the customers on the leaves of a tree may be told beside those on the cards.

Leaves count everyone of a population, cards only those who are placed: between the two lie those of whom it is too
early to say. Where a tree is nearly always right, the leaves of a segment less its card are its customers who came too
seldom, who may be few. So the attacker is asked again: with every leaf and card as an equation, and of who is on a leaf
only what its purity says, how many of a segment can they place too early, or on the wrong leaf?
"""

from collections.abc import Mapping, Sequence
from typing import Any

from bestiary.report.sharing.ledger import TIGHT, Key, Ledger

Node = Mapping[str, Any]


def may_be_counted(leaves: Sequence[Node], cards: Mapping[int, int | None], early: int | None, k: int) -> bool:
    """Whether no leaf, purity or sum of them tells of fewer than k people.

    `leaves` have `segment`, `customers` and `purity` (None where it is held back), `cards` are the customers placed in
    each segment by its number, None where that is held back, `early` how many are not placed.
    """
    asked = Ledger(k)
    late: dict[Key, int] = {("late", one): 0 for one in cards}
    asked.line("early", sum(late.values()), late)
    for place, leaf in enumerate(leaves):
        right = None if leaf["purity"] is None else round(leaf["purity"] * leaf["customers"])
        parts: dict[Key, int] = {("leaf", place, one): 0 for one in cards}
        asked.lines.append((("leaf", place), tuple(parts)))
        asked.cells |= {**parts, ("leaf", place): leaf["customers"]}
        asked.hidden |= {*parts}
        own = ("leaf", place, leaf["segment"])
        wrong = [one for one in parts if one != own]
        asked.cells["wrong", place] = 0
        asked.lines.append((("wrong", place), tuple(wrong)))
        asked.hidden.add(("wrong", place))
        if right is not None:
            asked.cells[own] = right
            asked.hidden.discard(own)
    for one, placed in cards.items():
        label = ("label", one)
        asked.cells |= {label: 0, ("card", one): placed or 0}
        asked.hidden |= {label, ("late", one)} | ({("card", one)} if placed is None else set())
        asked.lines.append((label, (("card", one), ("late", one))))
        asked.lines.append((label, tuple(("leaf", place, one) for place in range(len(leaves)))))
        astray = tuple(("leaf", at, one) for at, leaf in enumerate(leaves) if leaf["segment"] != one)
        asked.cells["astray", one] = 0
        asked.hidden.add(("astray", one))
        asked.lines.append((("astray", one), astray))
    asked.cells["early"] = early or 0
    if early is None:
        asked.hidden.add("early")
    unsure = [(name, one) for one in cards for name in ("late", "astray")]
    unsure += [("wrong", place) for place, leaf in enumerate(leaves) if leaf["purity"] is None]
    return all(_is_wide(asked.range_of(key), k) for key in unsure)


def _is_wide(found: tuple[float, float], k: int) -> bool:
    """Whether a count is sure to be nobody, sure to be of k at least, or may be anything over a range of k."""
    low, high = found
    return high <= TIGHT or low >= k - TIGHT or high - low >= k - TIGHT
