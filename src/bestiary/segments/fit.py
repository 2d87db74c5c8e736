"""From a customer table to the model, everyone's segment and the scorecard: three files.

Memory: the three model columns, labels and some temporaries of the same length (about 300 bytes a segmented
customer), and blocks of distances of a fixed size; the table itself stays with the engine.
"""

from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path

from bestiary import __version__
from bestiary.config import Settings
from bestiary.errors import ConfigError
from bestiary.files import write_json
from bestiary.segments.learn import Learned, learn
from bestiary.segments.learn import stages as learning
from bestiary.segments.model import Model, parse
from bestiary.segments.population import Population, opened
from bestiary.segments.presets import recipe
from bestiary.segments.scorecard import scorecard

LIBRARIES = ("duckdb", "numpy", "scikit-learn")


def stages(settings: Settings) -> int:
    """How many stages of about the same length `fit` tells of: those of learning, and the writing."""
    return learning(settings) + 1


def fit(
    customers: Path,
    out: Path,
    settings: Settings,
    provenance: Mapping[str, object],
    tell: Callable[[int], object] = lambda _: None,
) -> Model:
    """Learn from a customer table; write `model.json`, `segments.parquet` and `scorecard.json` into `out`.

    `provenance` holds at least `as_of` (ISO date) and `fingerprint`; counts and versions are added. The same table,
    settings and provenance give the same bytes. `tell` hears of stages that are done. Raises PopulationError when
    nobody can be segmented, ModelError when the table is missing, lacks a column or has a null in a model column.
    """
    missing = [key for key in ("as_of", "fingerprint") if key not in provenance]
    if missing:
        raise ConfigError(f"The provenance lacks {', '.join(missing)}.", do="Give both.")
    asked = recipe(settings.preset, settings.windows)
    with opened(customers, asked, settings) as population:
        learned = learn(population, asked, settings, tell)
        model = _model(learned, population, settings, provenance)
        card = scorecard(learned, model, settings)
        clusters, names = learned.clusters, [one.persona for one in learned.identities]
        population.write_labels(out / "segments.parquet", clusters.labels, clusters.confidence, names)
    write_json(out / "scorecard.json", card)
    model.save(out / "model.json")
    tell(1)
    return model


def _model(learned: Learned, population: Population, settings: Settings, provenance: Mapping[str, object]) -> Model:
    clusters, explanation = learned.clusters, learned.explanation
    sizes = [int((clusters.labels == segment).sum()) for segment in range(len(clusters.centroids))]
    columns = learned.recipe.columns
    return parse(
        {
            "format_version": 1,
            "config": settings.model_dump(include={"preset", "windows", "k", "k_min", "k_max", "test_share", "seed"}),
            "fitted": {
                "population": learned.recipe.population,
                "columns": [{"name": role, "source": source} for role, source in columns],
                "transform": learned.transform,
                "centroids": clusters.centroids.tolist(),
                "segments": [
                    {
                        "segment": segment,
                        "persona": one.persona,
                        "name": one.name,
                        "match": one.match,
                        "customers": sizes[segment],
                    }
                    for segment, one in enumerate(learned.identities)
                ],
                "tree": explanation and {"columns": [role for role, _ in columns], "nodes": explanation.tree.nodes},
            },
            "provenance": {
                **provenance,
                "customers": population.customers,
                "segmented": population.size,
                "versions": {"bestiary": __version__, **{name: version(name) for name in LIBRARIES}},
            },
        }
    )
