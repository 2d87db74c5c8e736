"""Other shops' columns: what a mapping may say, what it may not, and what comes of it."""

from pathlib import Path

import pytest

import shop
from bestiary.errors import BestiaryError, ConfigError, EventsError
from bestiary.events.contract import COLUMNS
from bestiary.events.mapping import SHIPPED, load_mapping, simple_expression
from bestiary.sql import connect, quote

BASE = '[columns]\nevent_time = "when"\nproduct_id = "what"\nuser_id = "who"\n\n[constants]\nevent_type = "purchase"\n'
NAMES = "when,what,who,price,count"
REFUSED = {
    "(SELECT 1)": "subquery",
    "price IN (SELECT 1)": "subquery",
    "EXISTS (FROM range(3))": "subquery",
    "read_text('/etc/passwd')": "read_text",
    "getenv('HOME')": "getenv",
    "current_setting('threads')": "current_setting",
    "main.abs(price)": "abs",
    "random()": "random",
    "now()": "now",
    "sum(price)": "sum",
    "count(*)": "count",
    "row_number() OVER ()": "window",
    "abs(price) OVER ()": "window",
    "*": "star",
    "COLUMNS('p.*')": "star",
    "t.price": "t.price",
    "?": "parameter",
    "$1": "parameter",
    "x -> x": "lambda",
    "[1, 2]": "list",
    "{'a': 1}": "struct",
    "price::JSON": "JSON",
    "CAST(price AS INTEGER[])": "list",
    "price COLLATE nocase": "collate",
    "1, 2": "row",
    "1) FROM range(3": "more than one",
    "1) FROM read_csv('/etc/passwd'": "more than one",
    "1), (2": "more than one",
    "1); SELECT (2": "more than one",
    "1) UNION SELECT (2": "more than one",
    "1) WHERE (getenv('HOME') = 'x'": "more than one",
    "1) GROUP BY (price": "more than one",
    "1) HAVING (true": "more than one",
    "1) QUALIFY (true": "more than one",
    "1) ORDER BY (SELECT (2": "cannot read",
    "1) ORDER BY (price": "more than one",
    "1) LIMIT (1": "more than one",
    "1) USING SAMPLE (1": "more than one",
    "1); COPY (SELECT 1) TO ('x'": "cannot read",
    "price AS p": "cannot read",
    "price +": "cannot read",
    "1 -- 2": "cannot read",
}


def mapping(folder: Path, text: str) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "shop.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def refused(tmp_path: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load_mapping(mapping(tmp_path, text))
    assert "shop.toml" in caught.value.found
    return str(caught.value)


@pytest.mark.parametrize("expression", REFUSED)
def test_what_is_not_a_simple_expression_is_refused(expression: str) -> None:
    with pytest.raises(ConfigError) as caught:
        simple_expression(expression, Path("shop.toml"))
    assert REFUSED[expression] in str(caught.value)
    assert expression in caught.value.found


def test_a_comment_hides_nothing() -> None:
    for text in ("price) -- , getenv('HOME')", "price /* ) */", "(price) --", "\nprice\n"):
        if text.startswith("(price)"):
            with pytest.raises(ConfigError):  # it swallows our closing bracket
                simple_expression(text, Path("shop.toml"))
        else:
            assert simple_expression(text, Path("shop.toml"))[1] == ["price"]
    sql, _ = simple_expression("price) -- , getenv('HOME')", Path("shop.toml"))
    assert "getenv" not in sql


