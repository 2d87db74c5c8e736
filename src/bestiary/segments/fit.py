"""From a customer table to the model, everyone's segment and the scorecard: four files.

Memory: the buyers' numeric columns, labels and some temporaries of the same length (about 500 bytes a buyer), a
sample of the visitors, everyone's labels (50 bytes a customer), and blocks of distances of a fixed size; the table
itself stays with the engine.
"""

from collections.abc import Callable, Mapping
from datetime import date
from importlib.metadata import version
from pathlib import Path

from bestiary import __version__
from bestiary.config import Settings
from bestiary.errors import ConfigError
from bestiary.files import write_json
from bestiary.segments.assign import write_segments
from bestiary.segments.cautions_data import history_days
from bestiary.segments.follow.record import followed
from bestiary.segments.history import NOTHING, History
from bestiary.segments.learn import Learned, learn
from bestiary.segments.learn import stages as learning
from bestiary.segments.model import Config, Model, parse
from bestiary.segments.optimal import needed
from bestiary.segments.population import Population, opened
from bestiary.segments.presets import recipes
from bestiary.segments.scorecard import scorecard

LIBRARIES = ("duckdb", "numpy", "scikit-learn", "scipy")


def stages(settings: Settings) -> int:
    """How many stages `fit` tells of: those of learning, and the writing."""
    return learning(settings) + 1


def fit(
    customers: Path,
    out: Path,
    settings: Settings,
    provenance: Mapping[str, object],
    history: History = NOTHING,
    tell: Callable[[int], object] = lambda _: None,
) -> Model:
    """Learn from a customer table; write `model.json`, `segments.parquet`, `movements.parquet` and `scorecard.json`.

    `provenance` holds at least `as_of` (ISO date) and `fingerprint`; counts and versions are added. The same table,
    settings, provenance and history give the same bytes. `tell` hears of stages that are done. Raises PopulationError
    when nobody can be segmented, ModelError when the table is missing, lacks a column or has a null in a model column.
    """
    missing = [key for key in ("as_of", "fingerprint") if key not in provenance]
    if missing:
        raise ConfigError(f"The provenance lacks {', '.join(missing)}.", do="Give both.")
    if settings.tree == "optimal":
        needed()
    asked = recipes(settings.preset, settings.windows)
    as_of = date.fromisoformat(str(provenance["as_of"]))
    with opened(customers, as_of, asked, settings) as populations:
        learned = learn(populations, asked, settings, history, tell)
        model = _model(learned, populations[0], settings, provenance)
        moved = write_segments(out, model, learned, populations, history, settings)
        days = history_days(populations[0], customers, as_of, asked[0].where)
    follow = followed(history, learned, model, moved, settings, out)
    card = scorecard(learned, model, moved, follow, days, settings)
    write_json(out / "scorecard.json", card)
    model.save(out / "model.json")
    tell(1)
    return model


def _model(learned: Learned, population: Population, settings: Settings, provenance: Mapping[str, object]) -> Model:
    return parse(
        {
            "format_version": 2,
            "config": settings.model_dump(include=set(Config.model_fields)),
            "fitted": {
                "buyers": learned.buyers.segmentation(),
                "visitors": learned.visitors.segmentation(learned.buyers.chosen.k) if learned.visitors else None,
                "min_events": learned.min_events,
                "expected": learned.buyers.valued and learned.buyers.valued.expected,
                "season": learned.season,
            },
            "provenance": {
                **provenance,
                "customers": population.customers,
                "segmented": population.size,
                "versions": {"bestiary": __version__, **{name: version(name) for name in LIBRARIES}},
            },
        }
    )
