"""How quickly the scoring service answers, on one core, and whether its memory grows.

    uv run python benchmarks/serve.py --model store/runs/2020-05-01/model.json
    uv run python benchmarks/serve.py --requests 200000

The real server bound to one core, loaded by wrk (https://github.com/wg/wrk, `apt-get install wrk`) from another. wrk
asks again as soon as it has an answer, so a rate is what the core can do and the latencies are those of a server that
is never idle: at half of that rate they are far smaller. CPU microseconds are the server's own, from the kernel's
accounting, and hardly move when something else runs on the machine. Every answer must be a 200.
"""

import argparse
import json
import os
import random
import re
import shutil
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE, Popen, run
from typing import Any

from measure import machine, measure, table
from subject import BESTIARY, events_in, options, product, working

HEADER = (
    "asked for",
    "connections",
    "requests / s",
    "customers / s",
    "p50 ms",
    "p99 ms",
    "slowest ms",
    "CPU us / request",
)
TICKS = os.sysconf("SC_CLK_TCK")
SCRIPT = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
local file = io.open("{body}", "rb")
wrk.body = file:read("*all")
file:close()
function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d %d\\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), latency.max,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
"""


@dataclass(frozen=True)
class Load:
    """One kind of request: what it is called, its body, how many customers are in it, and how many ask at once."""

    name: str
    body: dict[str, Any]
    customers: int
    connections: int


@dataclass(frozen=True)
class Figures:
    """What wrk saw (milliseconds), and what the server took."""

    requests: int
    seconds: float
    p50: float
    p99: float
    slowest: float
    cpu: float


def request() -> argparse.Namespace:
    """What is asked for on the command line."""
    parser = options(__doc__, events=200_000, months=7)
    parser.add_argument("--model", type=Path, help="a model.json, instead of learning one")
    parser.add_argument("--seconds", type=int, default=20, help="how long each kind of request is made")
    parser.add_argument(
        "--requests", type=int, default=200_000, help="requests over which memory is watched; 0 for none"
    )
    return parser.parse_args()


def learned(asked: argparse.Namespace, folder: Path) -> Path:
    """The model that was named, or one learned from simulated events."""
    if asked.model:
        return Path(asked.model).resolve()
    measure(product("run", *events_in(asked, folder, "parquet"), store=folder / "store"))
    return max((folder / "store" / "runs").iterdir()) / "model.json"


@contextmanager
def served(model: Path) -> Iterator[tuple[str, int]]:
    """The address of a service on the first core, and its process."""
    command = ["taskset", "-c", "0", *BESTIARY, "serve", "--model", str(model), "--port", "0", "--quiet"]
    with Popen(command, stdout=PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            found = re.match(r"Service: (\S+)", server.stdout.readline())
            if not found:
                sys.exit("The service did not start.")
            yield found[1], server.pid
        finally:
            server.terminate()


def asked_columns(address: str) -> list[dict[str, Any]]:
    """What the model asks of a customer."""
    with urllib.request.urlopen(f"{address}v1/model") as answer:
        found: list[dict[str, Any]] = json.load(answer)["columns"]
    return found


def buyer(columns: list[dict[str, Any]], draw: random.Random, user_id: int) -> dict[str, Any]:
    """A customer with what buyers need."""
    counts = {
        one["name"]: round(draw.lognormvariate(5, 1), 2) if "value" in one["name"] else draw.randrange(1, 200)
        for one in columns
        if "visitors" not in one["needed_by"] or len(one["needed_by"]) > 1
    }
    return {"user_id": user_id, "features": counts}


def history(draw: random.Random, user_id: int, events: int) -> dict[str, Any]:
    """A customer as raw events of one spring."""
    kinds = ("view", "view", "view", "cart", "purchase")
    return {
        "user_id": user_id,
        "events": [
            {
                "event_time": f"2020-0{draw.randrange(1, 5)}-{draw.randrange(10, 29)} {draw.randrange(10, 24)}:30 UTC",
                "event_type": draw.choice(kinds),
                "product_id": draw.randrange(10**6),
                "category_id": 2053013555631882655,
                "category_code": "electronics.smartphone",
                "brand": "samsung",
                "price": round(draw.lognormvariate(4, 1), 2),
                "user_session": f"{draw.getrandbits(64):016x}",
            }
            for _ in range(events)
        ],
    }


def loads(columns: list[dict[str, Any]], seed: int) -> list[Load]:
    """Single customers, batches, and customers as raw events."""
    draw = random.Random(seed)
    one = {"customers": [buyer(columns, draw, 1)]}
    batch = {"customers": [buyer(columns, draw, draw.randrange(10**9)) for _ in range(10_000)]}
    events = {"as_of": "2020-05-01", "customers": [history(draw, 1, 20)]}
    histories = {"as_of": "2020-05-01", "customers": [history(draw, number, 20) for number in range(1000)]}
    return [
        Load("one customer, features", one, 1, 1),
        Load("one customer, features", one, 1, 8),
        Load("one customer, 20 events", events, 1, 8),
        Load("10,000 customers, features", batch, 10_000, 2),
        Load("1,000 customers, 20 events each", histories, 1000, 2),
    ]


def loaded(address: str, server: int, load: Load, seconds: int) -> Figures:
    """Load the service with one kind of request."""
    with tempfile.TemporaryDirectory() as folder:
        body, script = Path(folder) / "body.json", Path(folder) / "load.lua"
        body.write_text(json.dumps(load.body), encoding="utf-8")
        script.write_text(SCRIPT.format(body=body), encoding="utf-8")
        shape = ("-t", "1", "-c", str(load.connections), "-d", str(seconds), "--timeout", "30", "-s", str(script))
        command = ["taskset", "-c", "1", "wrk", *shape, f"{address}v1/score"]
        before = cpu_seconds(server)
        printed = run(command, check=True, capture_output=True, text=True).stdout
        taken = cpu_seconds(server) - before
    found = re.search(r"RESULT (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)", printed)
    if not found or int(found[6]) or not int(found[1]):
        sys.exit(f"Not every request was answered with 200:\n{printed}")
    requests, micros, p50, p99, slowest = (int(found[place]) for place in range(1, 6))
    return Figures(requests, micros / 1e6, p50 / 1000, p99 / 1000, slowest / 1000, taken)


def cpu_seconds(process: int) -> float:
    """What a process has taken of the CPU."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident(process: int) -> float:
    """Megabytes that a process has in memory now."""
    pages = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 10**6