@pytest.mark.parametrize(
    "expression",
    [
        "price",
        '"two words"',
        "abs(CAST(count AS DOUBLE)) * CAST(price AS DOUBLE) / 100 - 1",
        "CASE WHEN count > '1' AND NOT price IS NULL OR what LIKE 'a%' THEN 'view' ELSE lower(what) END",
        "price BETWEEN '1' AND '2'",
        "who IN ('a', 'b')",
        "coalesce(nullif(trim(what), ''), 'none') || '-' || split_part(who, '-', 1)",
        "strptime(\"when\", '%d/%m/%Y')",
        "TRY_CAST(price AS DECIMAL(10, 2))",
    ],
)
def test_simple_expressions_pass_and_run(expression: str) -> None:
    sql, columns = simple_expression(expression, Path("shop.toml"))
    names = ", ".join(f"NULL::VARCHAR AS {name}" for name in ('"when"', "what", "who", "price", "count", '"two words"'))
    with connect() as connection:
        assert connection.execute(f"SELECT {sql} FROM (SELECT {names})").fetchall()
    assert set(columns) <= {"when", "what", "who", "price", "count", "two words"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (BASE.replace("[columns]", "[column]"), "did you mean 'columns'"),
        (BASE + '[expressions]\nprise = "price"\n', "did you mean 'price'"),
        (BASE + '[expressions]\nuser_id = "who"\n', "user_id is given twice"),
        (BASE.replace('user_id = "who"\n', ""), "nothing is given for user_id"),
        ('[columns]\nbrand = "b"\n', "nothing is given for event_time, event_type, product_id, user_id"),
        ("columns = 3\n", "[columns]"),
        ("reject = 3\n" + BASE, "[[reject]]"),
        (BASE + '[reject]\nreason = "odd"\nwhen = "true"\n', "[[reject]]"),
        (BASE + '[[reject]]\nreason = "odd"\n', "[[reject]]"),
        (BASE + '[[reject]]\nreason = "Odd one"\nwhen = "true"\n', "[[reject]]"),
        (BASE + '[[reject]]\nreason = "odd"\nwhen = "true"\nmore = 1\n', "[[reject]]"),
        (BASE + '[[reject]]\nreason = "odd"\nwhen = "getenv(what)"\n', "getenv"),
        ("[columns\n", "not valid TOML"),
    ],
)
def test_a_mapping_is_checked_before_it_is_used(text: str, words: str, tmp_path: Path) -> None:
    assert words in refused(tmp_path, text)


def test_an_unknown_mapping_names_those_that_are_shipped() -> None:
    for name in ("nope", "../mappings/online_retail", "nowhere/online_retail.toml"):
        with pytest.raises(ConfigError, match="online_retail"):
            load_mapping(name)


def test_columns_constants_expressions_and_refusals(tmp_path: Path) -> None:
    text = BASE + (
        '[expressions]\nprice = "CAST(price AS DOUBLE) * CAST(count AS DOUBLE)"\nbrand = "upper(what)"\n'
        '[[reject]]\nreason = "a_gift"\nwhen = "price = \'0\'"\n'
        '[[reject]]\nreason = "later_rule"\nwhen = "price = \'0\'"\n'
    )
    lines = [
        "2019-10-01,a,1,2.5,2",
        "2019-10-01,b,1,0,1",
        "2019-10-01,c,1,x,1",
        "2019-10-01,d,,1,1",
        "2019-10-01,e,1,,1",
    ]
    path = shop.write_csv(tmp_path / "a.csv", lines, header=NAMES)
    (ingested,), arrivals = shop.ingest(path, tmp_path / "store", mapping=mapping(tmp_path, text))
    assert shop.counts(ingested) == (5, 2, 0, 3)
    assert shop.rejects(tmp_path / "store") == [
        (3, lines[1], "a_gift"),
        (4, lines[2], "bad_price"),
        (5, lines[3], "missing_user_id"),
    ]
    found = sorted((one["product_id"], one["brand"], one["price"]) for one in shop.bought(tmp_path / "store"))
    assert [(product, brand, str(price)) for product, brand, price in found] == [
        ("a", "A", "5.000000"),
        ("e", "E", "None"),
    ]
    assert arrivals.ignored_columns == ()


def test_an_expression_that_does_not_suit_the_file_is_an_error_without_a_store(tmp_path: Path) -> None:
    path = shop.write_csv(tmp_path / "a.csv", ["2019-10-01,a,1,2.5,2"], header=NAMES)
    for expression in ("price + 'x'", "abs(price)", "nosuch", "strptime(price)"):
        text = mapping(tmp_path, BASE + f'[expressions]\nprice = "{expression}"\n')
        with pytest.raises(EventsError) as caught:
            shop.ingest(path, tmp_path / "store", mapping=text)
        assert str(path) in caught.value.found
    text = mapping(tmp_path, BASE + '[[reject]]\nreason = "odd"\nwhen = "price"\n')
    with pytest.raises(EventsError):
        shop.ingest(path, tmp_path / "store", mapping=text)
    assert not (tmp_path / "store").exists()


