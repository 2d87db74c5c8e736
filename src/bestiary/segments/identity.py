"""Which animal a segment is, by how it looks and never by its number.

A segment looks like its mean mid-rank percentiles among all segmented customers. The fit to an animal's box is
the product over the four axes (those of the population) of exp(-(d / 15)² / 2), d being how far outside the interval
the segment lies: 1 inside, 0.80 when 10 points outside, 0.41 when 20. Under `POOR` the animal is no match.

Animals and segments are paired one to one so that the sum of gains is largest (an assignment problem). The gain is
the fit with a fifth of the softness, so that a segment outside a box is not called by its animal merely because the
right animal is taken: it shares the right name instead. Where boxes overlap, the tighter box and the nearer
centre earn up to a tenth more, which decides between two animals that fit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bestiary.segments.personas import Kind, Persona
from bestiary.segments.transform import Floats

AXES: dict[Kind, tuple[str, str, str, str]] = {
    "buyers": ("recency", "frequency", "monetary", "basket"),
    "visitors": ("recency", "sessions", "carts", "price"),
}
SOFTNESS = 15.0
SHARP = 3.0
POOR = 0.5
CLOSE = 0.8
PREFERENCE = 0.1
Words = dict[str, str]

Pair = tuple[str, str]
_MORE: dict[str, Pair] = {
    "recency": ("more recent", "plus récents"),
    "frequency": ("more frequent", "plus fréquents"),
    "monetary": ("bigger spenders", "plus dépensiers"),
    "basket": ("larger baskets", "plus gros paniers"),
    "sessions": ("more visits", "plus de visites"),
    "carts": ("more put in the cart", "plus de mises au panier"),
    "price": ("dearer tastes", "goûts plus chers"),
}
_LESS: dict[str, Pair] = {
    "recency": ("less recent", "moins récents"),
    "frequency": ("less frequent", "moins fréquents"),
    "monetary": ("smaller spenders", "moins dépensiers"),
    "basket": ("smaller baskets", "plus petits paniers"),
    "sessions": ("fewer visits", "moins de visites"),
    "carts": ("less put in the cart", "moins de mises au panier"),
    "price": ("cheaper tastes", "goûts moins chers"),
}
_HIGH: dict[str, Pair] = {
    "recency": ("recent", "récents"),
    "frequency": ("frequent", "fréquents"),
    "monetary": ("big spenders", "gros dépensiers"),
    "basket": ("large baskets", "gros paniers"),
    "sessions": ("many visits", "beaucoup de visites"),
    "carts": ("much put in the cart", "beaucoup de mises au panier"),
    "price": ("dear tastes", "goûts chers"),
}
_LOW: dict[str, Pair] = {
    "recency": ("not recent", "peu récents"),
    "frequency": ("infrequent", "peu fréquents"),
    "monetary": ("small spenders", "petits dépensiers"),
    "basket": ("small baskets", "petits paniers"),
    "sessions": ("few visits", "peu de visites"),
    "carts": ("little put in the cart", "peu de mises au panier"),
    "price": ("cheap tastes", "petits prix"),
}


@dataclass(frozen=True)
class Identity:
    """What a segment is called. `persona` and `match` (the fit, 0 to 1) are None when no animal fits.

    `note` says what a reader should know about the name; None for a plain match.
    """

    persona: str | None
    name: Words
    match: float | None
    note: Words | None


def mid_ranks(values: Floats) -> Floats:
    """Mid-rank percentiles (n,) of values (n,), 0 to 100: 100 (number below + half the number equal) / n.

    Equal values, the customer's own included, count for a half.
    """
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    below = np.cumsum(counts) - counts
    ranks: Floats = 100.0 * (below + counts / 2.0) / len(values)
    return ranks[inverse]


def percentiles(features: Floats, purchases: Floats) -> Floats:
    """Buyers' percentiles (n, 4); features (n, 3) as the model takes them, numbers of purchases (n,) >= 1."""
    recency, frequency, monetary = features.T
    return np.column_stack([mid_ranks(axis) for axis in (-recency, frequency, monetary, monetary / purchases)])