def watched(address: str, server: int, load: Load, requests: int) -> list[tuple[int, float]]:
    """Memory after so many requests, some at a time, until there were as many as asked for."""
    seen, done = [(0, resident(server))], 0
    while done < requests:
        done += loaded(address, server, load, 10).requests
        seen.append((done, resident(server)))
    return seen


def importing() -> float:
    """Seconds to import the application, the best of five fresh processes."""
    times = []
    for _ in range(5):
        started = time.perf_counter()
        run([sys.executable, "-c", "import bestiary.serve.app"], check=True)
        times.append(time.perf_counter() - started)
    return min(times)


def line(load: Load, found: Figures) -> list[str]:
    """A load and its figures as a row of the table."""
    rate = found.requests / found.seconds
    return [
        load.name,
        str(load.connections),
        f"{rate:,.0f}",
        f"{rate * load.customers:,.0f}",
        *(f"{ms:,.1f}" for ms in (found.p50, found.p99, found.slowest)),
        f"{found.cpu / found.requests * 1e6:,.0f}",
    ]


def main() -> None:
    """Measure and print."""
    asked = request()
    if missing := [name for name in ("wrk", "taskset") if not shutil.which(name)]:
        sys.exit(f"Not installed: {', '.join(missing)} (apt-get install wrk util-linux).")
    with working(asked) as folder, served(learned(asked, folder)) as (address, server):
        kinds = loads(asked_columns(address), asked.seed)
        loaded(address, server, kinds[0], 2)  # once, to be warm
        idle = resident(server)
        rows = [line(load, loaded(address, server, load, asked.seconds)) for load in kinds]
        seen = watched(address, server, kinds[1], asked.requests)
    print(table(("what", "value"), machine(), texts=2))
    print(f"\nImport of the application: {importing():.2f} s; resident after the first requests: {idle:.0f} MB.\n")
    print(table(HEADER, rows, texts=1))
    print("\nMemory over single customers' requests:\n")
    print(table(("requests", "MB"), [(f"{number:,}", f"{size:.1f}") for number, size in seen], texts=0))


if __name__ == "__main__":
    main()
