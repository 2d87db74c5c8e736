"""Two real shops as customers: what was known at a date, and what they brought afterwards.

CDNOW (Fader and Hardie's tenth of the 1997 cohort): 39 weeks known, 39 weeks of outcome. UCI Online Retail: known
before 2011-07-01, outcome to 2011-12-09. A purchase is a distinct day (CDNOW) or a distinct invoice (UCI); value is
net of cancellations, which are lines of negative quantity. `rfm` is as everywhere: whole days since the last
purchase, number of purchases, value with refunds above purchases as they are (negative).
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

from bestiary.segments.transform import Floats


@dataclass(frozen=True)
class Shop:
    """`rfm` (n, 3), `wide` (n, d) with NaN for null, `tenure` (n,) days, `revenue` (n,) and `bought` (n,) after."""

    rfm: Floats
    wide: Floats
    tenure: Floats
    revenue: Floats
    bought: NDArray[np.bool_]


_CDNOW = """
    SELECT master AS customer, strptime(day, '%Y%m%d') AS moment, day AS basket,
        cds::DOUBLE AS items, dollars::DOUBLE AS value, FALSE AS refund
    FROM (
        SELECT row[1] AS master, row[3] AS day, row[4] AS cds, row[5] AS dollars
        FROM (SELECT regexp_split_to_array(trim(line), '\\s+') AS row
              FROM read_csv($path, columns = {'line': 'VARCHAR'}, delim = chr(1), header = FALSE))
    )
"""
_UCI = """
    SELECT CustomerID AS customer, InvoiceDate AS moment, InvoiceNo AS basket, Quantity::DOUBLE AS items,
        Quantity * UnitPrice AS value, Quantity < 0 AS refund
    FROM read_parquet($path) WHERE CustomerID IS NOT NULL AND Quantity <> 0
"""
_SHOP = """
    WITH lines AS ({lines}),
    before AS (SELECT * FROM lines WHERE moment >= $since AND moment < $split),
    baskets AS (
        SELECT customer, basket, min(moment) AS moment, sum(value) AS value, sum(items) AS items,
            lag(min(moment)) OVER (PARTITION BY customer ORDER BY min(moment), basket) AS earlier
        FROM before WHERE NOT refund GROUP BY customer, basket
    ),
    known AS (
        SELECT customer, date_diff('second', max(moment), $split) // 86400 AS recency, count(*) AS frequency,
            date_diff('second', min(moment), $split) // 86400 AS tenure, avg(value) AS basket, max(value) AS highest,
            arg_max(value, moment) AS latest, sum(items) AS items, avg(date_diff('day', earlier, moment)) AS pause,
            max(date_diff('day', earlier, moment)) AS longest,
            count(*) FILTER (WHERE moment >= $split - INTERVAL 30 DAY) AS frequency_30,
            count(*) FILTER (WHERE moment >= $split - INTERVAL 90 DAY) AS frequency_90,
            coalesce(sum(value) FILTER (WHERE moment >= $split - INTERVAL 30 DAY), 0) AS value_30,
            coalesce(sum(value) FILTER (WHERE moment >= $split - INTERVAL 90 DAY), 0) AS value_90
        FROM baskets GROUP BY customer
    ),
    worth AS (
        SELECT customer, sum(value) AS monetary, -sum(least(value, 0)) AS refunds FROM before GROUP BY customer
    ),
    after AS (
        SELECT customer, sum(value) AS revenue, bool_or(NOT refund) AS bought
        FROM lines WHERE moment >= $split AND moment < $until GROUP BY customer
    )
    SELECT recency, frequency, monetary, tenure, basket, highest, latest, items, pause, longest, frequency_30,
        frequency_90, value_30, value_90, refunds, coalesce(revenue, 0) AS revenue, coalesce(bought, FALSE) AS bought
    FROM known JOIN worth USING (customer) LEFT JOIN after USING (customer) ORDER BY customer
"""


def cdnow(shared_data: Path, split: str = "1997-10-01", until: str = "1998-07-01") -> Shop:
    """CDNOW's sample: 2,357 customers, all of whom bought in the first quarter of 1997."""
    return _shop(_CDNOW, shared_data / "cdnow" / "CDNOW_sample.txt", split, until)


def uci(shared_data: Path, split: str = "2011-07-01", until: str = "2011-12-10", since: str = "2010-12-01") -> Shop:
    """UCI Online Retail: customers with an id and an invoice, not a cancellation, from `since` to before `split`."""
    return _shop(_UCI, shared_data / "uci_online_retail" / "online_retail.parquet", split, until, since)


def uci_months(shared_data: Path) -> list[tuple[str, float]]:
    """UCI's revenue net of cancellations by calendar month, of customers with an id: [("2010-12", ...), ...]."""
    path = shared_data / "uci_online_retail" / "online_retail.parquet"
    query = f"SELECT strftime(moment, '%Y-%m') AS month, sum(value) FROM ({_UCI}) GROUP BY month ORDER BY month"
    with duckdb.connect() as connection:
        return [
            (str(month), float(total)) for month, total in connection.execute(query, {"path": str(path)}).fetchall()
        ]


def _shop(lines: str, path: Path, split: str, until: str, since: str = "1997-01-01") -> Shop:
    dates = {"since": since, "split": split, "until": until}
    values = {"path": str(path)} | {name: datetime.fromisoformat(date) for name, date in dates.items()}
    with duckdb.connect() as connection:
        connection.execute("SET threads = 1")
        columns = connection.execute(_SHOP.replace("{lines}", lines), values).fetchnumpy()
    found = [np.ma.filled(np.ma.asarray(column).astype(np.float64), np.nan) for column in columns.values()]
    wide = np.column_stack(found[:-2])
    return Shop(wide[:, :3].copy(), wide, wide[:, 3].copy(), found[-2], found[-1] > 0)
