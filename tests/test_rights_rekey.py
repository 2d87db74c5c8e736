"""Rotation of the pseudonyms' key: afterwards the store is what it would be had it had the new key from the start."""

import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from bestiary import pipeline, rekeying, rights
from bestiary.audience import audience
from bestiary.errors import BestiaryError
from bestiary.ids import VARIABLE, Secret
from bestiary.lake import erased
from bestiary.lake.objections import objections
from bestiary.lake.recipients import delivered
from bestiary.lake.store import Store
from bestiary.publish.audience_asked import Asked, Joined
from bestiary.publishing import publish
from command import bestiary
from rights_shop import KEY, LAST, OTHER_KEY, busiest, settings
from shop import SMALL, line, rejects, rows, visits, write_csv
from traces import traces

OLD, NEW = Secret(KEY.encode()), Secret(OTHER_KEY.encode())
ASKED = settings(pseudonymise=True)
TOLD = "hour, first_time, last_time, views, carts, removals, purchases, refunds, bought::VARCHAR"
STEPS = ("rename", "rekey_visits", "rekey_rejects", "rekey_table", "rekey_letters", "rekey_audiences", "send")


@pytest.fixture(scope="module")
def hidden(people: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of pseudonyms under KEY with a run, which `made` publishes and makes an audience of."""
    folder = tmp_path_factory.mktemp("hidden")
    (folder / "key").write_text(KEY)
    keyed = settings(pseudonymise=True, key_file=folder / "key")
    pipeline.run([people / "events"], folder / "store", as_of=LAST, settings=keyed)
    return folder / "store"


@pytest.fixture
def store(hidden: Path, people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(VARIABLE, KEY)
    copy = Path(shutil.copytree(hidden, tmp_path / "store"))
    publish(copy, str(tmp_path / "shared"), settings=SMALL)
    audience(copy, asked_for("all", tmp_path / "sent.csv", people), settings=SMALL)
    return copy


def asked_for(campaign: str, out: Path, people: Path) -> Asked:
    """An audience of everybody, with half of them held back."""
    ids = out.with_name("ids.csv")
    ids.write_text("user_id\n" + "\n".join(everyone(people)))
    return Asked(campaign, out, share=Fraction(1, 2), joined=Joined(ids))


def everyone(people: Path) -> list[str]:
    """The ids of all customers, refused rows' too, and one whom nobody has seen."""
    plain = people / "store"
    there = {str(row[0]) for row in visits(plain, "user_id")}
    files = sorted((plain / "rejects").rglob("*.parquet"))
    there |= {str(row[0]) for row in rows(files, "user_id") if row[0] is not None}
    return sorted(there | {"1", "2"})


def of_run(store: Path, name: str) -> list[tuple[Any, ...]]:
    """The rows of a table; numbers to twelve digits, since the order of customers is that of their pseudonyms."""
    found = rows([store / "runs" / str(LAST) / f"{name}.parquet"], "*")
    return [tuple(float(f"{one:.12g}") if isinstance(one, float) else one for one in row) for row in found]


def test_the_store_is_what_it_would_be_under_the_new_key(
    people: Path, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = everyone(people)
    somebody, _ = busiest(people / "events")
    rights.object_(store, ["1"], settings=SMALL)
    rights.erase(store, ["2"], settings=SMALL)
    members = rows(sorted(store.glob("audiences/*/*/members.parquet")), '"group", line')
    old = [OLD.digest(one) for one in ids]
    assert len(traces(store, old)) > 5
    assert traces(tmp_path / "shared", old) != {}
    told = rekeying.rekey(store, ids, NEW, settings=SMALL)
    assert told["people"] >= len(ids) - 2
    assert (told["dropped"], told["audiences"], told["left as they are"]) == (0, 1, [])
    assert len(told["published again"]) == 1
    for place in (store, tmp_path / "shared"):
        assert traces(place, old) == {}
        assert traces(place, [NEW.digest(str(somebody))]) != {}
    assert [*objections(store)] == [NEW.digest("1")]
    book = erased.read_book(store)
    assert book is not None
    mark = erased.key_of(store, SMALL.privacy, book).digest
    assert {one.mark for one in book.entries} == {mark("2"), mark(OLD.digest("2")), mark(NEW.digest("2"))}
    assert rows(sorted(store.glob("audiences/*/*/members.parquet")), '"group", line') == members

    monkeypatch.setenv(VARIABLE, OTHER_KEY)
    fresh = tmp_path / "fresh"
    pipeline.run([people / "events"], fresh, as_of=LAST, settings=ASKED)
    assert visits(store, f"user_id, {TOLD}") == visits(fresh, f"user_id, {TOLD}")
    assert len({row[0] for row in visits(store, "session_key")}) == len(
        {row[0] for row in visits(fresh, "session_key")}
    )
    assert rejects(store) == rejects(fresh)
    for name in ("customers", "segments", "movements", "sample"):
        assert of_run(store, name) == of_run(fresh, name)
    by_bucket = [{(one.month, one.bucket) for one in Store.open(place, SMALL).visits()} for place in (store, fresh)]
    assert by_bucket[0] == by_bucket[1]
    assert pipeline.doctor(store).problems == ()
    # And it goes on as such: customers are found, refused rows too, new files come in, an erasure takes all.
    assert pipeline.customer(store, somebody, settings=SMALL) is not None
    found = rights.export(store, str(somebody), settings=SMALL)
    assert len(found["refused"]) >= 2
    more = write_csv(tmp_path / "more.csv", [line(user_id=str(somebody))])
    assert not pipeline.run([more], store, as_of=LAST, settings=SMALL).unchanged
    rights.erase(store, [str(somebody)], settings=SMALL)
    assert traces(store, [NEW.digest(str(somebody))]) == {}


@pytest.mark.parametrize("step", STEPS)
def test_what_was_interrupted_is_refused_until_the_same_command_has_ended(
    step: str, people: Path, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids, done = everyone(people), getattr(rekeying, step)

    def interrupted(*given: Any, **named: Any) -> None:
        done(*given, **named)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(rekeying, step, interrupted)
        with pytest.raises(KeyboardInterrupt):
            rekeying.rekey(store, ids, NEW, settings=SMALL)
    for ask in (
        lambda: rights.export(store, ids[0], settings=SMALL),
        lambda: pipeline.fit(store, as_of=LAST, settings=SMALL),
        lambda: rekeying.rekey(
            store, ids, Secret(b"a third key of the tests, which nobody began with"), settings=SMALL
        ),
    ):
        with pytest.raises(BestiaryError, match=r"interrupted|another new key"):
            ask()
    rekeying.rekey(store, ids, NEW, settings=SMALL)
    old = [OLD.digest(one) for one in ids]
    assert traces(store, old) == traces(tmp_path / "shared", old) == {}
    assert {row[0] for row in visits(store, "user_id")} <= {NEW.digest(one) for one in ids}
    monkeypatch.setenv(VARIABLE, OTHER_KEY)
    assert pipeline.doctor(store).problems == ()
    assert [one["action"] for one in rights.all_receipts(store)] == ["rekey begun", "rekey begun", "rekey"]


def test_who_is_not_listed_is_told_and_leaves_only_when_that_is_said(people: Path, store: Path) -> None:
    ids, before = everyone(people), visits(store, f"user_id, {TOLD}")
    listed, rest = ids[::2], ids[1::2]
    with pytest.raises(BestiaryError, match=r"of the store's .* customers are not among"):
        rekeying.rekey(store, listed, NEW, settings=SMALL)
    assert visits(store, f"user_id, {TOLD}") == before
    assert rights.all_receipts(store) == []
    told = rekeying.rekey(store, listed, NEW, drop_unlisted=True, settings=SMALL)
    assert 0 < told["dropped"] <= len(rest)
    assert told["removed"]["audiences"] > 0
    assert traces(store, [key.digest(one) for one in rest for key in (OLD, NEW)]) == {}
    assert pipeline.doctor(store).problems == ()
    there = {row[0] for row in visits(store, "user_id")}
    assert there == {NEW.digest(one) for one in listed} & there != set()


def test_a_campaign_is_not_drawn_again_by_other_pseudonyms(
    people: Path, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rekeying.rekey(store, everyone(people), NEW, settings=SMALL)
    monkeypatch.setenv(VARIABLE, OTHER_KEY)
    with pytest.raises(BestiaryError, match="were drawn by pseudonyms"):
        audience(store, asked_for("all", tmp_path / "again.csv", people), settings=SMALL)
    audience(store, asked_for("new", tmp_path / "new.csv", people), settings=SMALL)


def test_keys_that_are_none_of_the_store_change_nothing(
    people: Path, store: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ids = everyone(people)
    with pytest.raises(BestiaryError, match="new key already"):
        rekeying.rekey(store, ids, OLD, settings=SMALL)
    plain = Path(shutil.copytree(people / "store", tmp_path / "plain"))
    with pytest.raises(BestiaryError, match="no pseudonyms"):
        rekeying.rekey(plain, ids, NEW, settings=SMALL)
    with pytest.raises(BestiaryError, match="No ids"):
        rekeying.rekey(store, [*ids, "x"], NEW, settings=SMALL)
    nowhere = "postgresql://nobody@127.0.0.1:1/shop schema bestiary"
    delivered(store, kind="warehouse", to=nowhere, what="all", as_of=LAST)
    with pytest.raises(BestiaryError, match="cannot be reached"):
        rekeying.rekey(store, ids, NEW, settings=SMALL)
    monkeypatch.setenv(VARIABLE, OTHER_KEY)
    with pytest.raises(BestiaryError, match="not the one of the pseudonyms"):
        rekeying.rekey(store, ids, NEW, settings=SMALL)
    assert rights.all_receipts(store) == []


def test_the_command_brings_a_store_over_and_says_so(people: Path, store: Path, tmp_path: Path) -> None:
    (tmp_path / "ids.txt").write_text("\n".join(everyone(people)))
    (tmp_path / "new").write_text(f"{OTHER_KEY}\n")
    given = ("subject", "rekey", "--store", str(store), "--ids", str(tmp_path / "ids.txt"))
    done = bestiary(*given, "--new-key", str(tmp_path / "none"))
    assert done.returncode == 1
    assert "cannot be read" in done.stderr
    done = bestiary(*given, "--new-key", str(tmp_path / "new"))
    assert done.returncode == 0, done.stderr
    assert "published again: " in done.stderr + done.stdout
    again = bestiary(*given, "--new-key", str(tmp_path / "new"))
    assert again.returncode == 1
    assert "not the one of the pseudonyms" in again.stderr
