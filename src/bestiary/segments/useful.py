"""More segments, where those that come back are worth less than cells that need no learning.

The rule of k takes segments that come back when customers are drawn again (`choice.verdict`). On some shops these are
so few that the trade's grid, or the number of purchases alone, foretells more: on UCI Online Retail four segments
come back, and miss the grid's average precision by 0.02. Then k goes up, at most to `MOST`, to the least number that
ranks customers better than both (normalised Gini and R squared) and foretells who buys as well as the grid (average
precision, less `TOLERANCE`); none of its segments may be tiny, and a tree must explain it. The chosen candidate is
tried first, then those that have their k from the same judgement: where a tree does not explain KMeans, it may itself
be the segmentation. The word is "constructed", because these segments come back less well. Natural groups stay as
they are, as does a k that a person asked for, and the deck's.

Only what is sure counts against a k (its 95 % interval lies below): small shops would else go where noise leads. The
numbers are compared on the window that the figures are then told of, which flatters the one that is taken a little.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bestiary.config import Settings
from bestiary.segments.attempt import Attempt, again
from bestiary.segments.choice.judge import Judgement
from bestiary.segments.frame import Frame
from bestiary.segments.value import Valued, several, tried, valued
from bestiary.segments.worth.findings import Comparison

MOST = 8
TOLERANCE = 0.01
BETTER = tuple((baseline, metric) for baseline in ("grid", "frequency") for metric in ("gini", "r_squared"))
Words = dict[str, str]


@dataclass(frozen=True)
class Useful:
    """The attempt with more segments, what it is worth, and the judgement that says why."""

    attempt: Attempt
    valued: Valued
    judgement: Judgement


def useful(
    chosen: Attempt,
    judgement: Judgement | None,
    found: Valued,
    attempts: Sequence[Attempt],
    frame: Frame,
    settings: Settings,
    keep: tuple[str, int] | None,
) -> Useful | None:
    """More segments than the chosen attempt has, or None where it may stay. `keep` are candidate and k of the
    run before.

    `judgement` is what the attempt has its k from, `attempts` are those that `found` compares.
    """
    if judgement is None or judgement.verdict.word == "natural" or settings.k != "auto" or frame.recipe.deck:
        return None
    if not _behind(found.comparison, chosen.candidate.name):
        return None
    family = [chosen] if settings.candidate else _family(chosen, attempts)
    ks = [k for k in judgement.partitions if chosen.k < k <= MOST]
    ways = sorted(((one, k) for k in ks for one in family), key=lambda way: (way[0].candidate.name, way[1]) != keep)
    figures = several([(one.candidate, k) for one, k in ways], found.before, settings)
    for one, k in ways:
        if not _ahead(figures, tried(one.candidate.name, k)):
            continue
        more = again(one, judgement, k, frame, settings)
        now = _valued(found, attempts, one, k, settings) if _telling(more, settings) else None
        if now:
            because = _because(judgement, chosen.k, k)
            return Useful(replace(more, judgement=because) if more.judgement else more, now, because)
    return None


def _family(chosen: Attempt, attempts: Sequence[Attempt]) -> list[Attempt]:
    """The chosen attempt, and then the others that have their k from the same judgement, in their order."""
    source = chosen.candidate.like or chosen.candidate.name
    others = [one for one in attempts if source in (one.candidate.name, one.candidate.like) and one is not chosen]
    return [chosen, *others]


def _valued(found: Valued, attempts: Sequence[Attempt], taken: Attempt, k: int, settings: Settings) -> Valued | None:
    ways = [(one.candidate, k if one is taken else one.k) for one in attempts]
    return valued(found.before, ways, settings)


def _behind(found: Comparison, name: str) -> bool:
    """Whether hard labels are surely worth less than the grid or frequency."""
    sure = [found.difference(name, baseline, metric) for baseline, metric in BETTER]
    precision = found.difference(name, "grid", "average_precision")
    return any(not one.too_small and (one.figure.value or 0.0) < 0 for one in sure) or (
        not precision.too_small and (precision.figure.value or 0.0) < -TOLERANCE
    )


def _ahead(found: Comparison, name: str) -> bool:
    """Whether hard labels are worth more than both, as far as the figures themselves say."""
    better = all((found.difference(name, *where).figure.value or 0.0) > 0 for where in BETTER)
    precision = found.difference(name, "grid", "average_precision").figure.value
    return better and (precision or 0.0) >= -TOLERANCE


def _telling(more: Attempt, settings: Settings) -> bool:
    """No tiny segment, and a tree that explains them."""
    rules = settings.choice
    share = float(more.sizes.min() / more.sizes.sum())
    return (
        share >= rules.smallest_share
        and more.sizes.min() >= rules.smallest_people
        and (more.fidelity is not None and more.fidelity >= rules.fidelity)
    )


def _because(judgement: Judgement, old: int, k: int) -> Judgement:
    reason: Words = {
        "en": f"{old} segments come back when customers are drawn again, but foretell less of the window after than "
        f"the usual RFM cells or the number of purchases alone; {k} foretell more. They come "
        "back less well: useful cuts through a continuum.",
        "fr": f"{old} segments se retrouvent d'un tirage de clients à l'autre, mais annoncent moins bien la période "
        f"suivante que les cases RFM habituelles ou le seul nombre d'achats ; {k} "
        "l'annoncent mieux. Ils se retrouvent moins bien : des coupes utiles dans un continuum.",
    }
    return replace(judgement, verdict=replace(judgement.verdict, word="constructed", k=k, reason=reason))
