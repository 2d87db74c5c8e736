"""Why a row is refused, reason by reason, and what is kept as it is."""

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

import shop

LONG = "9" * 19
REFUSED = {
    "bad_event_time": [
        {"event_time": time}
        for time in (
            "01/10/2019 10:00",
            "1569924000",
            "2019-10-01 10:00:60 UTC",
            "2019-02-29 10:00:00 UTC",
            "2019-13-01 10:00:00 UTC",
            "2019-10-01 10:00:00 Europe/Paris",
            "2019-10-01 10:00:00 +25:00",
            "2019-10-01 10:00:00+02:60",
            " 2019-10-01 10:00:00 UTC",
            "2019-10-01 1:00:000 UTC",
            "yesterday",
        )
    ],
    "missing_event_time": [{"event_time": ""}],
    "time_in_the_future": [{"event_time": "2999-01-01 00:00:00 UTC"}, {"event_time": "9999-12-31T23:59:59Z"}],
    "time_before_1990": [{"event_time": "1989-12-31 23:59:59.999999"}, {"event_time": "1990-01-01 00:00:00+00:01"}],
    "missing_event_type": [{"event_type": ""}],
    "unknown_event_type": [{"event_type": kind} for kind in ("View", "view ", "click", "0")],
    "missing_product_id": [{"product_id": ""}],
    "bad_product_id": [{"product_id": text} for text in ("12.5", "2.1E+18", "1e3", " 1", "+1", "0x1f", "A1", "٣")],
    "bad_category_id": [{"category_id": text} for text in ("2.10381E+18", "1" * 20, "9223372036854775808", "--1")],
    "missing_user_id": [{"user_id": ""}],
    "bad_user_id": [{"user_id": text} for text in ("12.5", "2.1E+18", LONG, "-" + LONG, "1" * 20, "null", "-", "1 2")],
    "bad_price": [{"price": text} for text in ("nan", "NaN", "1_000", "1 000", "1,5", "$5", "0x10", "1e", "free")],
    "infinite_price": [{"price": text} for text in ("inf", "-inf", "Infinity", "1e400")],
    "negative_price": [{"price": text} for text in ("-0.01", "-1e-9", "-5")],
    "price_too_large": [{"price": text} for text in ("1e12", "1000000000000.01", "1e300")],
}
LINES = {
    "blank_line": ["", "   "],
    "wrong_number_of_columns": ["x", shop.line() + ",", shop.line()[:-3].rsplit(",", 1)[0], ",,,,,,,,,", "a,b"],
    "unparsable_line": [
        shop.line(brand="UNCLOSED").replace("UNCLOSED", '"sams'),
        shop.line(brand="INSIDE").replace("INSIDE", 'sam"sung'),
        shop.line(brand="AFTER").replace("AFTER", '"samsung" '),
        shop.line(brand="BEFORE").replace("BEFORE", ' "samsung"'),
        shop.line(brand="THREE").replace("THREE", '"""'),
        shop.line() + '"',
    ],
}


def test_every_reason_with_its_number_and_text(tmp_path: Path) -> None:
    reasons = [(shop.line(**change), reason) for reason, changes in REFUSED.items() for change in changes]
    reasons += [(text, reason) for reason, texts in LINES.items() for text in texts]
    lines, expected = [], []
    for text, reason in reasons:
        lines += [shop.line(), text]
        expected.append((len(lines) + 1, text, reason))
    (ingested,), _ = shop.ingest(shop.write_csv(tmp_path / "a.csv", lines), tmp_path / "store", settings=INTEGERS)
    assert shop.rejects(tmp_path / "store") == expected
    assert shop.counts(ingested) == (len(lines), 1, len(reasons) - 1, len(reasons))


INTEGERS = shop.SMALL.model_copy(update={"user_id": "integer", "product_id": "integer", "category_id": "integer"})


def test_numbers_are_those_of_the_lines_without_a_header_too(tmp_path: Path) -> None:
    path = shop.write_csv(tmp_path / "a.csv", [shop.line(), "junk"], header=shop.line(user_id="x"))
    shop.ingest(path, tmp_path / "store", header=False, settings=INTEGERS)
    expected = [(1, shop.line(user_id="x"), "bad_user_id"), (3, "junk", "wrong_number_of_columns")]
    assert shop.rejects(tmp_path / "store") == expected


