"""Colours, shapes and marks: stable by persona, with a value for light and one for dark, and a picture for each."""

import re
from pathlib import Path
from typing import Any

import pytest

from bestiary import report
from bestiary.config import Language
from bestiary.report.palette import ANIMALS, VISITORS, looks
from bestiary.report.words import Words
from bestiary.segments.personas import personas


def test_colours_follow_the_persona_and_never_repeat() -> None:
    def segment(number: int, persona: str | None) -> dict[str, Any]:
        return {"segment": number, "persona": persona}

    first = looks([segment(0, "lion"), segment(1, "owl"), segment(2, None)])
    second = looks([segment(0, "owl"), segment(1, None), segment(2, "lion")])
    assert first[0] == second[2]
    assert first[1] == second[0]
    assert first[2].animal is None
    twins = looks([segment(0, "lion"), segment(1, "lion")])
    assert twins[0].colour != twins[1].colour
    assert twins[1].animal == "lion"
    twelve = looks([segment(i, persona) for i, persona in enumerate([*ANIMALS, "lion", None, "unheard-of"])])
    assert len({look.colour for look in twelve.values()}) == 12
    assert twelve[11].animal is None
    visitors = looks([segment(i, persona) for i, persona in enumerate([*VISITORS, "cat", None])])
    assert len({look.colour for look in visitors.values()}) == 9
    assert [look.animal for look in visitors.values()] == [*VISITORS, "cat", None]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_animal_has_a_mark_and_a_name_in_the_report(language: Language) -> None:
    template = (Path(report.__file__).parent / "templates" / "animals.html.j2").read_text(encoding="utf-8")
    marks = re.findall(r'<symbol id="animal-(\w+)" viewBox="0 0 128 128"[^>]*>', template)
    assert sorted(marks) == sorted([*ANIMALS, *VISITORS, "paw"])
    for population, animals in (("buyers", ANIMALS), ("visitors", VISITORS)):
        assert sorted(animals) == sorted(key for key, one in personas().items() if one.population == population)
    for key, animal in personas().items():
        assert Words(language, "EUR").label("names", key) == getattr(animal.name, language)


def test_every_colour_has_a_value_for_light_and_for_dark() -> None:
    css = (Path(report.__file__).parent / "templates" / "style.css").read_text(encoding="utf-8")
    light, dark = css.split("@media screen and (prefers-color-scheme: dark)")
    segments = [{"segment": i, "persona": p} for i, p in enumerate([*ANIMALS, *VISITORS, None, None, None, None])]
    for look in looks(segments).values():
        name = look.colour.removeprefix("var(").removesuffix(")")
        assert f"{name}: #" in light
        assert f"{name}: #" in dark
