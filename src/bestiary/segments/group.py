"""One population learned: every candidate tried and valued, one chosen, carried on from the run before, and named."""

from dataclasses import dataclass, replace

from bestiary.config import Settings
from bestiary.progress import in_full
from bestiary.segments import kmeans
from bestiary.segments.attempt import Attempt, Tell, attempt
from bestiary.segments.attempt import stages as attempted
from bestiary.segments.candidates import named
from bestiary.segments.candidates.candidate import Candidate
from bestiary.segments.carry import Carried, carry
from bestiary.segments.choice.curve import ToPoints
from bestiary.segments.choice.judge import Extremes, Judgement, Size, extremes, rounds
from bestiary.segments.frame import Frame
from bestiary.segments.identity import Identity, carried_on, identify
from bestiary.segments.model import Segmentation
from bestiary.segments.personas import bestiary_of
from bestiary.segments.presets import Recipe
from bestiary.segments.selection import Selection, select
from bestiary.segments.transform import Floats
from bestiary.segments.useful import useful
from bestiary.segments.value import Earlier, Valued, valued
from bestiary.segments.worth.findings import Figure

ALL = {"en": "All customers", "fr": "Tous les clients"}


@dataclass(frozen=True)
class Group:
    """What was learned of a population. `profiles` (k, 4) are the mean percentiles of each segment.

    `judgement` is what believed in the chosen k, the candidate's own or that of the one it is like; `valued` and
    `lifts`, one a segment, are None where history is too short.
    """

    frame: Frame
    attempts: tuple[Attempt, ...]
    chosen: Attempt
    judgement: Judgement | None
    extremes: Extremes | None
    selection: Selection
    valued: Valued | None
    lifts: tuple[Figure | None, ...] | None
    carried: Carried | None
    percentiles: Floats
    profiles: Floats
    identities: list[Identity]

    def segmentation(self, first: int = 0) -> Segmentation:
        """What the model keeps; the segments' numbers begin at `first`."""
        chosen, explanation = self.chosen, self.chosen.explanation
        segments = [
            {
                "segment": first + number,
                "persona": one.persona,
                "name": one.name,
                "match": one.match,
                "customers": int(chosen.sizes[number]),
            }
            for number, one in enumerate(self.identities)
        ]
        return Segmentation.model_validate(
            {
                "population": self.frame.recipe.population,
                "candidate": chosen.candidate.name,
                "columns": self.frame.columns(chosen.candidate),
                "transform": chosen.transform,
                "partition": chosen.partition,
                "learned_on": self.carried.learned_on if self.carried else self.frame.size,
                "segments": segments,
                "tree": explanation and {"columns": explanation.columns, "nodes": explanation.tree.nodes},
            }
        )


def candidates_of(recipe: Recipe, settings: Settings) -> list[Candidate]:
    """The candidates to try: those asked for, or the recipe's own; with one that others take their k from."""
    names = recipe.candidates
    if recipe.animals == "buyers":
        names = settings.candidates or ((settings.candidate,) if settings.candidate else recipe.candidates)
        names = (*names, *([settings.candidate] if settings.candidate else []))
    found = named(tuple(dict.fromkeys(names)))
    return named(tuple({*names, *(one.like for one in found if one.like)}))


def stages(recipe: Recipe, settings: Settings) -> int:
    """How much `learn` tells of: every candidate, what they are worth, and of buyers the check of extreme values."""
    tried = sum(attempted(one, settings) for one in candidates_of(recipe, settings))
    return tried + 1 + (rounds(settings.choice) if recipe.animals == "buyers" else 0)


