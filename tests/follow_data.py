"""Populations of customers for the tests of `bestiary.segments.follow`: made ones, and a real shop's."""

from datetime import datetime
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

from bestiary.segments.transform import Floats

UCI_END = datetime(2011, 12, 10)


def correlated(n: int, seed: int) -> Floats:
    """One correlated blob (n, 3): whole days within 213, heavily tied counts, lognormal spending."""
    rng = np.random.default_rng(seed)
    loyalty = rng.normal(size=n)
    frequency = 1 + rng.poisson(np.exp(0.9 * loyalty - 0.6))
    recency = np.floor(213 * rng.beta(1.0 + 0.2 * frequency**0.5, 1.0 + 0.9 * np.log(frequency) + 0.3, size=n))
    monetary = np.round(frequency * np.exp(rng.normal(3.6 + 0.25 * loyalty, 0.8)), 2)
    return np.column_stack([recency, frequency, monetary]).astype(np.float64)


def uci(shared_data: Path, as_of: datetime = UCI_END) -> tuple[NDArray[np.int64], Floats]:
    """UCI Online Retail before `as_of`: customers' ids (n,) in order, and days, invoices and net spending (n, 3)."""
    path = shared_data / "uci_online_retail" / "online_retail.parquet"
    rows = duckdb.execute(
        """
        select
            cast(CustomerID as bigint) as customer,
            date_diff('day', max(InvoiceDate) filter (Quantity > 0), cast($2 as timestamp)) as recency,
            count(distinct InvoiceNo) filter (Quantity > 0) as frequency,
            greatest(round(sum(Quantity * UnitPrice), 2), 0) as monetary
        from read_parquet($1)
        where CustomerID is not null and InvoiceDate < cast($2 as timestamp) and UnitPrice > 0
        group by customer
        having frequency > 0
        order by customer
        """,
        [str(path), as_of],
    ).fetchnumpy()
    features = np.column_stack([rows["recency"], rows["frequency"], rows["monetary"]]).astype(np.float64)
    return np.asarray(rows["customer"], dtype=np.int64), features