def test_columns_of_a_mapping_are_found_in_any_case_and_all_must_be_there(tmp_path: Path) -> None:
    text = mapping(tmp_path, BASE + '[expressions]\nprice = "Price"\nbrand = "pRICE"\n')
    path = shop.write_csv(tmp_path / "a.csv", ["2019-10-01,a,1,2.5,2"], header=NAMES.upper())
    _, arrivals = shop.ingest(path, tmp_path / "store", mapping=text)
    assert [(one["price"], one["brand"]) for one in shop.bought(tmp_path / "store")] == [(2.5, "2.5")]
    assert arrivals.ignored_columns == ("COUNT",)
    other = shop.write_csv(tmp_path / "b.csv", ["2019-10-01,a,1"], header="when,what,whom")
    with pytest.raises(EventsError, match=r"missing columns who \(did you mean 'whom'\?\), [Pp]rice"):
        shop.ingest(other, tmp_path / "store", mapping=text)
    with pytest.raises(BestiaryError, match="--no-header"):
        shop.ingest(path, tmp_path / "new", mapping=text, header=False)


def test_the_shipped_mapping_reads_online_retail(tmp_path: Path) -> None:
    found = load_mapping("online_retail")
    assert [path.stem for path in SHIPPED.glob("*.toml")] == ["online_retail"]
    assert tuple(name for name, _ in found.columns) == COLUMNS
    header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
    lines = [
        '536365,85123A,"HEART, WHITE",6,2010-12-01 08:26:00,2.55,17850,United Kingdom',
        "C536379,D,Discount,-1,2010-12-01 09:41:00,27.5,14527,United Kingdom",
        "536589,21777,,-10,2010-12-01 16:50:00,0,,United Kingdom",
        "536414,22139,,56,2010-12-01 11:52:00,0,,United Kingdom",
        "536366,22633,HAND WARMER,1,2010-12-01 08:28:00,,17850,United Kingdom",
    ]
    path = shop.write_csv(tmp_path / "a.csv", lines, header=header)
    (ingested,), arrivals = shop.ingest(path, tmp_path / "store", mapping="online_retail")
    assert shop.counts(ingested) == (5, 3, 0, 2)
    assert arrivals.ignored_columns == ("Country", "Description")
    assert [reason for _, _, reason in shop.rejects(tmp_path / "store")] == ["missing_user_id", "missing_user_id"]
    assert [(one["product_id"], str(one["price"])) for one in shop.bought(tmp_path / "store")] == [
        ("85123A", "15.300000"),
        ("22633", "None"),
    ]
    figures = [tuple(map(str, row)) for row in shop.visits(tmp_path / "store", "user_id, refunds, refunded")]
    assert ("14527", "1", "27.500000") in figures


def test_a_csv_of_the_real_shop_gives_the_visits_of_its_parquet(shared_data: Path, tmp_path: Path) -> None:
    parquet = shared_data / "uci_online_retail" / "online_retail.parquet"
    some, text = tmp_path / "some.parquet", tmp_path / "some.csv"
    with connect() as connection:
        query = f"SELECT * FROM read_parquet({quote(str(parquet))}) WHERE InvoiceDate < '2011-01-01'"
        for path, form in ((some, "parquet"), (text, "csv, HEADER, DATEFORMAT '%Y-%m-%d'")):
            connection.execute(f"COPY ({query}) TO {quote(str(path))} (FORMAT {form})")
    told = []
    for path in (some, text):
        (ingested,), _ = shop.ingest(path, tmp_path / path.suffix, mapping="online_retail")
        told.append((dict(ingested.counts), shop.visits(tmp_path / path.suffix)))
        assert ingested.counts["kept"] > 20_000
    assert told[0] == told[1]
