"""What learning the segments takes: with all candidates, with one, and the model alone, beside one another.

    uv run python benchmarks/segments.py --events 8000000

The shop is read and measured once; each row is `bestiary fit` as a process of its own, with the past that it measures.
The model alone is cells, KMeans and the silhouettes of k = 2..11 over all buyers, without null, stability and the rest.
With `--store` the runs of a store that is there are used, and the events are not looked at.
"""

import argparse
import sys
from pathlib import Path

from measure import FIGURES, ChildError, figures, machine, measure, table
from subject import events_in, only_run, options, product, working

ALONE = """
import sys
import numpy as np
from pathlib import Path
from bestiary.config import Settings
from bestiary.segments.candidates import named
from bestiary.segments.choice.judge import modelled
from bestiary.segments.frame import framed
from bestiary.segments.population import opened
from bestiary.segments.presets import recipe
from datetime import date

customers = Path(sys.argv[1])
asked, way = recipe("default", (2, 5, 7)), named(("rfm_log",))[0]
with opened(customers, date.fromisoformat(customers.parent.name), [asked], Settings()) as populations:
    rows = framed(populations[0], asked).rows
points = way.transform(rows).apply(rows)
curve = modelled(points, way.fit, range(2, 12), 0)[1]
print(len(rows), *(f"{one.value:.4f}" for one in curve))
"""


def request() -> argparse.Namespace:
    """What is asked for on the command line."""
    parser = options(__doc__, events=4_000_000, months=7)
    parser.add_argument("--store", type=Path, help="a store that has its customers")
    return parser.parse_args()


def main() -> None:
    """Measure and print."""
    asked = request()
    with working(asked) as folder:
        store = asked.store or folder / "store"
        if not asked.store:
            measure(product("ingest", *events_in(asked, folder, "parquet"), store=store))
            measure(product("customers", store=store))
        alone = measure([sys.executable, "-c", ALONE, str(only_run(store) / "customers.parquet")])
        buyers = int(alone.printed.split()[0])
        one = measure(product("fit", "--candidate", "rfm_log", store=store))
        every = measure(product("fit", "--anew", store=store))
        lines = [
            ["the model alone: cells, KMeans, silhouettes", *figures(alone, buyers)],
            ["fit --candidate rfm_log", *figures(one, buyers)],
            ["fit", *figures(every, buyers)],
        ]
    print(table(("what", "value"), machine(), texts=2))
    print(f"\n{buyers:,} buyers.\n")
    print(table(("what", "buyers", *FIGURES[1:]), lines, texts=1))


if __name__ == "__main__":
    try:
        main()
    except ChildError as error:
        sys.exit(str(error))
