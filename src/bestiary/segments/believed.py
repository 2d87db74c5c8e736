"""How much to believe in the number of segments, as the report tells it: the curve, its null, stability, the word."""

from collections.abc import Sequence
from typing import Any

from bestiary.config import Settings
from bestiary.segments.choice.judge import Extremes, Judgement
from bestiary.segments.choice.stability import Stability
from bestiary.segments.choice.verdict import Verdict, Word
from bestiary.segments.group import Group

Record = dict[str, Any]
Words = dict[str, str]


def believed(group: Group, settings: Settings) -> Record:
    """The record `silhouette` of a population: chosen k, the word and its reason, and every k that was looked at."""
    judgement, chosen = group.judgement, group.chosen
    if judgement is None:
        reason = {"en": "the number of cells is fixed", "fr": "le nombre de cases est fixe"}
        return {
            "chosen_k": chosen.k,
            "word": None,
            "rule": reason,
            "p": None,
            "gap": None,
            "extremes": None,
            "asked": None,
            "curve": [],
        }
    verdict = judgement.verdict
    rule, word = verdict.reason, _word(chosen.k, verdict)
    if chosen.judgement is None and chosen.stable and not _steady(chosen.stable, settings):
        word, rule = "constructed", _borrowed(chosen.candidate.like, chosen.stable, verdict.reason)
    if settings.k != "auto":
        told = _asked(chosen.k, settings.k, [one.k for one in judgement.curve])
        rule = {
            "en": f"{told['en']}. By itself the data would say: {verdict.reason['en']}",
            "fr": f"{told['fr']}. D'elles-mêmes les données diraient : {verdict.reason['fr']}",
        }
    elif chosen.k != verdict.k:
        rule = {
            "en": f"k = {chosen.k}, kept from the run before, which still holds. By itself today's data would say: "
            f"{verdict.reason['en']}",
            "fr": f"k = {chosen.k}, gardé de l'exécution précédente, toujours valable. D'elles-mêmes les données "
            f"diraient : {verdict.reason['fr']}",
        }
    return {
        "chosen_k": chosen.k if judgement.curve else None,
        "word": word,
        "rule": rule,
        "p": verdict.p,
        "gap": verdict.gap,
        "extremes": _extremes(group.extremes),
        "asked": settings.choice.model_dump(include={"ari", "jaccard", "loose", "smallest_share"}),
        "curve": _curve(judgement),
    }


def _word(k: int, verdict: Verdict) -> Word:
    """The verdict's word where its k was taken; another k, asked for or kept, comes back or is only cut."""
    if k == verdict.k:
        return verdict.word
    return "reproducible" if k in verdict.steady else "constructed"


def _steady(stable: Stability, settings: Settings) -> bool:
    return stable.ari >= settings.choice.ari and stable.worst >= settings.choice.jaccard


def _asked(k: int, asked: int, tried: Sequence[int]) -> Words:
    """What became of a k that was asked for; `tried` are those for which there are customers enough who differ."""
    if k == asked:
        return {"en": f"k = {k}, as configured", "fr": f"k = {k}, comme demandé"}
    if asked in tried:
        return {
            "en": f"k = {k}: {asked} were asked for, but this way to segment tells only {k} apart",
            "fr": f"k = {k} : {asked} étaient demandés, mais cette segmentation n'en distingue que {k}",
        }
    if k == 1:
        return {
            "en": f"k = 1: {asked} were asked for, but all customers are alike",
            "fr": f"k = 1 : {asked} étaient demandés, mais tous les clients sont semblables",
        }
    return {
        "en": f"k = {k}: {asked} were asked for, but only {k} distinct kinds of customers are there",
        "fr": f"k = {k} : {asked} étaient demandés, mais il n'y a que {k} sortes de clients distinctes",
    }


def _borrowed(like: str, stable: Stability, reason: Words) -> Words:
    """What is said where the number of segments is another candidate's, and these come back less well."""
    figures = f"{stable.ari:.2f}", f"{stable.worst:.2f}"
    french = tuple(one.replace(".", ",") for one in figures)
    return {
        "en": f"k is that of {like}, but these segments come back less well when customers are drawn again (adjusted "
        f"Rand index {figures[0]}, worst Jaccard {figures[1]}). Of {like}: {reason['en']}",
        "fr": f"k est celui de {like}, mais ces segments se retrouvent moins bien d'un tirage de clients à l'autre "
        f"(indice de Rand ajusté {french[0]}, pire Jaccard {french[1]}). De {like} : {reason['fr']}",
    }


def _curve(judgement: Judgement) -> list[Record]:
    steady = {one.k: one for one in judgement.stability}
    smooth = judgement.null
    found = []
    for one in judgement.curve:
        at = smooth.ks.index(one.k) if smooth and one.k in smooth.ks else None
        stable = steady.get(one.k)
        found.append(
            {
                "k": one.k,
                "silhouette": one.value,
                "kind": one.kind,
                "low": one.low,
                "high": one.high,
                "sample": None if smooth is None or at is None else float(smooth.values[at]),
                "null_mean": None if smooth is None or at is None else float(smooth.mean[at]),
                "null_low": None if smooth is None or at is None else float(smooth.band[0, at]),
                "null_high": None if smooth is None or at is None else float(smooth.band[1, at]),
                "ari": stable.ari if stable else None,
                "jaccard": stable.worst if stable else None,
                "smallest_share": stable.smallest if stable else None,
            }
        )
    return found


def _extremes(found: Extremes | None) -> Record | None:
    """The choice with and without the top 0.1 % of customers; None where nothing could be compared."""
    if found is None:
        return None
    with_all, without = found.everyone, found.trimmed
    told: Words = {
        "en": "Without the top 0.1% of customers the choice is the same.",
        "fr": "Sans les 0,1 % de clients les plus extrêmes, le choix est le même.",
    }
    if found.decide:
        told = {
            "en": f"The choice hangs on the top 0.1% of customers: with them {with_all.word}, k = {with_all.k}; "
            f"without them {without.word}, k = {without.k} (both on a sample).",
            "fr": f"Le choix tient aux 0,1 % de clients les plus extrêmes : avec eux {FRENCH[with_all.word]}, "
            f"k = {with_all.k} ; sans eux {FRENCH[without.word]}, k = {without.k} (tous deux sur un échantillon).",
        }
    return {
        "decide": found.decide,
        "with": {"word": with_all.word, "k": with_all.k},
        "without": {"word": without.word, "k": without.k},
        "text": told,
    }


FRENCH = {"natural": "naturel", "reproducible": "reproductible", "constructed": "construit"}
