"""The customer box and the downloads: what they show is what the tables say, to the last value."""

import io
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from bestiary.files import read_json
from bestiary.report.dashboard import downloads
from bestiary.report.words import Words
from dashboard_shop import HOSTILE, RUNS, TestClient, client, copy, is_sound, text_of

EN = Words("en", "USD")
PLACES = ["buyer", "visitor", "too early", "unsettled"]
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def tables(store: Path, run: object = RUNS[0]) -> pl.DataFrame:
    """Everybody with their place, by id: the columns of the one table, then those of the other."""
    folder = store / "runs" / str(run)
    customers, labels = (pl.read_parquet(folder / f"{name}.parquet") for name in ("customers", "segments"))
    return customers.join(labels, on="user_id", how="inner", maintain_order="left").sort("user_id")


def names(store: Path, run: object = RUNS[0]) -> dict[int | None, str]:
    """What segments are called on English pages."""
    fitted = read_json(store / "runs" / str(run) / "model.json")["fitted"]
    both = [one for one in (fitted["buyers"], fitted["visitors"]) if one]
    return {one["segment"]: EN.name(one["name"]) for population in both for one in population["segments"]}


def some(store: Path, kind: str, run: object = RUNS[0]) -> dict[str, object]:
    """The row of somebody of a kind."""
    place = {
        "buyer": (pl.col("population") == "buyers") & pl.col("segment").is_not_null(),
        "visitor": (pl.col("population") == "visitors") & pl.col("segment").is_not_null(),
        "unsettled": pl.col("segment") != pl.col("settled"),
        "too early": pl.col("segment").is_null() & pl.col("population").is_not_null(),
    }[kind]
    return tables(store, run).filter(place).row(-1, named=True)


WHO = [
    (kind, run) for kind in PLACES for run in RUNS if (kind, run) != ("unsettled", RUNS[-1])
]  # the first run has none


@pytest.mark.parametrize(("kind", "run"), WHO)
def test_a_customer_is_shown_as_the_tables_have_them(store: Path, desk: TestClient, kind: str, run: object) -> None:
    row = some(store, kind, run)
    answer = desk.get("/customers", params={"id": row["user_id"], "run": str(run), "lang": "en"})
    assert answer.status_code == 200
    page = text_of(answer.text)
    for name in pl.read_parquet_schema(store / "runs" / str(run) / "customers.parquet"):
        value = row[name]
        if name != "user_id" and not isinstance(value, str):
            assert f"{name} {' '.join(EN.value(name, value).split())}" in page
    assert f"user_id {row['user_id']}" in page
    called = names(store, run)
    if kind == "too early":
        assert "Too early to say" in page
    else:
        assert f'<a href="/segments/{row["segment"]}' in answer.text
        assert '<ol class="route">' in answer.text  # by the tree of their own population
        assert f"Counts as being in {called[row['settled']]} " in page  # type: ignore[index]
        assert f"Second best {called.get(row['second'], '–')}" in page  # type: ignore[call-overload]
        assert f"Confidence {' '.join(EN.percent(row['confidence'], 0).split())}" in page  # type: ignore[arg-type]
    if row["expected_value"] is not None:
        shown = [EN.money(row[name]) for name in ("expected_value", "expected_low", "expected_high")]  # type: ignore[arg-type]
        assert " ".join(f"{shown[0]} {shown[1]} … {shown[2]}".split()) in page
    told = page[page.index("Where they were") :]
    for then in [one for one in RUNS if one <= run]:  # type: ignore[operator]
        there = tables(store, then).filter(pl.col("user_id") == row["user_id"])
        number = there["segment"].item() if len(there) else None
        said = names(store, then)[number] if number is not None else "too early to say" if len(there) else "not seen"
        assert f"{EN.date(str(then))} {said}" in told
    assert all(EN.date(str(later)) not in told.split("The columns")[0] for later in RUNS if later > run)  # type: ignore[operator]


@pytest.mark.parametrize("user_id", ["1", "-5", "999999999999999999999", "a b", "'", '"', "<script>", "x" * 5000, "\0"])
def test_an_unknown_id_is_said_and_shown_as_it_is(store: Path, desk: TestClient, user_id: str) -> None:
    answer = desk.get("/customers", params={"id": user_id, "lang": "en"})
    assert answer.status_code == 404
    assert f"{user_id} : There is no such customer in this run." in text_of(answer.text)
    assert "<script>" not in answer.text.replace('<script type="application/json"', "")
    assert is_sound(answer.text, store)


def test_an_unknown_id_keeps_its_spaces_in_french(desk: TestClient) -> None:
    answer = desk.get("/customers", params={"id": "a :b 5 %", "lang": "fr"})
    assert "<code>a :b 5 %</code>" in answer.text


def test_no_id_is_a_question(desk: TestClient) -> None:
    for address in ("/customers", "/customers?id=", "/customers?id=%20%20"):
        answer = desk.get(address, params={"lang": "en"})
        assert answer.status_code == 200
        assert "Type a customer's id above." in text_of(answer.text)


