"""What a reader should be told of the data that segments are made of."""

from datetime import date
from pathlib import Path

from bestiary.config import Settings
from bestiary.segments.group import Group
from bestiary.segments.population import Population
from bestiary.segments.transform import QuartileScores
from bestiary.sql import quote

Words = dict[str, str]
STRAY = 0.001
"""This share of customers may have been seen before history begins: events with a wrong date."""
DAYS = 28
"""Of the shortest month."""
ROLES = {
    "recency": "récence",
    "frequency": "fréquence",
    "monetary": "montant",
    "sessions": "nombre de visites",
    "carts": "nombre de mises au panier",
    "price": "prix regardé",
}


def history_days(population: Population, customers: Path, as_of: date, where: str) -> int:
    """The days of the calendar on which a population of a customer table was seen first, up to `as_of`.

    The tenure, in whole days, does not tell: whoever came at midnight and whoever came late the evening before have
    the same.
    """
    row = population.connection.execute(
        f"SELECT DATE '{as_of}' - cast(quantile_disc(first_seen, {STRAY}) AS DATE) "
        f"FROM read_parquet({quote(str(customers))}) WHERE {where}"
    ).fetchall()[0]
    return int(row[0])


def about_history(days: int, settings: Settings) -> list[Words]:
    """That history is shorter than the shortest window, so that nobody can have been away for long.

    Animals are told by how customers compare with each other, whatever the number of days.
    """
    months = settings.windows[0]
    if days >= DAYS * months:
        return []
    en = f"{days} day{'s' if days != 1 else ''}", f"{months} month{'s' if months != 1 else ''}"
    fr = f"{days} jour{'s' if days != 1 else ''}"
    return [
        {
            "en": f"The buyers' history is of {en[0]} only, less than the shortest window ({en[1]}): recency means "
            "little here, and who bought or came longer ago than most did so a few days earlier.",
            "fr": f"L'historique des acheteurs n'est que de {fr}, moins que la plus courte période ({months} mois) : "
            "la récence ne veut pas dire grand-chose ici, et qui a acheté ou est venu avant la plupart ne l'a fait que "
            "quelques jours plus tôt.",
        }
    ]


def about_data(group: Group) -> list[Words]:
    """Refunds above purchases, and columns in which everyone is alike."""
    found = []
    refunded = 0 if isinstance(group.chosen.transform, QuartileScores) else int((group.frame.values < 0).sum())
    if refunded:
        one = refunded == 1
        found.append(
            {
                "en": f"{refunded:,} {'customer was' if one else 'customers were'} refunded more than was paid in the "
                "window; the model takes the value as 0.",
                "fr": f"{refunded} {'client a été remboursé' if one else 'clients ont été remboursés'} de plus que les "
                "achats de la période ; le modèle prend la valeur pour 0.",
            }
        )
    rows = group.frame.rows
    same = [role for role, column in zip(group.frame.recipe.roles, rows.T, strict=True) if column.min() == column.max()]
    if same:
        found.append(
            {
                "en": f"Everyone has the same {', '.join(same)}: it tells no two customers apart.",
                "fr": f"Tous ont la même valeur de {', '.join(ROLES[one] for one in same)} : "
                "elle ne distingue personne.",
            }
        )
    return found
