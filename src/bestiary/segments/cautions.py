"""What a reader of the segments should be told first."""

from bestiary.config import Settings
from bestiary.segments.learn import Learned

Words = dict[str, str]


def cautions(learned: Learned, settings: Settings) -> list[Words]:
    """The warnings of a fit, in a fixed order."""
    return [
        *_about_data(learned),
        *_about_k(learned, settings),
        *_about_names(learned),
        *_about_tree(learned),
    ]


def _about_data(learned: Learned) -> list[Words]:
    found = []
    refunded = 0 if learned.recipe.scored else int((learned.values < 0).sum())
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
    constant = learned.features.min(axis=0) == learned.features.max(axis=0)
    same = [role for (role, _), one in zip(learned.recipe.columns, constant, strict=True) if one]
    french = {"recency": "récence", "frequency": "fréquence", "monetary": "montant"}
    if same:
        found.append(
            {
                "en": f"Everyone has the same {', '.join(same)}: it tells no two customers apart.",
                "fr": f"Tous ont la même valeur de {', '.join(french[one] for one in same)} : "
                "elle ne distingue personne.",
            }
        )
    return found


def _about_k(learned: Learned, settings: Settings) -> list[Words]:
    clusters, k = learned.clusters, len(learned.clusters.centroids)
    if k == 1:
        return [
            {
                "en": "All segmented customers are alike, so there is one segment: no silhouette, no tree and no "
                "confidence are defined.",
                "fr": "Tous les clients segmentés sont semblables : il n'y a qu'un segment, sans silhouette, "
                "sans arbre ni confiance.",
            }
        ]
    found = []
    wanted = max(settings.k_max, settings.k) if settings.k != "auto" else settings.k_max
    if clusters.distinct < wanted:
        found.append(
            {
                "en": f"The model sees only {clusters.distinct} distinct customers, so k goes no further.",
                "fr": f"Le modèle ne voit que {clusters.distinct} clients distincts : k ne va pas au-delà.",
            }
        )
    return found


def _about_names(learned: Learned) -> list[Words]:
    return [one.note for one in learned.identities if one.persona is None and one.note is not None]


def _about_tree(learned: Learned) -> list[Words]:
    if learned.explanation is None or learned.explanation.part.stratified:
        return []
    return [
        {
            "en": "A segment is too small for the held-out customers to keep the segments' shares: they were "
            "drawn without regard to them, and some figures of the tree may not be defined.",
            "fr": "Un segment est trop petit pour que les clients mis de côté gardent les proportions des "
            "segments : ils ont été tirés sans en tenir compte, et certains chiffres de l'arbre peuvent ne pas "
            "être définis.",
        }
    ]