def test_parquet_rows_have_numbers_and_are_told_as_json(tmp_path: Path) -> None:
    events = [shop.event(), shop.event(user_id=""), shop.event(price="-1") | {"extra": "é\"'"}]
    path = shop.write_parquet(tmp_path / "a.parquet", [{"extra": "x"} | one for one in events])
    shop.ingest(path, tmp_path / "store")
    found = shop.rejects(tmp_path / "store")
    assert [(number, reason) for number, _, reason in found] == [(2, "missing_user_id"), (3, "negative_price")]
    assert [json.loads(raw) for _, raw, _ in found] == [{"extra": "x"} | events[1], events[2]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2019-10-01 10:00:00 UTC", "2019-10-01 10:00:00"),
        ("2019-10-01 10:00:00.25 UTC", "2019-10-01 10:00:00.25"),
        ("2019-10-01 10:00:00 GMT", "2019-10-01 10:00:00"),
        ("2019-10-01 10:00:00", "2019-10-01 10:00:00"),
        ("2019-10-01T10:00:00", "2019-10-01 10:00:00"),
        ("2019-10-01T10:00:00Z", "2019-10-01 10:00:00"),
        ("2019-10-01T10:00:00.123456Z", "2019-10-01 10:00:00.123456"),
        ("2019-10-01T10:00Z", "2019-10-01 10:00:00"),
        ("2019-10-01 10:00", "2019-10-01 10:00:00"),
        ("2019-10-01", "2019-10-01 00:00:00"),
        ("2019-10-01T10:00:00+02:00", "2019-10-01 08:00:00"),
        ("2019-10-01T10:00:00+0200", "2019-10-01 08:00:00"),
        ("2019-10-01 10:00:00+02", "2019-10-01 08:00:00"),
        ("2019-10-01 10:00:00 -03:30", "2019-10-01 13:30:00"),
        ("2019-10-01 00:30:00+14:00", "2019-09-30 10:30:00"),
        ("1990-01-01 00:00:00 UTC", "1990-01-01 00:00:00"),
        ("2016-02-29", "2016-02-29 00:00:00"),
    ],
)
def test_times_honour_their_offset(text: str, expected: str, tmp_path: Path) -> None:
    shop.ingest(shop.write_csv(tmp_path / "a.csv", [shop.line(event_time=text)]), tmp_path / "store")
    assert shop.times(tmp_path / "store") == [datetime.fromisoformat(expected)]


@pytest.mark.parametrize(
    ("text", "price"),
    [
        ("1e3", "1000"),
        ("-0.0", "0"),
        ("+5", "5"),
        (".5", "0.5"),
        ("5.", "5"),
        ("9000000000.25", "9000000000.25"),
        ("0.1234564", "0.123456"),
        ("0.1234567", "0.123457"),
        ("", None),
    ],
)
def test_prices_are_kept_as_exact_decimals(text: str, price: str | None, tmp_path: Path) -> None:
    path = shop.write_csv(tmp_path / "a.csv", [shop.line(event_type="purchase", price=text)])
    shop.ingest(path, tmp_path / "store")
    (one,) = shop.bought(tmp_path / "store")
    assert one["price"] == (None if price is None else Decimal(price))


def test_zero_is_a_price_of_what_was_bought_and_unknown_of_what_was_looked_at(tmp_path: Path) -> None:
    views = [shop.line(price=price) for price in ("0", "-0.0", "", "2.50", "3.25")]
    bought = [shop.line(price="0", event_type="purchase"), shop.line(price="0", event_type="cart")]
    (ingested,), _ = shop.ingest(shop.write_csv(tmp_path / "a.csv", views + bought), tmp_path / "store")
    assert shop.counts(ingested) == (7, 6, 1, 0)  # 0 and -0.0 are the same price
    figures = "views, viewed_prices, viewed_value, purchases, carts"
    assert shop.visits(tmp_path / "store", figures) == [(4, 2, Decimal("5.75"), 1, 1)]
    assert [one["price"] for one in shop.bought(tmp_path / "store")] == [Decimal(0)]


def test_duplicates_are_equal_in_all_nine_columns_after_parsing(tmp_path: Path) -> None:
    empty = {"category_id": "", "category_code": "", "brand": "", "price": "", "user_session": ""}
    same = [
        shop.line(**empty),
        shop.line(**empty),
        shop.line(**empty | {"event_time": "2019-10-01T12:00:00+02:00"}),
        shop.line(**empty | {"user_id": "0512000001"}),
        shop.line(**empty | {"brand": "Q"}).replace("Q", '""'),
    ]
    others = [shop.line(**empty | {name: shop.EVENT[name]}) for name in empty]
    others += [shop.line(**empty | {"event_time": "2019-10-01 10:00:00.000001"})]
    others += [shop.line(**empty | {"event_type": "cart"}), shop.line(**empty | {"product_id": "-1004856"})]
    path = shop.write_csv(tmp_path / "a.csv", [*same, *others])
    (ingested,), _ = shop.ingest(path, tmp_path / "store", settings=INTEGERS)
    assert shop.counts(ingested) == (13, 9, 4, 0)
