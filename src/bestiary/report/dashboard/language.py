"""The language of a page: as asked, as asked before, as the command says, as the browser says."""

from collections.abc import Mapping
from typing import get_args

from bestiary.config import Language

COOKIE = "bestiary_language"
LANGUAGES: tuple[Language, ...] = get_args(Language)


def chosen(query: Mapping[str, str], cookies: Mapping[str, str], default: Language | None, accepted: str) -> Language:
    """The first of the four that names a language of ours; English where none does."""
    named = [query.get("lang"), cookies.get(COOKIE), default, *_accepted(accepted)]
    return next((one for name in named for one in LANGUAGES if one == name), "en")


def _accepted(header: str) -> list[str]:
    """The languages of an Accept-Language header (RFC 9110, 12.5.4), the most wanted first; none that are refused."""
    weighed = []
    for place, part in enumerate(header.split(",")):
        name, _, weight = part.replace(" ", "").replace("\t", "").partition(";q=")
        try:
            wanted = float(weight) if weight else 1.0
        except ValueError:
            continue
        if wanted > 0:
            weighed.append((-wanted, place, name.partition("-")[0].lower()))
    return [name for _, _, name in sorted(weighed)]
