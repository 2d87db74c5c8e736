"""What a verdict means, in plain words for an analyst, in English and French."""

Words = dict[str, str]


def because(word: str, k: int, p: float | None, gap: float | None, *, led: bool, few: bool) -> Words:
    """The reason of a verdict. `led` where k was taken for its lead, `few` where nothing could be compared."""
    if few or p is None or gap is None:
        if k == 1:
            return {
                "en": "There are too few customers who differ to tell any apart: all are one segment.",
                "fr": "Trop peu de clients diffèrent pour en distinguer : tous forment un seul segment.",
            }
        return {
            "en": f"There are too few customers who differ to test anything: the {k} segments are cuts made by the "
            "method, and say nothing about groups among the customers.",
            "fr": f"Trop peu de clients diffèrent pour tester quoi que ce soit : les {k} segments sont des coupes "
            "faites par la méthode et ne disent rien de groupes parmi les clients.",
        }
    return {"en": _english(word, k, p, gap, led=led), "fr": _french(word, k, p, gap, led=led)}


def _english(word: str, k: int, p: float, gap: float, *, led: bool) -> str:
    tested = f"(largest silhouette gap {gap:.3f}, p = {p:.3f})"
    if word == "natural":
        why = (
            f"{k} segments stand out, by their lead or by how clearly they separate"
            if led
            else f"cut into {k}, the most that come back when customers are drawn again"
        )
        return f"Customers form groups that a smooth cloud with the same columns would not show {tested}; {why}."
    if word == "reproducible":
        return (
            f"Customers form one continuous cloud {tested}, but customers drawn again are cut into much the same "
            f"{k} segments: they can be relied on from run to run, though the borders between them are conventions."
        )
    return (
        f"No number of segments both comes back when customers are drawn again and has segments of a useful size "
        f"{tested}: these {k} are useful cuts, and others would do as well."
    )


def _french(word: str, k: int, p: float, gap: float, *, led: bool) -> str:
    tested = f"(plus grand écart de silhouette {gap:.3f}, p = {p:.3f})".replace(".", ",")
    if word == "natural":
        why = (
            f"{k} segments ressortent, par leur avance ou par la netteté de leur séparation"
            if led
            else f"ils sont coupés en {k}, le plus grand nombre qui se retrouve quand on retire des clients au sort"
        )
        return f"Les clients forment des groupes qu'un nuage lisse de mêmes colonnes n'aurait pas {tested} ; {why}."
    if word == "reproducible":
        return (
            f"Les clients forment un nuage continu {tested}, mais des clients tirés de nouveau au sort sont coupés "
            f"en {k} segments presque identiques : on peut s'y fier d'une exécution à l'autre, même si leurs "
            "frontières sont des conventions."
        )
    return (
        f"Aucun nombre de segments ne se retrouve d'un tirage de clients à l'autre avec des segments assez grands "
        f"{tested} : ces {k} segments sont des coupes utiles, et d'autres feraient aussi bien."
    )
