"""What became of the segments since the previous run, in words a reader can use, in English and French.

A segment that is plainly the same needs no words. Names are those of `identity.Identity`.
"""

from collections.abc import Sequence

from bestiary.segments.follow.match import Match, Matching, Outcome

Words = dict[str, str]
FEW = 0.2
"""A share below which a new segment is not said to come from anywhere."""


def new_notes(matching: Matching, old_names: Sequence[Words]) -> list[Words | None]:
    """A note for each new segment, from the names of the old ones; None for the same one."""
    return [_new_note(match, old_names) for match in matching.new]


def old_notes(matching: Matching, old_names: Sequence[Words], new_names: Sequence[Words]) -> list[Words | None]:
    """A note for each old segment, from both runs' names; None for one that was kept."""
    return [_old_note(outcome, name, new_names) for outcome, name in zip(matching.old, old_names, strict=True)]


def _new_note(match: Match, names: Sequence[Words]) -> Words | None:
    if match.kind == "same":
        return None
    if match.kind == "ambiguous":
        return {
            "en": "Keeps its name from the previous run, but another segment is about as close to what bore it then.",
            "fr": "Garde son nom du calcul précédent, mais un autre segment ressemble presque autant à celui qui le "
            "portait.",
        }
    if match.kind == "merged":
        guests = [source for source in match.sources if source != match.previous]
        share = sum(part for source, part in zip(match.sources, match.shares, strict=True) if source in guests)
        return {
            "en": f"Merged since the previous run: {_percent(share)} % of it was {_list(guests, names, 'en')}.",
            "fr": f"Fusionné depuis le calcul précédent : {_percent(share)} % de ses clients viennent "
            f"{_list(guests, names, 'fr', 'of')}.",
        }
    if match.kind == "split":
        name = _list(match.sources, names, "en"), _list(match.sources, names, "fr", "of")
        return {
            "en": f"Split since the previous run from {name[0]}: {_percent(match.shares[0])} % of it was that segment.",
            "fr": f"Détaché depuis le calcul précédent {name[1]}, d'où viennent {_percent(match.shares[0])} % de ses "
            "clients.",
        }
    if not match.sources or match.shares[0] < FEW:
        return {
            "en": "New since the previous run: its customers come from no segment in particular.",
            "fr": "Nouveau depuis le calcul précédent : ses clients ne viennent d'aucun segment en particulier.",
        }
    return {
        "en": f"New since the previous run: {_percent(match.shares[0])} % of it was "
        f"{_list(match.sources, names, 'en')}.",
        "fr": f"Nouveau depuis le calcul précédent : {_percent(match.shares[0])} % de ses clients viennent "
        f"{_list(match.sources, names, 'fr', 'of')}.",
    }


def _old_note(outcome: Outcome, name: Words, new_names: Sequence[Words]) -> Words | None:
    if outcome.fate == "kept":
        return None
    en, fr = (f"The segment called {name['en']}", f"Le segment appelé {name['fr']}")
    if outcome.fate == "vanished":
        return {
            "en": f"{en} has vanished: its customers, if any are left, are spread over the others.",
            "fr": f"{fr} a disparu : ses clients, s'il en reste, sont répartis entre les autres.",
        }
    into = {language: _list(outcome.into, new_names, language) for language in ("en", "fr")}
    if outcome.fate == "merged":
        return {"en": f"{en} has merged into {into['en']}.", "fr": f"{fr} s'est fondu dans {into['fr']}."}
    return {"en": f"{en} has split into {into['en']}.", "fr": f"{fr} s'est divisé entre {into['fr']}."}


def _list(segments: Sequence[int], names: Sequence[Words], language: str, case: str = "the") -> str:
    """The segments' names: "the segment called Lion", "the segments called Lion and Bear"; in French also "of the"."""
    told = [names[segment][language] for segment in segments]
    link = " and " if language == "en" else " et "
    joined = link.join([", ".join(told[:-1]), told[-1]] if len(told) > 1 else told)
    many = len(told) > 1
    if language == "en":
        return f"the segment{'s' if many else ''} called {joined}"
    article = ("des" if many else "du") if case == "of" else ("les" if many else "le")
    return f"{article} segment{'s' if many else ''} appelé{'s' if many else ''} {joined}"


def _percent(share: float) -> int:
    return round(100 * share)