def learn(
    frame: Frame,
    settings: Settings,
    earlier: Earlier | None,
    previous: Segmentation | None,
    tell: Tell,
    first: int = 0,
    *,
    keeping: bool = True,
) -> Group:
    """Learn a population; `earlier` is itself at an earlier date with what followed, `previous` the run before's.

    The segments' numbers begin at `first`. `keeping` is False where a person chose the candidate of the run before: it
    is not kept unless it is asked for again.
    """
    keep = previous if previous is not None and keeping and not settings.anew else None
    attempts: dict[str, Attempt] = {}
    for candidate in candidates_of(frame.recipe, settings):
        like = attempts[candidate.like].judgement if candidate.like else None
        k = keep.partition.k if keep and keep.candidate in (candidate.name, candidate.like) else None
        attempts[candidate.name] = attempt(candidate, frame, settings, like, k, tell)
    tried = tuple(attempts.values())
    found = valued(earlier, [(one.candidate, one.k) for one in tried], settings) if earlier is not None else None
    tell(1)
    last = keep.candidate if keep else None
    selection = select(tried, found.gini if found else {}, settings, last)
    chosen = attempts[selection.chosen]
    like_name = chosen.candidate.like
    judgement = chosen.judgement or (attempts[like_name].judgement if like_name else None)
    was = (keep.candidate, keep.partition.k) if keep else None
    more = useful(chosen, judgement, found, tried, frame, settings, was) if found else None
    if more:
        chosen, judgement, found = more.attempt, more.judgement, more.valued
        attempts[chosen.candidate.name] = chosen
        tried = tuple(attempts.values())
        selection = select(tried, found.gini, settings, last, taken=chosen.candidate.name)
        like_name = chosen.candidate.like
    extreme = None
    if frame.recipe.animals == "buyers":  # visitors have no values that outweigh the others
        with in_full(rounds(settings.choice), tell) as told:
            extreme = _extremes(chosen if chosen.judgement else attempts.get(like_name), frame, settings, told)
    carried = carry(previous, chosen, frame, settings) if previous is not None else None
    chosen = carried.attempt if carried else chosen
    percentiles = frame.percentiles
    profiles = kmeans.segment_means(percentiles, chosen.placed.segment, chosen.k)
    return Group(
        frame=frame,
        attempts=tuple(chosen if one.candidate.name == selection.chosen else one for one in tried),
        chosen=chosen,
        judgement=judgement,
        extremes=extreme,
        selection=selection,
        valued=found,
        lifts=found.lifts(chosen.candidate, chosen.transform, chosen.partition) if found else None,
        carried=carried,
        percentiles=percentiles,
        profiles=profiles,
        identities=_names(chosen, profiles, frame, carried, first),
    )


def _names(chosen: Attempt, profiles: Floats, frame: Frame, carried: Carried | None, first: int) -> list[Identity]:
    """The grid's own names, the names of the run before where a segment goes on, or animals by how segments look."""
    numbers = range(first, first + len(profiles))
    cells = chosen.candidate.cells
    if cells:
        return [Identity(None, dict(name), None, None) for name in cells]
    animals = bestiary_of(deck=frame.recipe.deck, population=frame.recipe.animals)
    if len(profiles) == 1:  # nobody to be told apart from: no animal
        return [Identity(None, dict(ALL), None, None)]
    kept = {
        number: carried_on(one, profiles[number], animals) for number, one in (carried.names if carried else {}).items()
    }
    if not kept:
        return identify(profiles, animals, frame.recipe.animals, numbers)
    taken = {one.persona for one in kept.values()}
    free = {key: animal for key, animal in animals.items() if key not in taken} or animals
    rest = [number for number in range(len(profiles)) if number not in kept]
    fresh = identify(profiles[rest], free, frame.recipe.animals, [numbers[i] for i in rest]) if rest else []
    named_now = dict(zip(rest, fresh, strict=True)) | dict(kept)
    notes = carried.notes if carried else {}
    return [
        replace(named_now[number], note=notes.get(number, named_now[number].note)) for number in range(len(profiles))
    ]


def _extremes(judged: Attempt | None, frame: Frame, settings: Settings, tell: Tell) -> Extremes | None:
    """The choice of k without the highest values of buyers; None where no k was searched for."""
    if judged is None or judged.judgement is None:
        return None
    rows, candidate = frame.of(judged.candidate), judged.candidate
    by = [column.source for column in frame.columns(candidate)].index(dict(frame.recipe.columns)["monetary"])

    def space(some: Floats) -> ToPoints:
        return candidate.transform(some).apply

    size = Size(sample=settings.choice.sample)
    return extremes(
        rows, space, candidate.fit, judged.judgement, settings.choice, settings.seed, by=by, size=size, tell=tell
    )
