"""The two recipes: which customers are segmented, on what, and how k is chosen."""

from dataclasses import dataclass
from typing import Literal

from bestiary.config import Preset
from bestiary.segments.tree import Shape

Population = Literal["buyers", "active_buyers"]
Windows = tuple[int, int, int]
Words = dict[str, str]


@dataclass(frozen=True)
class Recipe:
    """One preset, its columns named for the windows in use.

    `where` is an SQL condition over the customer table. `frequency` is what the model counts; `purchases`
    is the number of purchasing sessions, which the basket divides by. `k_floor` is the smallest k that
    `auto` chooses while a larger one has a silhouette.
    """

    population: Population
    where: str
    rule: Words
    frequency: str
    purchases: str
    scored: bool
    deck: bool
    k_floor: int
    shape: Shape

    @property
    def columns(self) -> tuple[tuple[str, str], ...]:
        """The model's columns, in order: role and source column."""
        return (
            ("recency", "days_since_last_purchase"),
            ("frequency", self.frequency),
            ("monetary", "total_purchase_value"),
        )


def recipe(preset: Preset, windows: Windows) -> Recipe:
    """The recipe of a preset for these window lengths (months, shortest first)."""
    shortest, _, longest = windows
    purchases = f"number_of_purchases_{longest}m"
    if preset == "amazing":
        return Recipe(
            population="active_buyers",
            where=f"number_of_views_{shortest}m > 0 AND number_of_carts_{shortest}m > 0 "
            f"AND count_products_{shortest}m > 0",
            rule={
                "en": f"customers with a view, a cart and a purchase in the last {_months_en(shortest)}",
                "fr": f"clients ayant vu, mis au panier et acheté au cours {_months_fr(shortest)}",
            },
            frequency=f"number_of_sessions_{longest}m",
            purchases=purchases,
            scored=True,
            deck=True,
            k_floor=2,
            shape=Shape(depth=3),
        )
    return Recipe(
        population="buyers",
        where=f"{purchases} > 0",
        rule={
            "en": f"customers with a purchase in the last {_months_en(longest)}",
            "fr": f"clients ayant acheté au cours {_months_fr(longest)}",
        },
        frequency=purchases,
        purchases=purchases,
        scored=False,
        deck=False,
        k_floor=3,
        shape=Shape(depth=5, leaves_per_segment=3, least_share=0.005),
    )


def _months_en(months: int) -> str:
    return "month" if months == 1 else f"{months} months"


def _months_fr(months: int) -> str:
    return "du dernier mois" if months == 1 else f"des {months} derniers mois"
