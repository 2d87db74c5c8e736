"""A fair sample of the placed buyers, for the pictures: drawn once, kept in a file, and read back without the ids."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bestiary.errors import ModelError
from bestiary.files import AGAIN, replacing, whole_parquet
from bestiary.segments.pca import Components
from bestiary.segments.transform import Floats
from bestiary.sql import connect, identifier, quote, scan_path

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SAMPLE_SIZE = 50_000
FIGURES = ("segment", "recency", "frequency", "monetary", "pc1", "pc2")
"""The columns of the sample, beside the id."""


def write_sample(
    connection: "DuckDBPyConnection",
    customers: str,
    labels: str,
    sources: Mapping[str, str],
    pca: Mapping[str, Any],
    below: int,
    seed: int,
    out: Path,
) -> dict[str, Any]:
    """Draw customers in segments `below` a number, write them to `out`, and say `size`, `of`, `seed` and `sources`.

    A simple random sample without replacement: all equally likely, everyone where they are no more than `SAMPLE_SIZE`,
    the same for the same seed in whatever order the rows come. A row has `user_id`, `segment`, the columns `sources`
    of the roles recency, frequency and monetary, and `pc1` and `pc2` (double): the scores on the first two components
    of `pca`, the scorecard's record (a null is at the mean; 0 for a component that is not there). Rows are ordered by
    their figures, so that the order says nothing of the ids. `customers` and `labels` are the paths of the run's
    tables as SQL literals. Memory: the places of everyone who may be drawn, then the sample's rows.
    """
    where = f"segment < {int(below)}"  # null is in no segment
    total = int(connection.execute(f"SELECT count(*) FROM read_parquet({labels}) WHERE {where}").fetchall()[0][0])
    size = min(SAMPLE_SIZE, total)
    places = np.sort(np.random.default_rng(seed).choice(total, size, replace=False)) if total else np.zeros(0)
    read = [
        *((source, role) for role, source in sources.items()),
        *((n, f"x{i}") for i, n in enumerate(pca["columns"])),
    ]
    figures = ", ".join(f"c.{identifier(source)}::DOUBLE AS {name}" for source, name in read)
    connection.register("wanted", {"place": places.astype(np.int64)})
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE drawn AS
        WITH numbered AS (
            SELECT user_id, segment, (row_number() OVER (ORDER BY user_id)) - 1 AS place
            FROM read_parquet({labels}) WHERE {where}
        )
        SELECT place, user_id, segment, {figures}
        FROM numbered JOIN wanted USING (place) JOIN read_parquet({customers}) AS c USING (user_id)
    """)
    connection.register("scored", _scores(connection, pca))
    with replacing(out) as path:
        connection.execute(f"""
            COPY (
                SELECT user_id, {", ".join(FIGURES)} FROM drawn JOIN scored USING (place)
                ORDER BY {", ".join(FIGURES)}, user_id
            ) TO {quote(str(path))} (FORMAT parquet)
        """)
    for name in ("wanted", "scored"):
        connection.unregister(name)
    connection.execute("DROP TABLE drawn")
    return {"size": size, "of": total, "seed": seed, "sources": dict(sources)}


def read_sample(path: Path, who: bool = False) -> dict[str, Any]:
    """The sample's columns as arrays of equal length: `segment` int16, the other `FIGURES` float32.

    A null is NaN. With `who` also the ids as a list of texts, in the same order: never for a report. Raises ModelError
    where the file is missing or damaged.
    """
    import duckdb

    table = f"read_parquet({quote(scan_path(whole_parquet(path)))})"
    try:
        with connect(threads=1) as connection:
            found = connection.execute(f"SELECT {', '.join(FIGURES)} FROM {table}").fetchnumpy()
            ids = connection.execute(f"SELECT user_id::VARCHAR FROM {table}").fetchall() if who else []
    except duckdb.Error as error:  # it has its end, but not what stands before it
        raise ModelError(f"{path} is damaged: {str(error).splitlines()[0]}", do=AGAIN) from error
    points: dict[str, Any] = {"segment": np.asarray(found["segment"]).astype(np.int16)}
    points |= {name: _known(found[name]).astype(np.float32) for name in FIGURES[1:]}
    return {**points, "who": [one for (one,) in ids]} if who else points


def _scores(connection: "DuckDBPyConnection", pca: Mapping[str, Any]) -> dict[str, Any]:
    """Place, pc1 and pc2 of the customers in the table `drawn`."""
    width = len(pca["columns"])
    listed = ", ".join(["place", *(f"x{number}" for number in range(width))])
    found = connection.execute(f"SELECT {listed} FROM drawn ORDER BY place").fetchnumpy()
    columns = [_known(found[f"x{n}"]) for n in range(width)]
    rows: Floats = np.column_stack(columns) if columns else np.zeros((len(found["place"]), 0))
    loadings = np.array(pca["loadings"][:2], dtype=np.float64).reshape(-1, width)
    learned = Components(
        mean=np.array(pca["mean"], dtype=np.float64),
        scale=np.array(pca["scale"], dtype=np.float64),
        constant=np.isin(pca["columns"], pca["constant_columns"]),
        variance=np.array(pca["explained_variance"], dtype=np.float64),
        ratio=np.array(pca["explained_variance_ratio"], dtype=np.float64),
        loadings=loadings,
    )
    scores = learned.scores(rows, 2)
    return {"place": found["place"], "pc1": scores[:, 0], "pc2": scores[:, 1]}


def _known(column: Any) -> Floats:
    """What the engine has fetched as doubles, NaN for null."""
    return np.ma.filled(np.ma.asarray(column).astype(np.float64), np.nan)
