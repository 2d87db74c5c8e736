"""The shop's revenue by month, from the visits: what a season is judged by."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from bestiary.sql import path_list, render

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def monthly_revenue(connection: "DuckDBPyConnection", files: Sequence[Path], as_of: date) -> dict[str, float]:
    """Sum of purchase prices less refunds by calendar month (`2020-04`), before `as_of`; a month without sales is 0.

    The first month may have begun before the log did, and is left out, as is one that `as_of` cuts.
    """
    query = render(Path(__file__).with_suffix(".sql"), files=path_list(files), as_of=as_of.isoformat())
    return dict(connection.execute(query).fetchall())