def visitor_percentiles(features: Floats) -> Floats:
    """Visitors' percentiles (n, 4); features (n, 4): days since the last visit, sessions, carts, mean price looked at.

    A price that is not known (NaN) says nothing: it is at 50, and the known ones are ranked among themselves.
    """
    recency, sessions, carts, price = features.T
    known = ~np.isnan(price)
    prices = np.full(len(price), 50.0)
    if known.any():
        prices[known] = mid_ranks(price[known])
    return np.column_stack([*(mid_ranks(axis) for axis in (-recency, sessions, carts)), prices])


def box_fits(profiles: Floats, boxes: Floats, softness: float = SOFTNESS) -> Floats:
    """The fit (k, p) of k mean percentiles (k, 4) to p boxes (p, 4, 2)."""
    low, high = boxes[None, :, :, 0], boxes[None, :, :, 1]
    outside = np.maximum(np.maximum(low - profiles[:, None, :], profiles[:, None, :] - high), 0.0)
    return np.asarray(np.exp(-((outside / softness) ** 2) / 2).prod(axis=2))


def _preferences(profiles: Floats, boxes: Floats) -> Floats:
    """From 0 to 1 (k, p): 0.7 for a tight box (geometric mean of the widths), 0.3 for being near its centre."""
    low, high = boxes[None, :, :, 0], boxes[None, :, :, 1]
    width = np.broadcast_to(high - low, (len(profiles), *boxes.shape[:2]))
    stated = width < 100
    off = np.minimum(np.abs(profiles[:, None, :] - (low + high) / 2) / (width / 2), 1.0)
    near = 1.0 - np.where(stated, off, 0.0).sum(axis=2) / np.maximum(stated.sum(axis=2), 1)
    tight = 1.0 - np.exp(np.log(width / 100).mean(axis=2))
    return np.asarray(0.3 * near + 0.7 * tight)


def identify(
    profiles: Floats, animals: dict[str, Persona], population: Kind = "buyers", numbers: Sequence[int] | None = None
) -> list[Identity]:
    """Name k segments from their mean percentiles (k, 4) on the population's `AXES`, in the segments' order.

    `animals`, at least one, are those of the population; `numbers` are what the segments are numbered, 0 to k - 1 by
    default.

    A segment that lies in a box goes to another animal only where it is close to that one's box (fit `CLOSE`: 10
    points outside on one axis). A segment left over shares the name of the animal that it is in the box of, or close
    to; a poor match is called by what it is.
    """
    keys, axes = list(animals), AXES[population]
    boxes = np.array([animals[key].box.intervals for key in keys])
    fits = box_fits(profiles, boxes)
    gains = box_fits(profiles, boxes, SHARP) * (1 + PREFERENCE * _preferences(profiles, boxes))
    housed = (fits == 1.0).any(axis=1, keepdims=True)
    gains = np.where(fits >= np.where(housed, CLOSE, POOR), gains, 0.0)
    owners = _pairs(profiles, gains)
    names: dict[int, Identity] = {}
    for animal, segment in owners.items():
        name = animals[keys[animal]].name.model_dump()
        names[segment] = Identity(keys[animal], name, float(fits[segment, animal]), None)
    taken: set[str] = set()
    for segment in _by_looks(profiles):
        if segment not in names:
            best = int(np.argmax(gains[segment])) if gains[segment].any() else int(np.argmax(fits[segment]))
            persona, fit = animals[keys[best]], float(fits[segment, best])
            if fit >= CLOSE and best in owners:
                difference = profiles[segment] - profiles[owners[best]]
                names[segment] = _shared(keys[best], persona, fit, dict(zip(axes, difference, strict=True)), taken)
            else:
                number = segment if numbers is None else numbers[segment]
                names[segment] = _unnamed(number, dict(zip(axes, profiles[segment], strict=True)), persona, fit)
    return [names[segment] for segment in range(len(profiles))]


