"""Which candidate is taken, and why each of the others was not.

The one with the best value among those that are stable, explained and without a tiny segment. A candidate that
searches for no k of its own by any rule (a fixed grid) is a baseline, never chosen unasked. One that cannot place
customers in SQL as numpy does is never chosen at all, since everyone must have one label everywhere. Value is the
normalised Gini of ranking customers by their segment's mean outcome on a window that nobody had seen (see `worth`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bestiary.config import Settings
from bestiary.errors import ConfigError
from bestiary.segments.attempt import Attempt
from bestiary.segments.wording import below

Words = dict[str, str]


@dataclass(frozen=True)
class Selection:
    """The chosen candidate's name; for every other one why it lost; whether a person overruled; whether none held.

    `faults` are what would have spoken against the chosen one.
    """

    chosen: str
    lost: dict[str, tuple[Words, ...]]
    overruled: bool
    nobody: bool
    faults: tuple[Words, ...] = ()


def select(
    attempts: Sequence[Attempt],
    gini: Mapping[str, float],
    settings: Settings,
    keep: str | None,
    taken: str | None = None,
) -> Selection:
    """Choose among attempts. `gini` is each one's value where it could be measured, `keep` the one of the run before.

    Without values the first by order that holds is taken; where none holds, the first that searches for k. `taken` is
    the one that was chosen before its k went up (see `useful`): it stays, and only says why the others lost. Raises
    ConfigError where the one that is asked for has no placement in SQL, or none has.
    """
    able = _able(attempts, settings)
    faults = {one.candidate.name: _faults(one, settings) for one in attempts}
    holding = [one.candidate.name for one in attempts if not faults[one.candidate.name]]
    free = [one.candidate.name for one in able if one.candidate.chooses != "fixed"] or [able[0].candidate.name]
    best = max(holding or free[:1], key=lambda name: round(gini.get(name, 0.0), 6))
    asked = settings.candidate if settings.candidate in faults else None  # what is asked for is a way for buyers
    chosen = asked or taken or (keep if keep in holding else None) or best
    lost = {
        name: found
        + _behind(
            name,
            chosen,
            gini,
            asked=asked is not None,
            kept=chosen == keep != best,
            only=not found,
            raised=taken is not None,
        )
        for name, found in faults.items()
        if name != chosen
    }
    return Selection(chosen, lost, asked is not None, not holding, faults[chosen])


def _able(attempts: Sequence[Attempt], settings: Settings) -> list[Attempt]:
    """The attempts that may be chosen at all; ConfigError where that is none, or not the one that is asked for."""
    able = [one for one in attempts if _in_sql(one)]
    names = [one.candidate.name for one in able]
    asked = next((one.candidate.name for one in attempts if one.candidate.name == settings.candidate), None)
    if not able or (asked and asked not in names):
        raise ConfigError(
            f"No placement in SQL: {asked or ', '.join(one.candidate.name for one in attempts)}.",
            allowed=f"Of those that were tried, these may be chosen: {', '.join(names) or 'none'}.",
            do="Ask for another candidate, or write its placement in bestiary.segments.export.",
        )
    return able


def _in_sql(attempt: Attempt) -> bool:
    from bestiary.segments.export import has_sql  # which takes its time to load

    return has_sql(attempt.transform, attempt.partition)


def _faults(attempt: Attempt, settings: Settings) -> tuple[Words, ...]:
    """Why a candidate may not be chosen; empty where it may."""
    rules, found = settings.choice, []
    if not _in_sql(attempt):
        found.append({"en": "no placement in SQL", "fr": "pas de placement en SQL"})
    if attempt.candidate.chooses == "fixed":
        found.append(
            {
                "en": "a baseline: its cells are the same for every shop",
                "fr": "une référence : ses cases sont les mêmes partout",
            }
        )
    stable = attempt.stable
    if stable is not None and not stable.ari >= rules.ari:
        ari = below(stable.ari, rules.ari, 2)
        found.append(
            {
                "en": f"not stable: adjusted Rand index {ari} between samples, {rules.ari:g} asked",
                "fr": _comma(f"instable : indice de Rand ajusté de {ari} entre échantillons, {rules.ari:g} demandé"),
            }
        )
    if stable is not None and not stable.worst >= rules.jaccard:
        worst = below(stable.worst, rules.jaccard, 2)
        found.append(
            {
                "en": f"a segment dissolves: Jaccard {worst} between samples, {rules.jaccard:g} asked",
                "fr": _comma(
                    f"un segment se dissout : Jaccard de {worst} entre échantillons, {rules.jaccard:g} demandé"
                ),
            }
        )
    share = float(attempt.sizes.min() / attempt.sizes.sum())
    people = int(attempt.sizes.min())
    if attempt.k > 1 and people < rules.smallest_people:
        found.append(
            {
                "en": f"a segment of too few customers: {people}, at least {rules.smallest_people} asked",
                "fr": f"un segment de trop peu de clients : {people}, au moins {rules.smallest_people} demandés",
            }
        )
    elif attempt.k > 1 and share < rules.smallest_share:
        least = 100 * rules.smallest_share
        told = below(100 * share, least, 1)
        found.append(
            {
                "en": f"a segment of {told}%, at least {least:g}% asked",
                "fr": _comma(f"un segment de {told} %, au moins {least:g} % demandés"),
            }
        )
    fidelity = attempt.fidelity
    if fidelity is not None and fidelity < rules.fidelity:
        leaves = 0 if attempt.explanation is None else attempt.explanation.leaves
        right = below(fidelity, rules.fidelity, 2)
        found.append(
            {
                "en": f"not explained: fidelity {right} (leaves: {leaves}), {rules.fidelity:g} asked",
                "fr": _comma(f"inexpliqué : fidélité de {right} (feuilles : {leaves}), {rules.fidelity:g} demandée"),
            }
        )
    return tuple(found)


def _behind(
    name: str, chosen: str, gini: Mapping[str, float], *, asked: bool, kept: bool, only: bool, raised: bool
) -> tuple[Words, ...]:
    """How a candidate's value compares with the chosen one's; `only` where nothing else speaks against it.

    `raised` where the chosen one was given more segments for its worth.
    """
    if asked:
        return ({"en": f"{chosen} was asked for", "fr": f"{chosen} a été demandé"},)
    if kept:
        return ({"en": f"{chosen} is kept from the run before", "fr": f"{chosen} est gardé de l'exécution précédente"},)
    ours, best = gini.get(name, np.nan), gini.get(chosen, np.nan)
    if round(best, 6) > round(ours, 6):
        digits = next((some for some in range(3, 6) if round(best, some) > round(ours, some)), 6)
        less, more = f"{ours:.{digits}f}", f"{best:.{digits}f}"
        return (
            {
                "en": f"worth less: Gini {less} on the window after, {more} for {chosen}",
                "fr": _comma(f"vaut moins : Gini de {less} sur la période suivante, {more} pour {chosen}"),
            },
        )
    if not only:
        return ()
    if raised:
        return (
            {
                "en": f"{chosen} was given more segments instead, until it foretells more than the usual RFM cells",
                "fr": f"{chosen} a reçu plus de segments, jusqu'à annoncer mieux que les cases RFM habituelles",
            },
        )
    if np.isfinite([ours, best]).all():
        return (
            {
                "en": f"worth no more than {chosen}, which comes first",
                "fr": f"ne vaut pas plus que {chosen}, qui vient en premier",
            },
        )
    return (
        {
            "en": f"{chosen} comes first, and what they are worth is not known",
            "fr": f"{chosen} vient en premier, et leur valeur n'est pas connue",
        },
    )


def _comma(text: str) -> str:
    """Decimal points as French commas; the texts have no others between digits."""
    return "".join(
        "," if sign == "." and text[i - 1 : i].isdigit() and text[i + 1 : i + 2].isdigit() else sign
        for i, sign in enumerate(text)
    )
