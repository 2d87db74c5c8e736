"""A real shop with complete histories and other columns, from its file to a report that makes sense."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bestiary import pipeline
from bestiary.files import read_json
from bestiary.sql import connect, quote

SHIPPED = "online_retail"


@pytest.fixture(scope="module")
def invoices(shared_data: Path) -> Path:
    return shared_data / "uci_online_retail" / "online_retail.parquet"


@pytest.fixture(scope="module")
def run(invoices: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings = pipeline.Settings(k=6, k_min=6, k_max=6, candidate="rfm_log")
    outcome = pipeline.run([invoices], tmp_path_factory.mktemp("uci") / "store", settings=settings, mapping=SHIPPED)
    assert outcome.run.as_of == date(2011, 12, 10)
    return outcome.run.path


def rows(query: str) -> list[tuple[Any, ...]]:
    with connect() as connection:
        return connection.execute(query).fetchall()


def test_counts_close_and_missing_customers_have_their_own_reason(run: Path) -> None:
    quality = read_json(run / "quality.json")
    assert quality["counts"]["read"] == 541_909
    # Every stock adjustment lacks its customer too, and that comes first.
    assert quality["rejected_by_reason"] == {"missing_user_id": 135_080}
    assert quality["missing"]["brand"] > 0
    counts = quality["counts"]
    assert counts["read"] == counts["kept"] + counts["duplicates"] + counts["rejected"]


def test_value_is_net_of_refunds_and_a_cancellation_is_never_a_purchase(run: Path, invoices: Path) -> None:
    """Customer by customer against a plain query over the invoices."""
    plain = rows(
        f"""
        WITH lines AS (
            SELECT DISTINCT InvoiceNo, StockCode, InvoiceDate, CustomerID,
                abs(Quantity)::DOUBLE * UnitPrice AS price, starts_with(InvoiceNo, 'C') AS cancelled
            FROM {quote(str(invoices))}
            WHERE CustomerID IS NOT NULL AND InvoiceDate >= '2011-05-10' AND (Quantity > 0 OR InvoiceNo LIKE 'C%')
        )
        SELECT CustomerID::INTEGER, sum(CASE WHEN cancelled THEN -price ELSE price END),
            count(*) FILTER (WHERE NOT cancelled), count(DISTINCT InvoiceNo) FILTER (WHERE NOT cancelled)
        FROM lines GROUP BY ALL ORDER BY ALL
        """
    )
    ours = rows(
        "SELECT user_id, total_purchase_value, count_products_7m, number_of_purchases_7m "
        f"FROM {quote(str(run / 'customers.parquet'))} ORDER BY user_id"
    )
    assert [row[0] for row in ours] == [row[0] for row in plain]
    assert [row[1] for row in ours] == pytest.approx([row[1] for row in plain], abs=1e-4)
    assert [row[2:] for row in ours] == [row[2:] for row in plain]


def test_segments_make_sense_to_a_person(run: Path) -> None:
    segments = {one["persona"]: one for one in read_json(run / "scorecard.json")["segments"]}
    assert None not in segments
    lion, dormouse = segments["lion"], segments["dormouse"]
    assert all(one["customers"] for one in segments.values())
    value = {name: one["value"] / one["customers"] for name, one in segments.items()}
    assert max(value, key=lambda name: value[name]) == "lion"
    assert min(value, key=lambda name: value[name]) == "dormouse"
    assert lion["share_of_customers"] < 0.15
    assert lion["share_of_value"] > 0.4
    assert lion["medians"]["days_since_last_purchase"] < 14
    assert dormouse["medians"]["days_since_last_purchase"] > 60
    assert dormouse["medians"]["number_of_purchases"] == 1
    assert (
        sum(one["customers"] for one in segments.values())
        == rows(
            f"SELECT count(*) FROM {quote(str(run / 'segments.parquet'))} "
            "WHERE population = 'buyers' AND segment IS NOT NULL"
        )[0][0]
    )


def test_report_shows_the_currency_and_no_customer(run: Path) -> None:
    page = (run / "report.html").read_text(encoding="utf-8")
    assert "GBP" in page
    assert "USD" not in page
    ids = [str(row[0]) for row in rows(f"SELECT user_id FROM {quote(str(run / 'segments.parquet'))}")]
    text = page[page.index("<main") : page.index("</main>")]
    assert not [one for one in ids if f">{one}<" in text or f'"{one}"' in text]


def test_segments_make_sense_with_the_settings_that_nobody_changed(run: Path) -> None:
    """As a new user runs it: the way to segment and the number of segments are chosen."""
    store = run.parents[1]
    card = read_json(pipeline.fit(store).path / "scorecard.json")
    segments = {one["persona"]: one for one in card["segments"]}
    assert 4 <= card["silhouette"]["chosen_k"] <= 8
    assert set(segments) >= {"lion", "bear", "dormouse"}
    assert segments["lion"]["share_of_value"] > 0.4 > 3 * segments["lion"]["share_of_customers"]
    assert max(segments.values(), key=lambda one: one["medians"]["number_of_purchases"])["persona"] == "lion"
    longest = max(segments.values(), key=lambda one: one["medians"]["days_since_last_purchase"])
    assert longest["persona"] in ("dormouse", "turtle")
