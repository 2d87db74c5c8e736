"""The language of a page: as asked, as asked before, as the command says, as the browser says."""

from collections.abc import Mapping

from bestiary.config import LANGUAGES, Language
from bestiary.web import accepted

COOKIE = "bestiary_language"


def chosen(query: Mapping[str, str], cookies: Mapping[str, str], default: Language | None, header: str) -> Language:
    """The first of the four that names a language of ours; English where none does."""
    named = [query.get("lang"), cookies.get(COOKIE), default, *accepted(header)]
    return next((one for name in named for one in LANGUAGES if one == name), "en")
