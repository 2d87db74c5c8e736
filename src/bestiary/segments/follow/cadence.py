"""How often to re-fit: past months replayed.

A model is fitted at each past date, applied at every later one, and compared there with a fresh fit, on the customers
of that date: the agreement of labels (share of customers with the same label, after matching as in `match`), the
adjusted Rand index, the drift of each feature since the fit, and
the predictive value lost: the value of the fresh labels less that of the stale ones, where the outcome is known. The
recommendation is the longest interval, in dates, up to which mean agreement and mean loss keep their levels.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np

from bestiary.segments.agreement import adjusted_rand, agreement_of, contingency
from bestiary.segments.follow.drift import drift
from bestiary.segments.transform import Floats, Ints
from bestiary.segments.wording import below

FEWEST = 3
NAMES = ("recency", "frequency", "monetary")
Place = Callable[[Floats], Ints]
Words = dict[str, str]


@dataclass(frozen=True)
class Month:
    """The customers as of a date: raw features (n, 3), n >= 1, and revenue (n,) in the window after it, if known."""

    as_of: date
    features: Floats
    revenue: Floats | None = None


@dataclass(frozen=True)
class Replay:
    """A model fitted at `fitted` and applied at `applied`, `steps` dates later, against a fresh one.

    `agreement` from 0 to 1, `rand` at most 1, `psi` per feature, `loss` of value; None where no outcome is known.
    """

    fitted: date
    applied: date
    steps: int
    agreement: float
    rand: float
    psi: tuple[float, ...]
    loss: float | None


@dataclass(frozen=True)
class Interval:
    """The means over the replays that are `steps` dates apart; `kept` says that both levels hold."""

    steps: int
    days: float
    replays: int
    agreement: float
    rand: float
    psi: tuple[float, ...]
    loss: float | None
    kept: bool


@dataclass(frozen=True)
class Cadence:
    """What the replay says. `steps` and `days` are the longest interval that keeps the levels.

    They are None when the history is too short (`dates` < 3), and 0 when not even one step keeps the levels.
    `open` says that the levels hold as far as the history goes, so that the answer is "at least".
    `note` is what should be known of the replay itself.
    """

    dates: int
    replays: tuple[Replay, ...]
    intervals: tuple[Interval, ...]
    steps: int | None
    days: float | None
    open: bool
    sentence: Words
    note: Words | None = None

    def record(self) -> dict[str, Any]:
        """Plain values for JSON."""
        plain = asdict(self)
        for replay in plain["replays"]:
            replay.update(fitted=replay["fitted"].isoformat(), applied=replay["applied"].isoformat())
        return plain


def cadence(
    months: Sequence[Month],
    fit: Callable[[Floats], Place],
    value: Callable[[Ints, Floats], float] | None = None,
    agreement: float = 0.9,
    loss: float = 0.01,
    names: Sequence[str] = NAMES,
) -> Cadence:
    """Replay months, in the order of their dates.

    `fit` learns from raw features (n, 3) a way to place raw features (m, 3); `value` scores labels (n,) against
    revenue (n,), more being better; `agreement` and `loss` are the levels to keep; `names` are the features'.
    """
    if len(months) < FEWEST:
        return Cadence(len(months), (), (), None, None, False, _too_short(len(months)))
    placers = [fit(month.features) for month in months]
    fresh = [place(month.features) for place, month in zip(placers, months, strict=True)]
    replays = tuple(
        _replay(months, placers[start], fresh[end], start, end, value, names)
        for start in range(len(months))
        for end in range(start + 1, len(months))
    )
    intervals = tuple(_interval(replays, steps, agreement, loss) for steps in range(1, len(months)))
    steps = next((one.steps - 1 for one in intervals if not one.kept), len(months) - 1)
    days = intervals[steps - 1].days if steps else 0.0
    known = any(one.loss is not None for one in intervals)
    sentence = _sentence(intervals, steps, days, agreement, loss if known else None)
    return Cadence(len(months), replays, intervals, steps, days, steps == len(months) - 1, sentence)


def _replay(
    months: Sequence[Month],
    stale: Place,
    fresh: Ints,
    start: int,
    end: int,
    value: Callable[[Ints, Floats], float] | None,
    names: Sequence[str],
) -> Replay:
    """One model applied `end - start` dates later."""
    month = months[end]
    labels = stale(month.features)
    table = contingency(labels, fresh, int(labels.max()) + 1, int(fresh.max()) + 1)
    moved = drift(months[start].features, month.features, names)
    lost = None
    if value is not None and month.revenue is not None:
        lost = value(fresh, month.revenue) - value(labels, month.revenue)
    psi = tuple(one.psi for one in moved)
    fitted, applied = months[start].as_of, month.as_of
    return Replay(fitted, applied, end - start, agreement_of(table), adjusted_rand(table), psi, lost)


def _interval(replays: Sequence[Replay], steps: int, agreement: float, loss: float) -> Interval:
    some = [replay for replay in replays if replay.steps == steps]
    losses = [replay.loss for replay in some if replay.loss is not None]
    agreed = float(np.mean([replay.agreement for replay in some]))
    lost = float(np.mean(losses)) if losses else None
    return Interval(
        steps,
        float(np.mean([(replay.applied - replay.fitted).days for replay in some])),
        len(some),
        agreed,
        float(np.mean([replay.rand for replay in some])),
        tuple(float(psi) for psi in np.mean([replay.psi for replay in some], axis=0)),
        lost,
        agreed >= agreement and (lost is None or lost <= loss),
    )


def _too_short(dates: int) -> Words:
    en, fr = ("s" if dates != 1 else ""), ("s" if dates > 1 else "")
    return {
        "en": f"The history is too short to say how often to re-fit: {dates} date{en} of the {FEWEST} that are needed.",
        "fr": f"L'historique est trop court pour dire quand réapprendre : {dates} date{fr} sur {FEWEST} nécessaires.",
    }


def _sentence(intervals: Sequence[Interval], steps: int, days: float, agreement: float, loss: float | None) -> Words:
    """The recommendation in words, with the figures that it rests on."""
    told = intervals[max(steps - 1, 0)]
    share, level = f"{100 * told.agreement:.0f}", f"{100 * agreement:g}"
    if told.agreement < agreement:
        share = below(100 * told.agreement, 100 * agreement, 0)
    french, value = share.replace(".", ","), _change(told.loss, loss)
    if not steps:
        return {
            "en": f"Re-fit at every run: after {told.days:.0f} days a model agrees with a fresh one for {share}% of "
            f"customers (at least {level}% is asked){value['en']}.",
            "fr": f"Réapprendre à chaque calcul : après {told.days:.0f} jours un modèle s'accorde avec un modèle frais "
            f"pour {french} % des clients (au moins {level.replace('.', ',')} % demandés){value['fr']}.",
        }
    last = steps == len(intervals)
    en, fr = ("at least ", "au moins ") if last else ("", "")
    return {
        "en": f"A model lasts {en}{days:.0f} days: by then it still agrees with a fresh one for {share}% of customers "
        f"(at least {level}% is asked){value['en']}.",
        "fr": f"Un modèle tient {fr}{days:.0f} jours : il s'accorde encore alors avec un modèle frais pour {french} % "
        f"des clients (au moins {level.replace('.', ',')} % demandés){value['fr']}.",
    }


def _change(loss: float | None, most: float | None) -> Words:
    """What becomes of the value, after "and"; nothing where it is not known. `most` is the loss that is let pass."""
    if loss is None or most is None:
        return {"en": "", "fr": ""}
    if not round(loss, 3):
        return {"en": " and loses no predictive value", "fr": " et ne perd rien de sa valeur prédictive"}
    if loss < 0:
        gain = f"{-loss:.3f}"
        return {
            "en": f" and gains {gain} of predictive value",
            "fr": f" et gagne {gain.replace('.', ',')} de valeur prédictive",
        }
    lost = f"{loss:.3f}" if loss <= most else below(-loss, -most, 3).lstrip("-")
    return {
        "en": f" and loses {lost} of predictive value (at most {most:g})",
        "fr": f" et perd {lost} de valeur prédictive (au plus {most:g})".replace(".", ","),
    }
