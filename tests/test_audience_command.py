"""The commands `audience` and `lift` as a marketer runs them, and the same figures asked for another way."""

import json
from pathlib import Path

import duckdb
import pytest

from audience_shop import QUARTER, held, ids, made, table, wave_of
from bestiary.lift import lift
from bestiary.publish.audience_asked import Money
from bestiary.publish.holdout import is_held_back
from bestiary.publish.power import Test
from command import bestiary, done, events_of, failed
from dashboard_shop import SMALL, copy
from months import APRIL, MARCH, MAY
from shop import tree


@pytest.fixture(scope="module")
def shop(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of this module's own."""
    return copy(store, tmp_path_factory.mktemp("audiences"))


def test_an_audience_and_what_came_of_it(shop: Path, tmp_path: Path) -> None:
    where = ("--where", "number_of_events_7m > 5")
    money = ("--margin", "30%", "--contact-cost", "50")  # dear enough for the test to see what pays
    out = ("--out", tmp_path / "many.csv", "--holdout", "25%", "--as-of", "2020-04-01")
    dry = done("audience", "--store", shop, *where, *money, *out, "--dry-run")
    assert dry.endswith("Nothing was written.\n")
    assert list(tmp_path.iterdir()) == []
    told = done("audience", "--store", shop, *where, *money, *out)
    assert told.splitlines()[:3] == dry.splitlines()[:3]
    wanted = [user for user, events in table(shop, "2020-04-01", "SELECT user_id, number_of_events_7m") if events > 5]
    back = [user for user in wanted if is_held_back("many", user, QUARTER)]
    assert ids(held(tmp_path / "many.csv")) == [str(user) for user in back]
    words = " ".join(told.split())
    assert f"{len(wanted):,} selected; {len(wanted) - len(back):,} to write to, {len(back):,} held back" in words
    assert "buy within 30 days (so did the" in words
    assert "customers of the same selection as of 2020-03-01" in words
    assert f"With {len(back)} held back nothing below a rise from" in words
    assert f"bestiary lift --store {shop} --campaign many" in told
    asked = ("--store", shop, "--campaign", "many", "--until", "2020-05-01", "--out", tmp_path / "lift.json")
    found = bestiary("lift", *asked).stdout  # few bought, which is a warning
    record = json.loads((tmp_path / "lift.json").read_text())
    assert record["target"]["people"] + record["holdout"]["people"] == len(wanted)
    assert found.split()[0] in ("Whether", "The")
    visits = f"read_parquet('{shop}/visits/**/*.parquet', hive_partitioning = false)"
    for group, users in (("holdout", back), ("target", [user for user in wanted if user not in set(back)])):
        buyers, revenue = duckdb.execute(
            "SELECT count(DISTINCT user_id) FILTER (WHERE purchases > 0), "
            f"coalesce(sum(list_sum([one.price for one in bought])), 0) - sum(refunded) FROM {visits} "
            f"WHERE hour >= '2020-04-01' AND hour < '2020-05-01' AND user_id IN (SELECT unnest({users}))"
        ).fetchall()[0]
        assert (record[group]["buyers"], record[group]["people"]) == (buyers, len(users))
        assert record[group]["revenue"] == pytest.approx(float(revenue or 0))
    assert record["margin"] == 0.3


def test_the_baseline_is_what_the_same_selection_did_before(shop: Path, tmp_path: Path) -> None:
    """Not what these customers did themselves: of those who have not bought for 20 days none has in these days."""
    where = "days_since_last_purchase > 20"
    plan = made(shop, tmp_path / "a.csv", "basis", where=where, days=20, as_of=MAY, money=Money(0.3, 0.05)).plan
    wanted = [
        user
        for user, days in table(shop, "2020-04-01", "SELECT user_id, days_since_last_purchase")
        if days is not None and days > 20
    ]
    visits = f"read_parquet('{shop}/visits/**/*.parquet', hive_partitioning = false)"
    users, spent, squares = duckdb.execute(
        "SELECT count(*), sum(spent), sum(spent * spent) FROM (SELECT user_id, "
        f"sum(list_sum([one.price for one in bought]))::DOUBLE AS spent FROM {visits} WHERE purchases > 0 AND "
        f"hour >= '2020-04-01' AND hour < '2020-04-21' AND user_id IN (SELECT unnest({wanted})) GROUP BY user_id)"
    ).fetchall()[0]
    base = plan.baseline
    assert (base.basis, base.since, base.people) == ("the same selection before", APRIL, len(wanted))
    assert base.rate == pytest.approx(users / len(wanted))
    assert base.rate > 0
    assert base.value == pytest.approx(spent / users)
    variance = (squares - spent**2 / len(wanted)) / (len(wanted) - 1)
    assert base.spread == pytest.approx(variance**0.5, rel=1e-6)
    assert plan.smallest == Test(plan.members["target"], plan.members["holdout"], base.rate).smallest()
    first = made(shop, tmp_path / "b.csv", "first", where=where, days=20, as_of=MARCH).plan.baseline
    assert (first.basis, first.rate) == ("these customers before", 0.0)
    longer = made(shop, tmp_path / "d.csv", "longer", where=where, days=31, as_of=MAY).plan.baseline
    assert (longer.basis, longer.since) == ("the same selection before", MARCH)  # April's 31 days are not over
    given = made(shop, tmp_path / "c.csv", "given", where=where, days=20, as_of=MAY, baseline=0.07).plan.baseline
    assert (given.basis, given.rate, given.value) == ("given", 0.07, None)


def test_without_an_earlier_run_the_warning_says_so(shop: Path, tmp_path: Path) -> None:
    out = ("--out", tmp_path / "a.csv", "--campaign", "early", "--as-of", "2020-03-01")
    process = bestiary("audience", "--store", shop, *out)
    assert process.returncode == 0
    assert "Warning: No earlier run has this selection" in process.stderr
    assert "--margin and --contact-cost tell" in " ".join(process.stdout.split())
    process = bestiary("audience", "--store", shop, *out, "--holdout", "0", "--campaign", "nobody")
    assert "Nobody is held back: nothing can be learned" in process.stdout
    assert "bestiary lift" not in process.stdout


def test_a_test_that_cannot_see_what_would_pay_warns(shop: Path, tmp_path: Path) -> None:
    asked = ("--out", tmp_path / "a.csv", "--campaign", "blind", "--dry-run", "--baseline", "10%", "--value", "40")
    blind = bestiary("audience", "--store", shop, *asked, "--margin", "30%", "--contact-cost", "0.05")
    assert "Warning: The campaign can pay and the test not see it." in blind.stderr
    assert "It pays from a rise of 0.42 points on, to 10.4%" in " ".join(blind.stdout.split())
    assert "one more buyer for every 240 written to" in " ".join(blind.stdout.split())
    never = bestiary("audience", "--store", shop, *asked, "--margin", "1%", "--contact-cost", "5")
    assert "It cannot pay: 5.00 USD a contact against 1% of the 40.00 USD" in " ".join(never.stdout.split())
    none = bestiary("audience", "--store", shop, *asked, "--margin", "0", "--contact-cost", "0.05")
    assert "It cannot pay" in none.stdout
    free = bestiary("audience", "--store", shop, *asked, "--margin", "30%", "--contact-cost", "0")
    assert "It pays with any rise" in free.stdout


def test_a_log_holds_the_plan_the_files_and_the_lift(shop: Path, tmp_path: Path) -> None:
    out = ("--out", tmp_path / "log.csv", "--as-of", "2020-04-01", "--log-format", "json", "--quiet")
    process = bestiary("audience", "--store", shop, *out)
    assert (process.returncode, process.stdout) == (0, "")
    plan, files = events_of(process.stderr, "result")
    assert (plan["step"], plan["campaign"], plan["held_back"]) == ("plan", "log", 0.1)
    assert [file["group"] for file in files["files"]] == ["target", "holdout"]
    process = bestiary("lift", "--store", shop, "--campaign", "log", "--log-format", "json", "--quiet")
    (found,) = events_of(process.stderr, "result")
    assert found["verdict"] in ("did", "harm", "cannot be told")
    assert found["told"].endswith(").")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--where", "dais > 1"), "Error: The filter names 'dais', which is no column"),
        (("--where", "1 = 1 -- x"), "Error: The filter holds a comment."),
        (("--segment", "lionn"), "Error: The run as of 2020-05-01 has no segment 'lionn' (did you mean 'lion'?)"),
        (("--holdout", "95%"), "Error: '95%' is not a share to hold back."),
        (("--holdout", "ten"), "Error: 'ten' is not a share to hold back."),
        (("--margin", "300%"), "Error: '300%' is not a margin."),
        (("--baseline", "x"), "Error: 'x' is not a share of buyers."),
        (("--format", "gogle"), "Error: There is no format 'gogle' (did you mean 'google'?)."),
        (("--campaign", "../x"), "Error: '../x' cannot be a campaign's name."),
        (("--join", "nothing.csv"), "Error: There is no file nothing.csv."),
        (("--format", "meta"), "Error: The format meta needs addresses"),
    ],
)
def test_what_cannot_be_done_is_an_error_of_ours(
    shop: Path, tmp_path: Path, options: tuple[str, ...], told: str
) -> None:
    before = tree(shop)
    assert failed("audience", "--store", shop, "--out", tmp_path / "a.csv", *options).startswith(told)
    assert tree(shop) == before
    assert list(tmp_path.iterdir()) == []


def test_a_campaign_that_is_not_known_is_an_error(shop: Path, tmp_path: Path) -> None:
    wave_of(shop, tmp_path / "known.csv", "known")
    assert "did you mean 'known'" in failed("lift", "--store", shop, "--campaign", "nown")
    assert "No day can be counted" in failed("lift", "--store", shop, "--campaign", "known")
    assert "is not a store" in failed("lift", "--store", tmp_path, "--campaign", "known")


def test_lift_writes_nothing(shop: Path, tmp_path: Path) -> None:
    wave_of(shop, tmp_path / "a.csv", "still", as_of=APRIL)
    before = tree(shop)
    lift(shop, "still", settings=SMALL)
    assert tree(shop) == before
