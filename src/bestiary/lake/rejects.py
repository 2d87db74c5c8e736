"""The rows that were refused, to look at."""

from dataclasses import dataclass
from pathlib import Path

from bestiary.config import Settings
from bestiary.errors import ConfigError, did_you_mean
from bestiary.lake.store import Store
from bestiary.sql import connect, path_list, render, within

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Reject:
    """A row as it stood in its file: `number` is that of its line, in Parquet of its row, from 1.

    `raw` is None where the text may not be kept, or not any more; `number` where the person was erased.
    """

    source: str
    number: int | None
    reason: str
    raw: str | None


@dataclass(frozen=True)
class Refused:
    """The first of `matching` refused rows, in the order of files and lines; and the number of each reason."""

    rows: tuple[Reject, ...]
    matching: int
    reasons: dict[str, int]


def refused(store: Path, *, reason: str | None = None, limit: int = 20) -> Refused:
    """The first `limit` rows of a store that were refused, of one `reason` or of all.

    Raises StoreError where there is no store, ConfigError for a reason that no row was refused for.
    """
    files = Store.open(store, Settings()).files("rejects")
    if not files:
        return Refused((), 0, {})
    names = path_list(files)
    with connect() as connection:
        counted = f"SELECT reason, count(*) AS n FROM read_parquet({names}) GROUP BY reason ORDER BY n DESC, reason"
        reasons = dict(connection.execute(counted).fetchall())
        if reason is not None and reason not in reasons:
            raise ConfigError(
                f"No row was refused for {reason!r}{did_you_mean(reason, reasons)}.",
                allowed="Reasons there are: " + ", ".join(reasons) + ".",
            )
        connection.execute("SET VARIABLE reason = ?", [reason])
        connection.execute("SET VARIABLE at_most = ?", [limit])
        found = connection.execute(render(HERE / "rejects.sql", files=names)).fetchall()
    matching = reasons[reason] if reason else sum(reasons.values())
    return Refused(tuple(Reject(*row) for row in found), matching, reasons)


def examples(store: Path, each: int = 3) -> tuple[Reject, ...]:
    """The first `each` refused rows of every reason, the most frequent reason first.

    Raises StoreError where there is no store.
    """
    files = Store.open(store, Settings()).files("rejects")
    if not files:
        return ()
    query = render(HERE / "examples.sql", files=path_list(files), each=each)
    with within(0, "rejected rows"), connect() as connection:
        return tuple(Reject(*row) for row in connection.execute(query).fetchall())
