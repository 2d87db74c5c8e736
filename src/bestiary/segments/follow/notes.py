"""What became of the segments since the previous run, in words a reader can use, in English and French.

A segment that is plainly the same needs no words. Names are those of `identity.Identity`. Percentages are of customers
of today as the previous model would place them, and not of those who moved: whoever has changed since then is placed by
what they are now.
"""

from collections.abc import Sequence

from bestiary.segments.follow.match import Match, Matching, Outcome

Words = dict[str, str]
THEN, NOW = {"en": "then", "fr": "alors"}, {"en": "now", "fr": "désormais"}
FEW = 0.2
"""A share below which a new segment is not said to come from anywhere."""


def new_notes(matching: Matching, old_names: Sequence[Words]) -> list[Words | None]:
    """A note for each new segment, from the names of the old ones; None for the same one."""
    return [_new_note(match, old_names) for match in matching.new]


def old_notes(
    matching: Matching, old_names: Sequence[Words], new_names: Sequence[Words], first: tuple[int, int] = (0, 0)
) -> list[Words | None]:
    """A note for each old segment, from both runs' names; None for one that was kept.

    `first` are the numbers of the first old and the first new segment: where segments that a note names are called
    alike, their numbers stand beside the names.
    """
    notes = []
    for number, (outcome, name) in enumerate(zip(matching.old, old_names, strict=True)):
        met = [name, *(new_names[into] for into in outcome.into)]
        told = _numbered(name, first[0] + number, THEN) if met.count(name) > 1 else name
        known = [
            _numbered(one, first[1] + place, NOW) if met.count(one) > 1 else one for place, one in enumerate(new_names)
        ]
        notes.append(_old_note(outcome, told, known))
    return notes


def _numbered(name: Words, number: int, when: Words) -> Words:
    return {language: f"{text} (segment {number} {when[language]})" for language, text in name.items()}


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
        told = _placed(share, guests, names)
        return {
            "en": f"Merged since the previous run: {told['en']}.",
            "fr": f"Fusionné depuis le calcul précédent : {told['fr']}.",
        }
    if not match.sources or (match.kind == "new" and match.shares[0] < FEW):
        return {
            "en": "New since the previous run: its customers come from no segment in particular.",
            "fr": "Nouveau depuis le calcul précédent : ses clients ne viennent d'aucun segment en particulier.",
        }
    told = _placed(match.shares[0], match.sources, names)
    if match.kind == "split":
        name = _list(match.sources, names, "en"), _list(match.sources, names, "fr", "of")
        return {
            "en": f"Split since the previous run from {name[0]}: {told['en']}.",
            "fr": f"Détaché depuis le calcul précédent {name[1]} : {told['fr']}.",
        }
    return {
        "en": f"New since the previous run: {told['en']}, more than in any other.",
        "fr": f"Nouveau depuis le calcul précédent : {told['fr']}, plus que dans tout autre.",
    }


def _placed(share: float, sources: Sequence[int], names: Sequence[Words]) -> Words:
    """Of whom a share is: today's customers, placed by the previous run's borders, wherever they were then."""
    percent = round(100 * share)
    return {
        "en": f"of the customers in it today, the borders of that run would put {percent}% in "
        f"{_list(sources, names, 'en', when='then ')}",
        "fr": f"des clients qui y sont aujourd'hui, les frontières de ce calcul en mettraient {percent} % dans "
        f"{_list(sources, names, 'fr', when='alors ')}",
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


def _list(segments: Sequence[int], names: Sequence[Words], language: str, case: str = "the", when: str = "") -> str:
    """The segments' names: "the segment called Lion", "the segments called Lion and Bear"; in French also "of the".

    `when` stands before "called", with a space after it.
    """
    told = [names[segment][language] for segment in segments]
    link = " and " if language == "en" else " et "
    joined = link.join([", ".join(told[:-1]), told[-1]] if len(told) > 1 else told)
    many = len(told) > 1
    if language == "en":
        return f"the segment{'s' if many else ''} {when}called {joined}"
    article = ("des" if many else "du") if case == "of" else ("les" if many else "le")
    return f"{article} segment{'s' if many else ''} {when}appelé{'s' if many else ''} {joined}"
