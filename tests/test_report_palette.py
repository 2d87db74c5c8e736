"""The palette: told apart by eyes of four kinds, by hue or by shape, and clear of what it stands on; light and dark.

`APART` is for marks of different shapes: two and a half times what is just noticed between large fields (0.02 in
OKLab), for here the shape tells them apart as well. `ALIKE` is for marks of one shape, which only colour tells apart:
more than five times that, a step of lightness that even a grey picture would keep. `LINES` is for the lines of one
chart, which also differ in dash or mark.
"""

import re
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from bestiary.report import palette
from bestiary.report.palette import ANIMALS, SPARES, VISITORS, looks
from colour_vision import VISIONS, contrast, distance, linear, oklab, seen, too_close

APART, ALIKE, LINES = 0.05, 0.11, 0.07
GRAPHICS, TEXT = 3.0, 4.5
"""Least contrast of what must be seen (WCAG 2.2, 1.4.11) and of what must be read (1.4.3, AA)."""
GROUNDS = ("page", "card")
KINGDOMS = {"buyers": ANIMALS, "visitors": VISITORS}
THEMES = ("light", "dark")


def tokens(theme: str) -> dict[str, str]:
    """The colours of a theme in style.css, by the name of their custom property; dark ones replace light ones."""
    css = (Path(palette.__file__).parent / "templates" / "style.css").read_text(encoding="utf-8")
    blocks = re.findall(r":root[^{]*\{([^}]*)\}", css)
    chosen = blocks[:1] if theme == "light" else blocks[:2]
    return {name: value for block in chosen for name, value in re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block)}


def marks(kingdom: str, theme: str) -> tuple[dict[str, str], dict[str, str]]:
    """The colour and the shape of every mark that can stand in one picture: a kingdom's animals and the spares."""
    personas = [*KINGDOMS[kingdom], *[None] * SPARES]
    values = tokens(theme)
    found = looks([{"segment": number, "persona": persona} for number, persona in enumerate(personas)])
    names = [look.colour.removeprefix("var(--").removesuffix(")") for look in found.values()]
    shapes = [look.symbol for look in found.values()]
    return {name: values[name] for name in names}, dict(zip(names, shapes, strict=True))


def faint(colours: Mapping[str, str], fronts: tuple[str, ...], grounds: tuple[str, ...], least: float) -> list[str]:
    """Which of `fronts` has less than `least` contrast with one of `grounds`."""
    pairs = [(front, ground, contrast(colours[front], colours[ground])) for front in fronts for ground in grounds]
    return [f"{front} on {ground}: {ratio:.2f}, at least {least}" for front, ground, ratio in pairs if ratio < least]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("kingdom", KINGDOMS)
def test_marks_that_stand_together_are_told_apart_by_every_eye(kingdom: str, theme: str) -> None:
    colours, shapes = marks(kingdom, theme)
    assert len(set(colours.values())) == len(KINGDOMS[kingdom]) + SPARES
    assert too_close(colours, shapes, APART, ALIKE) == []


@pytest.mark.parametrize("theme", THEMES)
def test_lines_of_one_chart_are_told_apart_by_every_eye(theme: str) -> None:
    colours = {name: tokens(theme)[name] for name in ("accent", "high", "soft", "ink")}
    assert too_close(colours, dict.fromkeys(colours, "line"), LINES, LINES) == []
    ends = {name: tokens(theme)[name] for name in ("low", "page", "high")}
    assert too_close(ends, dict.fromkeys(ends, "cell"), ALIKE, ALIKE) == []


@pytest.mark.parametrize("theme", THEMES)
def test_marks_and_lines_are_seen_on_the_page_and_on_a_card(theme: str) -> None:
    spares = tuple(f"spare-{number}" for number in range(1, SPARES + 1))
    drawn = tuple(f"animal-{name}" for name in (*ANIMALS, *VISITORS)) + spares + ("low", "high")
    assert faint(tokens(theme), drawn, GROUNDS, GRAPHICS) == []


