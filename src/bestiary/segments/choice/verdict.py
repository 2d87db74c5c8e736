"""How much to believe in the segments, by a fixed rule: natural, reproducible or constructed, and the k.

- natural: the silhouettes show more than a structureless shop's would (p and gap). Where the best silhouette of 3
  segments or more leads all others by `lead`, or exceeds `reasonable`, the largest k within `alike` of it is taken
  whose segments come back; else the k of the next rule.
- reproducible: customers drawn again are cut the same way, and no segment is tiny. Of such k, `least_k` or more,
  the largest is taken that is near the best of them in silhouette (`within`) and in agreement (`ari_within`): more
  segments tell a marketer more.
- constructed: useful cuts through a continuum; `fallback_k` of them.

The agreement's bound alone was tried: in samples of one simulated shop agreement falls from 0.92 at k = 6 to 0.64 to
0.89 at k = 7, so that a bound of 0.75 took 6, 7 or 8 by chance. With p <= 0.05 a shop without groups is called
natural once in twenty by the test's own level, and two of twenty were; 0.025 is above all of 39 draws. A lead alone
was tried: where two of some separated groups are nearer each other than the rest, no k leads by 0.05 (6 to 10 of 10
found). The best silhouette is at the right k in 178 of 180 such shops, the largest k within 0.02 of it in 179. Above
0.5 a silhouette means "a reasonable structure has been found" (Kaufman and Rousseeuw 1990, "Finding Groups in Data",
table 4 of chapter 2), which the continuous clouds of real shops do not reach.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bestiary.config import Choice
from bestiary.segments.choice.null import Null
from bestiary.segments.choice.stability import Stability
from bestiary.segments.choice.wording import because

Word = Literal["natural", "reproducible", "constructed"]
Words = dict[str, str]
LEAST_LEAD = 3
"""The least k that is taken for its lead: two segments mostly say who is a good customer and who is not."""


@dataclass(frozen=True)
class Verdict:
    """The word, the k, and why. `p` and `gap` are None where there was nothing to compare.

    `leading` is the k that stands out of the silhouettes, `steady` are those whose segments come back and are not
    tiny, `reason` says it all in plain words by language.
    """

    word: Word
    k: int
    p: float | None
    gap: float | None
    leading: int | None
    steady: tuple[int, ...]
    reason: Words


def verdict(
    values: Mapping[int, float | None],
    null: Null | None,
    stable: Sequence[Stability],
    customers: int,
    most: int,
    rules: Choice,
) -> Verdict:
    """Judge silhouettes {k: value} of `customers` customers with `most` distinct points.

    `null` is None and `stable` empty where there are too few customers to compare: then constructed.
    """
    known = {k: value for k, value in values.items() if value is not None}
    steady = tuple(one.k for one in stable if one.k in known and _steady(one, customers, rules))
    leading = _leading(known, steady, rules)
    p, gap = (None, None) if null is None or null.gap != null.gap else (null.p, null.gap)
    real = p is not None and gap is not None and p <= rules.natural_p and gap >= rules.natural_gap
    near = _near(known, steady, {one.k: one.ari for one in stable}, rules)
    found: Word = "natural" if real else "reproducible"
    if real and leading is not None:
        k = leading
    elif near is not None:
        k = near
    else:
        k, found = _fallback(values, most, rules), "constructed"
    return Verdict(
        found, k, p, gap, leading, steady, because(found, k, p, gap, led=real and k == leading, few=null is None)
    )


def _leading(known: Mapping[int, float], steady: Sequence[int], rules: Choice) -> int | None:
    """The largest steady k, 3 or more, as good as the best, where that stands out by its lead or its height."""
    most = {k: value for k, value in known.items() if k >= LEAST_LEAD}
    if not most:
        return None
    best = max(most, key=lambda k: (most[k], -k))
    others = [value for k, value in known.items() if k != best]
    leads = bool(others) and known[best] - max(others) >= rules.lead
    if not leads and known[best] <= rules.reasonable:
        return None
    return max((k for k in steady if k in most and most[k] >= most[best] - rules.alike), default=None)


def _steady(one: Stability, customers: int, rules: Choice) -> bool:
    """Whether the segments of a k come back, and none of them is tiny."""
    least = max(rules.smallest_share, rules.smallest_people / customers)
    return one.ari >= rules.ari and one.worst >= rules.jaccard and one.smallest >= least


def _fallback(values: Mapping[int, float | None], most: int, rules: Choice) -> int:
    """`fallback_k`, or the nearest that was tried; where none was, as many segments as there are points, up to it."""
    return min(values, key=lambda k: (abs(k - rules.fallback_k), k), default=min(rules.fallback_k, most))


def _near(known: Mapping[int, float], steady: Sequence[int], agreed: Mapping[int, float], rules: Choice) -> int | None:
    """The largest steady k of those allowed that is near the best of these in silhouette and in agreement."""
    allowed = {k: value for k, value in known.items() if k >= rules.least_k}
    best = max(allowed.values(), default=0.0)
    near = [k for k in steady if k in allowed and allowed[k] >= best - rules.within]
    most = max((agreed[k] for k in near), default=0.0)
    return max((k for k in near if agreed[k] >= most - rules.ari_within), default=None)
