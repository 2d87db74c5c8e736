"""How far apart two colours look, to the eyes that most people have and to three others: for the palette's tests.

Written from the published formulae:

- sRGB and its transfer function: IEC 61966-2-1; contrast of two colours: WCAG 2.2, "relative luminance".
- Red-blind and green-blind eyes: Viénot, Brettel and Mollon (1999), "Digital video colourmaps for checking the
  legibility of displays by dichromats", Color Research and Application 24(4), 243-252: colours are first drawn in a
  little so that what is seen stays on the screen, then carried to cone responses, where the missing one is put on the
  plane of white, blue and yellow (protan: L = 2.02344 M - 2.52581 S; deutan: M = 0.494207 L + 1.24827 S).
- Blue-blind eyes: Machado, Oliveira and Fernandes (2009), "A physiologically-based model for simulation of color vision
  deficiency", IEEE TVCG 15(6), 1291-1298: the matrix for tritanopia (severity 1), on linear RGB.
- Distance: Euclidean in OKLab, Ottosson (2020), "A perceptual color space for image processing". Unlike CIEDE2000 it is
  a metric, and even over distances as large as those within a palette; 0.02 is what is just noticed side by side.
"""

from collections.abc import Mapping
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

VISIONS = ("normal", "protanopia", "deuteranopia", "tritanopia")
_CONES = np.array([[17.8824, 43.5161, 4.11935], [3.45565, 27.1554, 3.86714], [0.0299566, 0.184309, 1.46709]])
_SCREEN = np.linalg.inv(_CONES)
_TRITAN = np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]])
_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def linear(colour: str) -> NDArray[np.float64]:
    """(3,) linear RGB in 0 to 1 of `#rrggbb`."""
    coded = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)


def luminance(colour: str) -> float:
    """Relative luminance, 0 black to 1 white."""
    return float(np.array([0.2126, 0.7152, 0.0722]) @ linear(colour))


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG, 1 to 21, whichever is the lighter."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def seen(rgb: NDArray[np.float64], vision: str) -> NDArray[np.float64]:
    """(3,) linear RGB that looks to everyone as `rgb` looks to this vision, cut to the screen's 0 to 1."""
    if vision == "normal":
        return rgb
    if vision == "tritanopia":
        return np.clip(_TRITAN @ rgb, 0, 1)
    if vision == "protanopia":
        cones = _CONES @ (0.992052 * rgb + 0.003974)
        cones[0] = 2.02344 * cones[1] - 2.52581 * cones[2]
    else:
        cones = _CONES @ (0.957237 * rgb + 0.0213814)
        cones[1] = 0.494207 * cones[0] + 1.24827 * cones[2]
    return np.clip(_SCREEN @ cones, 0, 1)


def oklab(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """(3,) lightness, green to red, blue to yellow of linear RGB."""
    return _LAB @ np.cbrt(_LMS @ rgb)


def distance(one: str, other: str, vision: str) -> float:
    """How far apart two colours look to a vision; 0 the same, 1 black and white."""
    return float(np.linalg.norm(oklab(seen(linear(one), vision)) - oklab(seen(linear(other), vision))))


def too_close(colours: Mapping[str, str], shapes: Mapping[str, str], apart: float, alike: float) -> list[str]:
    """Pairs nearer than `apart` to any vision, or than `alike` where the shape is the same; the worst first."""
    found = []
    for one, other in combinations(colours, 2):
        least = apart if shapes[one] != shapes[other] else alike
        for vision in VISIONS:
            far = distance(colours[one], colours[other], vision)
            if far < least:
                found.append((far - least, f"{one} and {other}, {vision}: {far:.3f}, at least {least}"))
    return [text for _, text in sorted(found)]
