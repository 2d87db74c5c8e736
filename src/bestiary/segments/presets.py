"""The recipes: which customers are segmented, on what, and how k is chosen.

A preset has one recipe for its buyers. Those who bought nothing in the longest window are most of a shop; they are
segmented by a recipe of their own, on what they looked at.
"""

from dataclasses import dataclass
from typing import Literal

from bestiary.config import Preset
from bestiary.segments.personas import Kind
from bestiary.segments.tree import Shape

Population = Literal["buyers", "active_buyers", "visitors"]
Windows = tuple[int, int, int]
Words = dict[str, str]


FEWEST_VISITORS = 100
"""With fewer visitors than this, they are not segmented."""


@dataclass(frozen=True)
class Recipe:
    """One population's recipe, its columns named for the windows in use.

    Its customers have more than 0 in the columns `some` and 0 in the columns `none`. `columns` are the model's inputs
    in order, each as role and source column; those whose role is in `nullable` may be null. `purchases` is the number
    of purchasing sessions, which the basket divides by (0 for every visitor), `events` that of events. `candidates`
    are compared unless others are asked for.
    """

    population: Population
    some: tuple[str, ...]
    none: tuple[str, ...]
    rule: Words
    columns: tuple[tuple[str, str], ...]
    purchases: str
    events: str
    candidates: tuple[str, ...]
    deck: bool
    shape: Shape
    nullable: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        """Who is of the population, as an SQL condition over the customer table."""
        return " AND ".join([*(f"{name} > 0" for name in self.some), *(f"{name} = 0" for name in self.none)])

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles of the columns, in order."""
        return tuple(role for role, _ in self.columns)

    @property
    def sources(self) -> tuple[str, ...]:
        """The columns of the customer table that they are read from, in order."""
        return tuple(source for _, source in self.columns)

    @property
    def needs(self) -> tuple[str, ...]:
        """Every column of the customer table that the recipe reads."""
        return (*self.sources, self.purchases, self.events)

    @property
    def animals(self) -> Kind:
        """Which of the two populations of animals may lend their names."""
        return "visitors" if self.population == "visitors" else "buyers"


def recipe(preset: Preset, windows: Windows) -> Recipe:
    """The recipe of a preset's buyers for these window lengths (months, shortest first)."""
    shortest, _, longest = windows
    purchases = f"number_of_purchases_{longest}m"
    if preset == "amazing":
        return Recipe(
            population="active_buyers",
            some=tuple(f"{name}_{shortest}m" for name in ("number_of_views", "number_of_carts", "count_products")),
            none=(),
            rule={
                "en": f"customers with a view, a cart and a purchase in the last {_months_en(shortest)}",
                "fr": f"clients ayant vu, mis au panier et acheté au cours {_months_fr(shortest)}",
            },
            columns=_bought(f"number_of_sessions_{longest}m"),
            purchases=purchases,
            events=f"number_of_events_{longest}m",
            candidates=("rfm_scores",),
            deck=True,
            shape=Shape(depth=3),
        )
    return Recipe(
        population="buyers",
        some=(purchases,),
        none=(),
        rule={
            "en": f"customers with a purchase in the last {_months_en(longest)}",
            "fr": f"clients ayant acheté au cours {_months_fr(longest)}",
        },
        columns=_bought(purchases),
        purchases=purchases,
        events=f"number_of_events_{longest}m",
        candidates=("rfm_log", "rfm_scores", "rfm_gmm", "behaviour_pca", "tree", "rfm_grid"),
        deck=False,
        shape=Shape(depth=7, leaves_per_segment=3, least_share=0.002),
    )


def recipes(preset: Preset, windows: Windows) -> list[Recipe]:
    """Every population that a preset segments, buyers first."""
    return [recipe(preset, windows), *([visitors(windows)] if preset == "default" else [])]


def visitors(windows: Windows) -> Recipe:
    """The recipe of those who came in the longest window and bought nothing in it.

    The price is null for who looked at nothing with a known price.
    """
    longest = windows[-1]
    purchases = f"number_of_purchases_{longest}m"
    return Recipe(
        population="visitors",
        some=(),
        none=(purchases,),
        rule={
            "en": f"visitors without a purchase in the last {_months_en(longest)}",
            "fr": f"visiteurs n'ayant rien acheté au cours {_months_fr(longest)}",
        },
        columns=(
            ("recency", "days_since_last_visit"),
            ("sessions", f"number_of_sessions_{longest}m"),
            ("carts", f"number_of_carts_{longest}m"),
            ("price", f"avg_price_viewed_{longest}m"),
        ),
        purchases=purchases,
        events=f"number_of_events_{longest}m",
        candidates=("rfm_log",),
        deck=False,
        shape=Shape(depth=7, leaves_per_segment=3, least_share=0.002),
        nullable=("price",),
    )


def _bought(frequency: str) -> tuple[tuple[str, str], ...]:
    """Recency, frequency (whichever column counts it) and monetary value of buyers."""
    return (
        ("recency", "days_since_last_purchase"),
        ("frequency", frequency),
        ("monetary", "total_purchase_value"),
    )


def _months_en(months: int) -> str:
    return "month" if months == 1 else f"{months} months"


def _months_fr(months: int) -> str:
    return "du dernier mois" if months == 1 else f"des {months} derniers mois"