@pytest.mark.parametrize("theme", THEMES)
def test_text_is_read_on_the_page_on_a_card_and_on_its_own_ground(theme: str) -> None:
    values = tokens(theme)
    assert faint(values, ("ink", "soft", "accent", "rubric", "warn"), GROUNDS, TEXT) == []
    assert faint(values, ("warn", "ink", "accent"), ("warn-back",), TEXT) == []
    assert faint(values, ("page",), ("accent",), TEXT) == []


@pytest.mark.parametrize(
    ("name", "bad", "told"),
    [
        ("animal-turtle", "#b5811d", "animal-lion and animal-turtle, normal"),  # nearly the lion's own, and as round
        (
            "animal-swallow",
            "#948e69",
            "squirrel and animal-swallow, deuteranopia: 0.001",
        ),  # only green cones tell them apart
        ("animal-bear", "#f0f0f0", None),
    ],
)
def test_a_bad_colour_is_found(name: str, bad: str, told: str | None) -> None:
    colours, shapes = marks("buyers", "light")
    spoilt = colours | {name: bad}
    if told is None:
        assert faint(tokens("light") | spoilt, (name,), GROUNDS, GRAPHICS)
    else:
        assert told in "; ".join(too_close(spoilt, shapes, APART, ALIKE))


def test_a_grey_too_light_to_read_is_found() -> None:
    found = faint(tokens("light") | {"soft": "#8b8578"}, ("ink", "soft"), GROUNDS, TEXT)
    assert [line.partition(":")[0] for line in found] == ["soft on page", "soft on card"]


def test_shape_allows_what_colour_alone_would_not() -> None:
    near = {"one": "#286eb4", "other": "#3f83c7"}
    assert 0.05 < min(distance(near["one"], near["other"], vision) for vision in VISIONS) < 0.11
    assert too_close(near, {"one": "circle", "other": "square"}, APART, ALIKE) == []
    assert len(too_close(near, dict.fromkeys(near, "circle"), APART, ALIKE)) == len(VISIONS)


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("grey", ["#000000", "#777777", "#ffffff"])
def test_greys_look_grey_to_every_eye(vision: str, grey: str) -> None:
    _, green_red, blue_yellow = oklab(seen(linear(grey), vision))
    assert abs(green_red) < 0.01
    assert abs(blue_yellow) < 0.01


@pytest.mark.parametrize(
    ("vision", "kept", "confused"),
    [
        # Kept: blue and yellow lie in the plane that red-blind and green-blind eyes see truly (Viénot et al., 1999).
        # Confused: what differs from #8a8050 in one kind of cone only, by the cone responses of the same paper.
        ("protanopia", ("#0000ff", "#ffff00"), "#c3754f"),
        ("deuteranopia", ("#0000ff", "#ffff00"), "#2b974c"),
        ("tritanopia", ("#ff0000", "#00ffff"), "#8f7b7a"),
    ],
)
def test_what_each_eye_keeps_and_what_it_confuses(vision: str, kept: tuple[str, str], confused: str) -> None:
    assert all(np.linalg.norm(oklab(seen(linear(colour), vision)) - oklab(linear(colour))) < 0.06 for colour in kept)
    assert distance("#8a8050", confused, vision) < 0.2 * distance("#8a8050", confused, "normal")
    others = [other for other in VISIONS if other != vision]
    assert all(distance("#8a8050", confused, other) > 0.03 for other in others)


def test_contrast_and_distance_at_their_ends() -> None:
    assert contrast("#000000", "#ffffff") == contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)
    assert distance("#000000", "#ffffff", "normal") == pytest.approx(1, abs=1e-6)
    assert all(distance(one, one, "normal") == 0 for one in ("#286eb4", "#ffffff"))
    assert all(distance(a, b, "normal") == distance(b, a, "normal") for a, b in combinations(("#123456", "#fedcba"), 2))
