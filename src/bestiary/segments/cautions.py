"""What a reader of the segments should be told first."""

from bestiary.config import Settings
from bestiary.segments.cautions_data import about_data, about_history
from bestiary.segments.choice.judge import FEWEST
from bestiary.segments.follow.between import Between
from bestiary.segments.group import Group
from bestiary.segments.learn import Learned
from bestiary.segments.wording import number

Words = dict[str, str]
HALF = 0.5


def cautions(learned: Learned, follow: Between | None, days: int, settings: Settings) -> list[Words]:
    """The warnings of a fit, in a fixed order; `days` is how long the buyers' history is."""
    buyers = learned.buyers
    return [
        *about_history(days, settings),
        *about_data(buyers),
        *_about_k(buyers, settings),
        *_about_choice(buyers),
        *_about_names(buyers),
        *(_about_names(learned.visitors) if learned.visitors else ()),
        *(_about_before(follow) if follow else ()),
        *_about_tree(buyers),
        *_about_early(learned),
    ]


def _about_k(group: Group, settings: Settings) -> list[Words]:
    if group.chosen.k == 1:
        return [
            {
                "en": "All segmented customers are alike, so there is one segment: no silhouette, no tree and no "
                "confidence are defined.",
                "fr": "Tous les clients segmentés sont semblables : il n'y a qu'un segment, sans silhouette, "
                "sans arbre ni confiance.",
            }
        ]
    found = []
    tried = [one.k for one in group.judgement.curve] if group.judgement else []
    wanted = max(settings.k_max, settings.k) if settings.k != "auto" else settings.k_max
    if tried and max(tried) < wanted:
        distinct = max(*tried, group.chosen.k)  # a k that was asked for goes as far, also above `k_max`
        found.append(
            {
                "en": f"The model sees only {distinct} distinct customers, so k goes no further.",
                "fr": f"Le modèle ne voit que {distinct} clients distincts : k ne va pas au-delà.",
            }
        )
    if group.frame.size < FEWEST:
        found.append(
            {
                "en": "The customers are too few to say whether the segments are more than chance: there are "
                f"{group.frame.size}, and at least {FEWEST} are asked.",
                "fr": "Les clients sont trop peu pour dire si les segments sont plus que le hasard : on en compte "
                f"{group.frame.size}, et il en faut au moins {FEWEST}.",
            }
        )
    return found


def _about_choice(group: Group) -> list[Words]:
    """The extreme values, a person's choice, and that no candidate held."""
    found = []
    selection = group.selection
    if group.extremes and group.extremes.decide:
        found.append(
            {
                "en": "The top 0.1% of customers decide how many segments there are: see the choice of k.",
                "fr": "Les 0,1 % de clients les plus extrêmes décident du nombre de segments : voir le choix de k.",
            }
        )
    if selection.overruled:
        found.append(
            {
                "en": f"A person chose {selection.chosen}; the comparison did not decide."
                + "".join(f" It would not have been chosen: {one['en']}." for one in selection.faults),
                "fr": f"{selection.chosen} a été choisi par une personne ; la comparaison n'a pas décidé."
                + "".join(f" Il n'aurait pas été choisi : {one['fr']}." for one in selection.faults),
            }
        )
    elif selection.nobody and group.frame.size >= FEWEST:
        found.append(
            {
                "en": "No way to segment these customers is stable, explained and without a tiny segment at once: the "
                "segments are useful cuts, not kinds of people.",
                "fr": "Aucune segmentation n'est à la fois stable, expliquée et sans segment minuscule : les segments "
                "sont des découpes utiles, pas des types de personnes.",
            }
        )
    return found


def _about_names(group: Group) -> list[Words]:
    if group.chosen.candidate.cells:
        return []
    return [one.note for one in group.identities if one.persona is None and one.note is not None]


def _about_before(follow: Between) -> list[Words]:
    """Names that are less sure than others, and segments of the run before that are none any more.

    What a new segment comes from is told beside it, and not here.
    """
    told = follow.record()["populations"].values()
    doubtful = [
        {
            "en": f"{one['name']['en']}: {one['note']['en'][0].lower()}{one['note']['en'][1:]}",
            "fr": f"{one['name']['fr']} : {one['note']['fr'][0].lower()}{one['note']['fr'][1:]}",
        }
        for population in told
        for one in population["segments"]
        if one["kind"] == "ambiguous"
    ]
    return doubtful + [one["note"] for population in told for one in population["before"] if one["note"]]


def _about_tree(group: Group) -> list[Words]:
    if group.chosen.explanation is None or group.chosen.explanation.part.stratified:
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


def _about_early(learned: Learned) -> list[Words]:
    """That most buyers are not placed, or that nobody knows how many events would be enough."""
    events = learned.buyers.frame.events
    share = float((events < learned.min_events).mean())
    if learned.min_events == 0:
        return [
            {
                "en": "How many events are enough to place a customer is not known, so everyone is placed.",
                "fr": "On ne sait pas combien d'événements suffisent pour classer un client : tous sont classés.",
            }
        ]
    if share <= HALF:
        return []
    percent, least = int(100 * share + 1e-9), learned.min_events  # rounded down: 100 % would be everyone
    return [
        {
            "en": f"It is too early to say for {percent}% of the buyers: fewer than {least:,} events. A "
            "lower level of agreement (setting choice.agreement) places more of them, less surely.",
            "fr": f"Il est trop tôt pour {percent} % des acheteurs : moins de {number(least, 'fr')} événements. "
            "Un niveau d'accord plus bas (réglage choice.agreement) en classe davantage, moins sûrement.",
        }
    ]
