"""A small writer of event files and a small reader of what a store holds."""

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from bestiary import intake
from bestiary.config import Settings
from bestiary.events.arrivals import Arrivals
from bestiary.events.contract import COLUMNS
from bestiary.events.ingest import Ingested
from bestiary.lake.store import Store
from bestiary.lake.tables import TABLES
from bestiary.sql import connect, identifier, path_list, quote

HEADER = ",".join(COLUMNS)
QUICK = {"candidate": "rfm_log", "k_max": 4, "choice": {"sample": 1000}}
"""Settings for what is not about segments: one way to segment, few k, small samples."""
SMALL = Settings.model_validate({"buckets": 2, "threads": 1, "memory": "500MB", **QUICK})
EVENT = {
    "event_time": "2019-10-01 10:00:00 UTC",
    "event_type": "view",
    "product_id": "1004856",
    "category_id": "2053013555631882655",
    "category_code": "electronics.smartphone",
    "brand": "samsung",
    "price": "130.76",
    "user_id": "512000001",
    "user_session": "s1",
}
"""A valid event, as texts."""


def event(**changed: str) -> dict[str, str]:
    """A valid event with some of its texts changed."""
    assert set(changed) <= set(EVENT)
    return EVENT | changed


def line(**changed: str) -> str:
    """An event as a line of CSV without its end, in the contract's order; fields are quoted only where they must be."""
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(event(**changed).values())
    return out.getvalue()


def write_csv(path: Path, lines: Iterable[str], *, header: str = HEADER, end: str = "\n") -> Path:
    """Write lines as they are, gzipped where the name says so."""
    return write_bytes(path, "".join(one + end for one in (header, *lines)).encode())


def write_bytes(path: Path, content: bytes) -> Path:
    """Write bytes, gzipped (without a clock time) where the name ends in .gz."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content, mtime=0) if path.name.endswith(".gz") else content)
    return path


def write_parquet(
    path: Path, events: Sequence[Mapping[str, str | None]], types: Mapping[str, str] | None = None
) -> Path:
    """Write texts as a Parquet file, each column cast to its type in `types` (VARCHAR where it has none)."""
    kinds = dict(types or {})
    names = list(events[0])
    columns = ", ".join(
        f"cast({identifier(name)} AS {kinds.get(name, 'VARCHAR')}) AS {identifier(name)}" for name in names
    )
    with connect() as connection:
        texts = ", ".join(f"{identifier(name)} VARCHAR" for name in names)
        connection.execute(f"CREATE TABLE events ({texts})")
        marks = ", ".join("?" for _ in names)
        connection.executemany(f"INSERT INTO events VALUES ({marks})", [list(row.values()) for row in events])
        connection.execute(f"COPY (SELECT {columns} FROM events) TO {quote(str(path))} (FORMAT parquet)")
    return path


def ingest(events: Path | Sequence[Path], store: Path, **options: Any) -> tuple[tuple[Ingested, ...], Arrivals]:
    """Ingest with settings that suit a test."""
    paths = [events] if isinstance(events, Path) else events
    return intake.ingest(paths, store, **{"settings": SMALL, **options})


def counts(ingested: Ingested) -> tuple[int, int, int, int]:
    """Read, kept, duplicates and rejected."""
    told = ingested.counts
    return told["read"], told["kept"], told["duplicates"], told["rejected"]


def rejects(store: Path) -> list[tuple[int, str, str]]:
    """Number, raw text and reason of every row refused, in the order of their numbers."""
    found = rows(Store.open(store, Settings()).files("rejects"), "number, raw, reason")
    return [(number, raw, reason) for number, raw, reason in found]


def visits(store: Path, columns: str = "*") -> list[tuple[Any, ...]]:
    """The visits of a store as sorted rows."""
    return rows([part.path for part in Store.open(store, Settings()).visits()], columns)


def bought(store: Path) -> list[dict[str, Any]]:
    """All that was bought, in the order of time."""
    lists = [row[0] for row in visits(store, "bought")]
    return sorted((one for some in lists for one in some), key=lambda one: one["time"])


def rows(files: Sequence[Path], columns: str) -> list[tuple[Any, ...]]:
    """Rows of Parquet files, sorted."""
    if not files:
        return []
    with connect() as connection:
        query = f"SELECT {columns} FROM read_parquet({path_list(files)}, hive_partitioning = false) ORDER BY ALL"
        return connection.execute(query).fetchall()


def times(store: Path) -> list[datetime]:
    """The first time of every visit, sorted."""
    return sorted(row[0] for row in visits(store, "first_time"))


def tree(folder: Path) -> dict[str, str]:
    """The content of every file below a folder, as digests by relative path; but not what only saves time."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".seen.json"
    }


def litter(store: Path) -> list[Path]:
    """Parts that no commit has ever named."""
    named = set()
    for table in TABLES:
        for log in (store / table / "_delta_log").glob("*.json"):
            actions = (json.loads(action) for action in log.read_text().splitlines())
            named |= {store / table / unquote(action["add"]["path"]) for action in actions if "add" in action}
    parts = (path for table in TABLES for path in (store / table).rglob("*.parquet") if "_delta_log" not in path.parts)
    return sorted(path for path in parts if path not in named)
