"""What a campaign did, worked by hand: sixteen events, six members, edges, refunds, two waves, and who is gone."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest

import shop
from bestiary.errors import ConfigError, StoreError
from bestiary.files import replacing
from bestiary.lift import lift
from bestiary.publish.audience_asked import GROUPS, Group
from bestiary.publish.audience_kept import MEMBERS, Wave, drop_wave, waves, write_wave
from bestiary.publish.lift import difference, revenue
from bestiary.publish.lift_found import Lift
from bestiary.show_lift import sentence, warnings
from bestiary.sql import connect, quote

BEGAN = date(2020, 3, 1)  # ten days: until 11 March

EVENTS = """\
event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session
2020-02-20 00:00:00 UTC,purchase,1,1,c,b,7,1,a
2020-02-20 23:59:59 UTC,purchase,1,1,c,b,1,2,a
2020-02-19 23:59:59 UTC,purchase,1,1,c,b,500,2,b
2020-02-29 23:59:59 UTC,purchase,1,1,c,b,2,4,a
2020-03-01 00:00:00 UTC,purchase,1,1,c,b,10,1,c
2020-03-01 00:10:00 UTC,purchase,2,1,c,b,5.50,1,c
2020-03-10 23:59:59 UTC,purchase,1,1,c,b,20,1,d
2020-03-11 00:00:00 UTC,purchase,1,1,c,b,1000,1,e
2020-03-05 12:00:00 UTC,view,1,1,c,b,9,2,c
2020-03-06 12:00:00 UTC,purchase,1,1,c,b,,3,a
2020-03-07 12:00:00 UTC,refund,1,1,c,b,3,3,b
2020-03-08 12:00:00 UTC,refund,1,1,c,b,4,4,b
2020-03-09 12:00:00 UTC,purchase,1,1,c,b,30,5,a
2020-03-14 23:00:00 UTC,purchase,1,1,c,b,40,5,b
2020-03-15 00:00:00 UTC,view,1,1,c,b,1,6,a
2020-03-20 10:00:00 UTC,view,1,1,c,b,1,9,a
"""
# 1 spent 35.50 in two sessions from the first midnight until the last second, and 7 in the ten days before. 2 looked,
# and spent 1 before. 3 bought at an unknown price and had 3 paid back. 4 bought nothing, had 4 paid back, and spent 2
# before. 5 bought for 30 within the ten days. 7 is nowhere in the lake.
TARGET, HOLDOUT = (1, 2, 3, 7), (4, 5)


def campaign(
    store: Path,
    groups: Mapping[Group, Sequence[int]],
    as_of: date = BEGAN,
    days: int = 10,
    forgotten: Mapping[Group, int] | None = None,
) -> None:
    """Remember a wave."""
    wave = Wave(
        campaign="c",
        as_of=as_of,
        asked={"share": "1/3"},
        days=days,
        share=1 / 3,
        margin=0.5,
        contact_cost=2.0,
        at="2020-03-01T08:00:00+00:00",
        members={group: len(groups.get(group, ())) for group in GROUPS},
        forgotten=forgotten or dict.fromkeys(GROUPS, 0),
        files=(),
    )
    rows = ", ".join(
        f"({user}, '{group}', {line})" for group in groups for line, user in enumerate(groups[group], start=1)
    )
    with connect() as connection, replacing(wave.folder(store) / MEMBERS) as path:
        connection.execute(
            f'COPY (SELECT * FROM (VALUES {rows}) AS t(user_id, "group", line)) TO {quote(str(path))} (FORMAT parquet)'
        )
    write_wave(store, wave)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    shop.ingest(shop.write_bytes(tmp_path / "events.csv", EVENTS.encode()), tmp_path / "store")
    campaign(tmp_path / "store", {"target": TARGET, "holdout": HOLDOUT})
    return tmp_path / "store"


def figures(found: Lift) -> list[tuple[int, int, int, float, float, int]]:
    """People, buyers, purchases, revenue per person, before, gone; of those written to and those held back."""
    return [
        (one.people, one.buyers, one.purchases, round(one.revenue.mean, 9), round(one.before.mean, 9), one.gone)
        for one in (found.target, found.holdout)
    ]


def test_both_groups_by_hand(store: Path) -> None:
    found = lift(store, "c")
    assert figures(found) == [(3, 2, 3, round(32.5 / 3, 9), round(8 / 3, 9), 1), (2, 1, 1, 13.0, 1.0, 0)]
    window = found.window
    assert (window.since, window.until, window.due, window.waiting) == (BEGAN, date(2020, 3, 11), date(2020, 3, 11), 0)
    assert not window.early
    assert found.buyers == difference(2, 3, 1, 2)
    assert found.revenue == revenue(found.target.revenue, found.holdout.revenue)
    assert found.revenue is not None
    assert found.revenue.value == pytest.approx(32.5 / 3 - 13)
    assert found.more_buyers is not None
    assert found.more_buyers.value == pytest.approx(3 * (2 / 3 - 1 / 2))
    assert found.more_revenue is not None
    assert found.more_revenue.value == pytest.approx(32.5 - 39)
    assert found.profit is not None
    assert found.profit.value == pytest.approx(0.5 * (32.5 - 39) - 2.0 * 3)
    assert found.profit.low == pytest.approx(0.5 * found.more_revenue.low - 6)
    assert found.verdict == "cannot be told"
    assert found.apart == pytest.approx((8 / 3 - 1) / (43 / 3 / 3 + 2 / 2) ** 0.5)  # variances 43/3 (7, 1, 0) and 2


def test_what_was_paid_back_without_a_purchase_counts_against(store: Path) -> None:
    found = lift(store, "c", until=date(2020, 3, 9))
    assert figures(found)[1][:4] == (2, 0, 0, -2.0)
    assert figures(found)[0][:4] == (3, 2, 2, round(12.5 / 3, 9))


def test_other_days_may_be_counted(store: Path) -> None:
    found = lift(store, "c", since=date(2020, 3, 2), until=date(2020, 3, 15))
    assert figures(found) == [
        (3, 2, 3, round((1020 - 3) / 3, 9), round(508 / 3, 9), 1),  # 13 days before the first, too
        (2, 1, 2, (70 - 4) / 2, 1.0, 0),
    ]
    assert (found.window.since, found.window.until) == (date(2020, 3, 2), date(2020, 3, 15))


def test_groups_changed_over_turn_every_sign(store: Path) -> None:
    found = lift(store, "c")
    drop_wave(store, waves(store)[0])
    campaign(store, {"target": HOLDOUT, "holdout": TARGET})
    turned = lift(store, "c")
    for one, other in ((found.buyers, turned.buyers), (found.revenue, turned.revenue)):
        assert one is not None
        assert other is not None
        assert one.value == pytest.approx(-other.value)
    assert found.buyers is not None
    assert turned.buyers is not None
    assert (found.buyers.low, found.buyers.high) == pytest.approx((-turned.buyers.high, -turned.buyers.low))
    assert found.apart == pytest.approx(-turned.apart)
    assert figures(found) == figures(turned)[::-1]


def test_to_look_ahead_of_time_is_said(store: Path, tmp_path: Path) -> None:
    early = lift(store, "c", until=date(2020, 3, 10))
    assert early.window.early
    assert "ahead of time" in warnings(early)[0]
    drop_wave(store, waves(store)[0])
    campaign(store, {"target": TARGET, "holdout": HOLDOUT}, days=30)
    cut = lift(store, "c")
    assert (cut.window.until, cut.window.due) == (date(2020, 3, 21), date(2020, 3, 31))
    assert "until 2020-03-31, and are until 2020-03-21" in warnings(cut)[0]


def test_a_customer_of_two_waves_counts_from_the_first(store: Path) -> None:
    campaign(store, {"target": (1, 6), "holdout": (5, 9)}, as_of=date(2020, 3, 10))
    found = lift(store, "c")
    assert found.waves == (BEGAN, date(2020, 3, 10))
    assert figures(found) == [(4, 2, 3, round(32.5 / 4, 9), 2.0, 1), (3, 1, 1, round(26 / 3, 9), round(2 / 3, 9), 0)]
    assert found.window.due == date(2020, 3, 20)
    later = lift(store, "c", since=date(2020, 3, 11), until=date(2020, 3, 15))
    assert later.target.revenue.mean == pytest.approx(1000 / 4)
    assert later.target.people == 4


def test_who_came_in_after_the_last_event_waits(store: Path) -> None:
    campaign(store, {"target": (6,), "holdout": (9,)}, as_of=date(2020, 3, 21))
    found = lift(store, "c")
    assert found.window.waiting == 2
    assert "2 members came in too late" in " ".join(warnings(found))
    assert figures(found)[0][0] == 3


def test_who_is_gone_is_counted(store: Path) -> None:
    drop_wave(store, waves(store)[0])
    campaign(store, {"target": TARGET, "holdout": HOLDOUT}, forgotten={"target": 4, "holdout": 2})
    assert "not counted: 5 of those written to, 2 of those held back" in " ".join(warnings(lift(store, "c")))


def test_without_data_after_it_or_without_a_campaign_the_error_says_so(store: Path) -> None:
    with pytest.raises(StoreError, match="no campaign 'd'"):
        lift(store, "d")
    with pytest.raises(ConfigError, match="began on 2020-03-01"):
        lift(store, "c", since=BEGAN - timedelta(days=1))
    with pytest.raises(ConfigError, match="no day from 2020-03-05 until 2020-03-05"):
        lift(store, "c", since=date(2020, 3, 5), until=date(2020, 3, 5))
    with pytest.raises(StoreError, match=r"last event is of 2020-03-20"):
        lift(store, "c", since=date(2020, 3, 21), until=date(2020, 4, 1))
    drop_wave(store, waves(store)[0])
    with pytest.raises(StoreError, match="no campaign 'c'"):
        lift(store, "c")


def test_with_nobody_held_back_nothing_can_be_told(store: Path) -> None:
    drop_wave(store, waves(store)[0])
    campaign(store, {"target": TARGET})
    found = lift(store, "c")
    assert (found.buyers, found.revenue, found.profit, found.verdict) == (None, None, None, "cannot be told")
    assert sentence(found) == "What the campaign c did cannot be told: nobody was held back."


def test_margin_and_cost_may_be_others(store: Path) -> None:
    found = lift(store, "c", margin=0.1, contact_cost=0.0)
    assert found.profit is not None
    assert found.profit.value == pytest.approx(-0.65)
