"""How quickly the model as SQL places customers in DuckDB, beside numpy and ONNX Runtime, in one run.

    uv run python benchmarks/placed.py --rows 4000000

The customers of a run, as many times over as it takes, in memory; each row is a process of its own that places them
all five times, of which the quickest counts: reading them and start-up are not in it. The SELECT writes a table of what
it finds. numpy makes the second best and the confidence too, which the others do not. What differs from numpy is
counted, customer for customer. The model is `rfm_log`, or that of the run of a `--store`.
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

from measure import ChildError, Cost, machine, measure, table
from subject import BESTIARY, events_in, only_run, options, product, working

HEADER = ("who", "threads", "customers", "best s", "customers / s", "x numpy", "peak MB", "differ from numpy")
TIMED = """
import sys, time
from pathlib import Path
import numpy as np

def timed(place):
    times = []
    for _ in range(5):
        started = time.perf_counter()
        found = place()
        times.append(time.perf_counter() - started)
    return min(times), found

folder, threads = Path(sys.argv[1]), int(sys.argv[2])
customers = f"'{folder / 'customers.parquet'}'"

def arrays():
    import duckdb
    with duckdb.connect() as connection:
        found = connection.execute(f"SELECT COLUMNS(* EXCLUDE user_id)::DOUBLE FROM {customers} ORDER BY user_id")
        return {name: np.ascontiguousarray(np.ma.filled(one, np.nan)) for name, one in found.fetchnumpy().items()}
"""
CHILDREN = {
    "numpy": """
from bestiary.segments.model import load
from bestiary.segments.presets import recipes
model, rows = load(folder / "model.json"), arrays()

def place():
    found = np.full(len(next(iter(rows.values()))), -1, dtype=np.int64)
    asked = recipes(model.config.preset, model.config.windows)
    for recipe, one in zip(asked, (model.fitted.buyers, model.fitted.visitors)):
        if one is not None:
            here = rows[recipe.events] >= model.fitted.min_events
            for name in recipe.some:
                here &= rows[name] > 0
            for name in recipe.none:
                here &= rows[name] == 0
            at = np.flatnonzero(here)
            found[at] = one.place(np.column_stack([rows[column.source][at] for column in one.columns])).segment
    return found

best, found = timed(place)
""",
    "DuckDB": """
import duckdb
connection = duckdb.connect(config={"threads": threads})
connection.execute(f"CREATE TABLE customers AS FROM {customers}")
select = (folder / "score.sql").read_text()
best, _ = timed(lambda: connection.execute(f"CREATE OR REPLACE TABLE found AS {select}"))
query = "SELECT coalesce(segment, -1)::BIGINT AS segment FROM found ORDER BY user_id"
found = connection.execute(query).fetchnumpy()["segment"]
""",
    "ONNX Runtime": """
import onnxruntime
asked, rows = onnxruntime.SessionOptions(), arrays()
asked.intra_op_num_threads = threads
session = onnxruntime.InferenceSession(str(folder / "model.onnx"), asked, providers=["CPUExecutionProvider"])
given = {one.name: rows[one.name] for one in session.get_inputs()}
best, (found,) = timed(lambda: session.run(["segment"], given))
""",
}
SAVED = """
known = folder / "numpy.npy"
if not known.exists():
    np.save(known, np.asarray(found))
print(best, int((np.load(known) != found).sum()), int((np.load(known) >= 0).sum()))
"""
MULTIPLIED = """
import sys
import duckdb
run, out, rows = sys.argv[1:]
with duckdb.connect() as connection:
    source = f"read_parquet('{run}/customers.parquet')"
    some = "(number_of_|avg_price|count_products_|days_since_).*|total_purchase_value|cart_abandonments"
    times = f"range(ceil({rows} / (SELECT count(*) FROM {source}))::BIGINT)"
    connection.execute(
        f"COPY (SELECT row_number() OVER () AS user_id, COLUMNS('{some}') FROM {times} CROSS JOIN {source} "
        f"LIMIT {rows}) TO '{out}/customers.parquet' (FORMAT parquet)"
    )
"""


@dataclass(frozen=True)
class Placed:
    """What a process took at best; how many are elsewhere than numpy says, and how many have a segment there."""

    who: str
    threads: int
    seconds: float
    differ: int
    segmented: int
    cost: Cost

    def line(self, rows: int, numpy: float) -> list[str]:
        """A line of the table."""
        pace = rows / self.seconds
        return [
            self.who,
            str(self.threads),
            *(f"{rows:,}", f"{self.seconds:.2f}", f"{pace:,.0f}", f"{pace * numpy / rows:.2f}"),
            *(f"{self.cost.peak / 10**6:,.0f}", f"{self.differ:,}"),
        ]


def request() -> argparse.Namespace:
    """What is asked for on the command line."""
    parser = options(__doc__, events=1_000_000, months=7)
    parser.add_argument("--store", type=Path, help="a store that has a run")
    parser.add_argument("--rows", type=int, default=4_000_000, help="how many customers to place")
    return parser.parse_args()


def prepared(asked: argparse.Namespace, folder: Path) -> None:
    """Put model.json, model.onnx, score.sql and customers.parquet into the folder."""
    store = asked.store or folder / "store"
    if not asked.store:
        measure(product("ingest", *events_in(asked, folder, "parquet"), store=store))
        measure(product("customers", store=store))
        measure(product("fit", "--candidate", "rfm_log", store=store))
    run = only_run(store)
    (folder / "model.json").write_bytes((run / "model.json").read_bytes())
    named = ("--model", str(folder / "model.json"))
    measure([*BESTIARY, "sql", "score", "--dialect", "duckdb", *named, "--out", str(folder / "score.sql")])
    measure([*BESTIARY, "onnx", *named, "--out", str(folder / "model.onnx")])
    measure([sys.executable, "-c", MULTIPLIED, str(run), str(folder), str(asked.rows)])


def placed(who: str, threads: int, folder: Path) -> Placed:
    """Place everyone in a process of its own."""
    program = TIMED + CHILDREN[who] + SAVED
    cost = measure([sys.executable, "-c", program, str(folder), str(threads)])
    seconds, differ, segmented = cost.printed.splitlines()[-1].split()
    return Placed(who, threads, float(seconds), int(differ), int(segmented), cost)


def main() -> None:
    """Measure and print."""
    asked = request()
    with working(asked) as folder:
        prepared(asked, folder)
        found = [placed("numpy", 1, folder)]
        found += [placed(who, threads, folder) for who in ("DuckDB", "ONNX Runtime") for threads in (1, 2)]
    print(table(("what", "value"), machine(["sqlglot", "onnxruntime"]), texts=2) + "\n")
    print(f"{found[0].segmented:,} of the {asked.rows:,} have a segment; of the others it is too early to say.\n")
    print(table(HEADER, [one.line(asked.rows, found[0].seconds) for one in found], texts=1))
    if any(one.differ for one in found):
        sys.exit("Not everyone is where numpy says.")


if __name__ == "__main__":
    try:
        main()
    except ChildError as error:
        sys.exit(str(error))