def test_ids_that_are_texts_are_looked_up_and_shown_as_texts(hostile: Path) -> None:
    visitor, everyone = client(hostile), set(tables(hostile)["user_id"].to_list())
    known = [one for one in HOSTILE if one in everyone]
    assert len(known) >= 10
    for user_id in known:
        answer = visitor.get("/customers", params={"id": f"  {user_id} "})
        assert answer.status_code == 200
        assert visitor.get("/customers", params={"id": user_id}).status_code == 200
        assert f"user_id {' '.join(user_id.split())} " in text_of(answer.text)
        assert "<script>a" not in answer.text
        assert "<img" not in answer.text


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("run", [RUNS[0], RUNS[2]])
def test_a_download_is_the_join_of_the_tables(store: Path, desk: TestClient, kind: str, run: object) -> None:
    everyone = tables(store, run)
    for number in sorted(names(store, run), key=lambda one: one or 0):
        answer = desk.get(f"/segments/{number}/customers.{kind}", params={"run": str(run)})
        assert answer.status_code == 200
        called = names(store, run)[number].lower().replace(" ", "-")
        assert answer.headers["content-disposition"] == f'attachment; filename="segment-{number}-{called}-{run}.{kind}"'
        assert int(answer.headers["content-length"]) == len(answer.content)
        wanted = everyone.filter(pl.col("segment") == number)
        assert len(wanted) > 0
        if kind == "parquet":
            assert_frame_equal(pl.read_parquet(io.BytesIO(answer.content)), wanted, check_exact=True)
        else:
            read = pl.read_csv(io.BytesIO(answer.content), infer_schema=False)
            assert read.columns == wanted.columns
            for name, dtype in wanted.schema.items():
                column = read[name].str.to_datetime(time_unit="ns").cast(dtype) if dtype.is_temporal() else read[name]
                assert column.cast(dtype, strict=True).equals(wanted[name], null_equal=True), name


def test_a_spreadsheet_takes_no_id_for_a_formula(hostile: Path) -> None:
    visitor, everyone = client(hostile), tables(hostile)
    seen = 0
    for number in names(hostile):
        wanted = everyone.filter(pl.col("segment") == number)
        whole = pl.read_parquet(io.BytesIO(visitor.get(f"/segments/{number}/customers.parquet").content))
        assert_frame_equal(whole, wanted, check_exact=True)
        text = visitor.get(f"/segments/{number}/customers.csv").content
        read = pl.read_csv(io.BytesIO(text), infer_schema=False)
        for name in (name for name, dtype in wanted.schema.items() if dtype == pl.String):
            safe = [f"'{one}" if one and one.startswith(FORMULA) else one for one in wanted[name].to_list()]
            assert read[name].to_list() == safe
            seen += sum(one != old for one, old in zip(safe, wanted[name].to_list(), strict=True))
    assert seen >= 3


def test_nothing_is_left_of_a_download(
    store: Path, desk: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    asked: tuple[dict[str, str], ...] = (
        {},
        {"Range": "bytes=0-10"},
        {"Range": "bytes=nonsense"},
        {"Range": "bytes=99999999-"},
    )
    for headers in asked:
        assert desk.get("/segments/0/customers.csv", headers=headers).status_code == 200
        assert list(tmp_path.iterdir()) == []

    def fail(*given: object) -> None:
        (tmp_path / next(one.name for one in tmp_path.iterdir()) / "half").write_text("x")
        raise MemoryError

    monkeypatch.setattr(downloads, "write_customers", fail)
    assert desk.get("/segments/0/customers.csv").status_code == 500
    assert list(tmp_path.iterdir()) == []


def test_more_downloads_at_once_than_there_is_memory_for_are_sent_away(
    desk: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, held = threading.Semaphore(0), threading.Event()
    write = downloads.write_customers

    def slow(*given: Any) -> None:
        begun.release()
        held.wait(30)
        write(*given)

    monkeypatch.setattr(downloads, "write_customers", slow)
    address = "/segments/0/customers.csv"
    with ThreadPoolExecutor(downloads.AT_ONCE) as pool:
        under_way = [pool.submit(desk.get, address) for _ in range(downloads.AT_ONCE)]
        assert all(begun.acquire(timeout=30) for _ in under_way)
        refused = desk.get(address)
        assert refused.status_code == 503
        assert "2 downloads are being made already." in refused.text
        assert desk.get("/").status_code == 200
        held.set()
        assert [one.result().status_code for one in under_way] == [200, 200]
    assert desk.get(address).status_code == 200


def test_a_table_that_is_damaged_is_told(store: Path, tmp_path: Path) -> None:
    mine = copy(store, tmp_path)
    visitor, row = client(mine), some(mine, "buyer")
    path = mine / "runs" / str(RUNS[0]) / "customers.parquet"
    whole = path.read_bytes()
    for damaged in (whole[:-100], b"PAR1" + b"\xff" * (len(whole) - 8) + b"PAR1", b""):
        path.write_bytes(damaged)
        for address in (f"/customers?id={row['user_id']}", f"/segments/{row['segment']}/customers.csv"):
            answer = visitor.get(address, headers={"Accept-Language": "en"})
            assert answer.status_code == 500
            assert "Something is wrong with the store" in answer.text
            assert f"STORE/runs/{RUNS[0]}/customers.parquet" in answer.text
            assert is_sound(answer.text, mine)
        assert visitor.get("/").status_code == 200
        assert visitor.get(f"/customers?id={row['user_id']}&run={RUNS[1]}").status_code in (200, 404)
    path.write_bytes(whole)
    assert visitor.get(f"/customers?id={row['user_id']}").status_code == 200
