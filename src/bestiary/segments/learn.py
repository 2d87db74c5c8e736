"""Learn a shop's customers: buyers and visitors each as a group, how many events are enough, and the picture."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bestiary.config import Settings
from bestiary.segments import group
from bestiary.segments.enough import Enough, enough
from bestiary.segments.frame import framed
from bestiary.segments.group import Group
from bestiary.segments.history import History
from bestiary.segments.pca import Components, components
from bestiary.segments.population import Population, somebody
from bestiary.segments.presets import FEWEST_VISITORS, Recipe, recipes
from bestiary.segments.value import earlier
from bestiary.segments.worth.season import season_ratio

VISITORS = 200_000
"""Above this many visitors, their segments are learned on a seeded sample of so many; everyone is placed."""


@dataclass(frozen=True)
class Picture:
    """The principal components of the buyers' numeric columns (d,)."""

    columns: tuple[str, ...]
    components: Components


@dataclass(frozen=True)
class Learned:
    """All that was learned. `season` rescales the expected value, None where a year of history is missing."""

    buyers: Group
    visitors: Group | None
    enough: Enough | None
    season: float | None
    picture: Picture

    @property
    def min_events(self) -> int:
        """The least number of events with which a customer is placed; 0 where it is not known."""
        return self.enough.min_events if self.enough else 0


def stages(settings: Settings) -> int:
    """How many stages `learn` tells of: those of both populations, and the rest."""
    return sum(group.stages(one, settings) for one in recipes(settings.preset, settings.windows)) + 1


def learn(
    populations: Sequence[Population],
    asked: Sequence[Recipe],
    settings: Settings,
    history: History,
    tell: Callable[[int], object] = lambda _: None,
) -> Learned:
    """Learn the buyers, the first population, and the visitors, the second, if there is one; `asked` are their recipes.

    ModelError when a model column has a null or is out of range. `tell` hears of stages that are done.
    """
    before = history.before.model.fitted if history.before else None
    overruled = history.before is not None and history.before.model.config.candidate is not None
    wide = any(one.columns == "all" for one in group.candidates_of(asked[0], settings))
    somebody(populations[0], asked[0])
    frame = framed(populations[0], asked[0], wide=wide)
    then = None
    if history.earlier and history.at and history.until:
        then = earlier(history.earlier, history.at, history.until, asked[0], settings)
    buyers = group.learn(frame, settings, then, before.buyers if before else None, tell, keeping=not overruled)
    visitors = None
    if len(populations) > 1:
        if populations[1].size >= FEWEST_VISITORS:
            looking = framed(populations[1], asked[1], most=VISITORS, seed=settings.seed)
            kept = before.visitors if before else None
            visitors = group.learn(looking, settings, None, kept, tell, buyers.chosen.k)
        else:
            tell(group.stages(asked[1], settings))
    learned = Learned(
        buyers=buyers,
        visitors=visitors,
        enough=_enough(history, populations, buyers, visitors, settings),
        season=_season(history, buyers),
        picture=_picture(populations[0]),
    )
    tell(1)
    return learned


def _enough(
    history: History, populations: Sequence[Population], buyers: Group, visitors: Group | None, settings: Settings
) -> Enough | None:
    """How many events are enough; None where first visits are not known, or hold no column that a model asks for."""
    if history.first_visits is None:
        return None
    segmentations = [buyers.segmentation()]
    if visitors:
        segmentations.append(visitors.segmentation(buyers.chosen.k))
    return enough(history.first_visits, list(zip(populations, segmentations, strict=False)), settings)


def _season(history: History, buyers: Group) -> float | None:
    """The ratio by which the coming window's revenue differs from that of the window learned on, of a year before."""
    if history.at is None or history.until is None or buyers.valued is None:
        return None
    if (history.at.day, history.until.day) != (1, 1):
        return None  # revenue is known by whole months, and the windows would not be those of a year before
    months = (history.until.year - history.at.year) * 12 + history.until.month - history.at.month
    return season_ratio(sorted(history.revenue.items()), f"{history.until:%Y-%m}", months)


def _picture(population: Population) -> Picture:
    return Picture(population.columns, components(population.chunks, len(population.columns)))
