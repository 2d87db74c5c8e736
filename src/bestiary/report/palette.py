"""Which colour and which mark a segment has: stable by persona, and told apart by shape as well as by hue.

Colours are names of custom properties in `style.css`, where each has a value for light and one for dark, of much the
same hue, so that an animal keeps its colour; the page's script puts the values in. Colours that can stand in one
picture differ to normal, red-blind, green-blind and blue-blind eyes, and more so where their shape is the same; tests
hold a change of either to that, and to the contrasts of WCAG AA.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ANIMALS = ("lion", "bear", "squirrel", "fox", "beaver", "owl", "turtle", "dormouse", "swallow")
VISITORS = ("magpie", "hummingbird", "stork", "butterfly", "cat", "sparrow", "hedgehog")
"""The animals of those who never bought: another kingdom, drawn apart, so its symbols begin again."""
SPARES = 4
SYMBOLS = ("circle", "square", "diamond", "circle-open", "square-open", "diamond-open")
"""Shapes that Plotly draws alike in a plane and in space without a font; its crosses in space are letters."""
INK, SOFT, QUIET, GRID, ACCENT = "var(--ink)", "var(--soft)", "var(--quiet)", "var(--grid)", "var(--accent)"
VEIL, BAND = "var(--veil)", "var(--band)"
LOW, MIDDLE, HIGH = "var(--low)", "var(--page)", "var(--high)"


@dataclass(frozen=True)
class Look:
    """How a segment is drawn: colour token, marker symbol and the animal of its mark (None: a paw)."""

    colour: str
    symbol: str
    animal: str | None


def looks(segments: Sequence[Mapping[str, Any]]) -> dict[int, Look]:
    """A look per segment number. The first segment of a persona has its colour, further ones a spare colour."""
    found: dict[int, Look] = {}
    taken: set[str] = set()
    spares = 0
    for segment in sorted(segments, key=lambda s: int(s["segment"])):
        persona = segment["persona"] if segment["persona"] in (*ANIMALS, *VISITORS) else None
        if persona is not None and persona not in taken:
            kingdom = ANIMALS if persona in ANIMALS else VISITORS
            colour, place = f"var(--animal-{persona})", kingdom.index(persona)
            taken.add(persona)
        else:
            colour, place = f"var(--spare-{spares % SPARES + 1})", len(ANIMALS) + spares
            spares += 1
        found[segment["segment"]] = Look(colour, SYMBOLS[place % len(SYMBOLS)], persona)
    return found