def carried_on(before: Identity, profile: Floats, animals: Mapping[str, Persona]) -> Identity:
    """A name of the run before on a segment with mean percentiles (4,): its fit is today's, a poor one is told."""
    if before.persona is None or before.persona not in animals:
        return before
    animal = animals[before.persona]
    fit = float(box_fits(profile[None, :], np.array([animal.box.intervals]))[0, 0])
    if fit >= POOR:
        return replace(before, match=fit)
    note = {
        "en": f"Keeps its name from the run before, but no longer looks like it (fit {fit:.2f}): read its figures, and "
        "not the animal's text.",
        "fr": f"Garde son nom de l'exécution précédente, mais ne lui ressemble plus (accord {fit:.2f}) : lisez ses "
        "chiffres, et non le texte de l'animal.".replace("0.", "0,"),
    }
    return replace(before, match=fit, note=note)


def _pairs(profiles: Floats, gains: Floats) -> dict[int, int]:
    """Animal to segment, one to one, with the largest sum of gains (k, p); a gain of 0 is no pair."""
    from scipy.optimize import linear_sum_assignment

    order = _by_looks(profiles)
    rows, columns = linear_sum_assignment(gains[order], maximize=True)
    pairs = {int(column): order[row] for row, column in zip(rows, columns, strict=True)}
    return {animal: segment for animal, segment in pairs.items() if gains[segment, animal] > 0}


def _by_looks(profiles: Floats) -> list[int]:
    """Segments in the order of their looks, so that no name depends on their numbers."""
    return [int(segment) for segment in np.lexsort(profiles.T)]


def _shared(key: str, animal: Persona, fit: float, difference: dict[str, float], taken: set[str]) -> Identity:
    """An animal's name with the axis on which the segment differs most from the one that bears it plainly."""
    for axis in sorted(difference, key=lambda name: -abs(difference[name])):
        en, fr = (_MORE if difference[axis] > 0 else _LESS)[axis]
        name = {"en": f"{animal.name.en}, {en}", "fr": f"{animal.name.fr}, {fr}"}
        if name["en"] not in taken:
            break
    else:
        number = sum(one.startswith(name["en"]) for one in taken) + 1
        name = {language: f"{text} ({number})" for language, text in name.items()}
    taken.add(name["en"])
    note = {
        "en": f"Shares its name with the segment called {animal.name.en}, and differs from it most in this: {en}.",
        "fr": f"Partage son nom avec le segment appelé {animal.name.fr}, dont il se distingue surtout ainsi : {fr}.",
    }
    return Identity(key, name, fit, note)


def _unnamed(segment: int, profile: dict[str, float], best: Persona, fit: float) -> Identity:
    """A name that says what the segment is: the two axes on which it is farthest from the middle."""
    off = {axis: abs(place - 50) for axis, place in profile.items()}
    telling = sorted(off, key=lambda axis: -off[axis])[:2]
    words = [(_HIGH if profile[axis] > 50 else _LOW)[axis] for axis in off if axis in telling and off[axis] >= 10]
    en = ", ".join(word[0] for word in words) or "average on every axis"
    fr = ", ".join(word[1] for word in words) or "moyens sur tous les axes"
    note = {
        "en": f"No animal that is free fits segment {segment} well: the nearest is {best.name.en} (fit {fit:.2f}).",
        "fr": f"Aucun animal libre ne convient bien au segment {segment} : le plus proche est {best.name.fr} "
        f"(accord {fit:.2f}).".replace("0.", "0,"),
    }
    return Identity(None, {"en": f"Segment {segment}: {en}", "fr": f"Segment {segment} : {fr}"}, None, note)
