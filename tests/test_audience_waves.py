"""What a store remembers of its audiences: the plan is told first, who is in which group stays, and once is enough."""

from pathlib import Path
from typing import Any

import pytest

from audience_shop import QUARTER, TENTH, everyone, made, members, wave_of
from bestiary.audience import audience
from bestiary.errors import ConfigError
from bestiary.lake.recipients import recipients
from bestiary.publish.audience_asked import Asked
from bestiary.publish.audience_kept import campaigns, waves
from bestiary.publish.power_plan import Plan
from dashboard_shop import SMALL, copy
from months import APRIL, MAY
from shop import tree


@pytest.fixture
def shop(store: Path, tmp_path: Path) -> Path:
    """A store of one's own."""
    return copy(store, tmp_path)


def test_a_dry_run_tells_the_plan_and_writes_nothing(shop: Path, tmp_path: Path) -> None:
    told: list[Plan] = []
    before = tree(shop)
    asked = Asked("c", tmp_path / "a.csv", share=QUARTER)
    found = audience(shop, asked, dry_run=True, settings=SMALL, told=told.append)
    assert found.wave is None
    assert told == [found.plan]
    assert sum(found.plan.members.values()) == found.plan.selected == len(everyone(shop))
    assert tree(shop) == before
    assert not list(tmp_path.glob("*.csv"))


def test_the_plan_is_told_before_anything_is_written(shop: Path, tmp_path: Path) -> None:
    before = tree(shop)

    def told(plan: object) -> None:
        assert tree(shop) == before
        assert not list(tmp_path.glob("*a.*"))
        raise KeyboardInterrupt  # the marketer has seen enough

    with pytest.raises(KeyboardInterrupt):
        audience(shop, Asked("c", tmp_path / "a.csv", share=QUARTER), settings=SMALL, told=told)
    assert tree(shop) == before
    assert not list(tmp_path.glob("*a.*"))


def test_nobody_selected_writes_nothing(shop: Path, tmp_path: Path) -> None:
    found = made(shop, tmp_path / "a.csv", where="number_of_events_7m < 0")
    assert (found.wave, found.plan.selected) == (None, 0)
    assert campaigns(shop) == []
    assert recipients(shop) == ()


def test_the_same_again_changes_nothing(shop: Path, tmp_path: Path) -> None:
    first = wave_of(shop, tmp_path / "a.csv", where="number_of_events_7m > 3")
    files, kept = tree(tmp_path), tree(shop / "audiences")
    again = made(shop, tmp_path / "a.csv", where="number_of_events_7m > 3")
    assert again.again
    assert again.wave == first
    assert {name: one for name, one in tree(tmp_path).items() if "recipients" not in name} == {
        name: one for name, one in files.items() if "recipients" not in name
    }
    assert tree(shop / "audiences") == kept


def test_the_same_people_may_be_written_in_another_format(shop: Path, tmp_path: Path) -> None:
    wave_of(shop, tmp_path / "a.csv")
    wave = wave_of(shop, tmp_path / "b.csv", format="ids")
    assert [(file.path.name, file.format) for file in wave.files] == [
        ("a.csv", "csv"),
        ("a.holdout.csv", "csv"),
        ("b.csv", "ids"),
        ("b.holdout.csv", "ids"),
    ]
    assert waves(shop, "c") == [wave]


def test_another_audience_of_the_same_campaign_and_date_is_refused(shop: Path, tmp_path: Path) -> None:
    wave_of(shop, tmp_path / "a.csv", where="number_of_events_7m > 3")
    before, files = tree(shop), tree(tmp_path)
    different: list[dict[str, Any]] = [
        {"where": "number_of_events_7m > 4"},
        {"where": "number_of_events_7m >= 4"},
        {"days": 31},
    ]
    for asked in different:
        with pytest.raises(ConfigError, match="another audience as of 2020-05-01"):
            made(shop, tmp_path / "a.csv", **{"where": "number_of_events_7m > 3", **asked})
    with pytest.raises(ConfigError, match=r"holds back 0\.25 of all"):
        made(shop, tmp_path / "a.csv", where="number_of_events_7m > 3", share=TENTH)
    assert (tree(shop), tree(tmp_path)) == (before, files)
    tried = Asked("c", tmp_path / "a.csv", share=TENTH)
    assert audience(shop, tried, dry_run=True, settings=SMALL).plan.share == 0.1  # to try another is allowed


def test_a_later_wave_keeps_everybody_in_their_group(shop: Path, tmp_path: Path) -> None:
    first = wave_of(shop, tmp_path / "a.csv", as_of=APRIL)
    second = wave_of(shop, tmp_path / "b.csv", as_of=MAY)
    assert [wave.as_of for wave in waves(shop, "c")] == [APRIL, MAY]
    one, other = ({user: group for user, group, _ in members(shop, wave)} for wave in (first, second))
    both = one.keys() & other.keys()
    assert len(both) > 100
    assert all(one[user] == other[user] for user in both)
    assert {one[user] for user in both} == {"target", "holdout"}


def test_where_data_went_is_in_the_book_before_they_go(shop: Path, tmp_path: Path) -> None:
    wave_of(shop, tmp_path / "a.csv", columns=("persona",), as_of=APRIL)
    wave_of(shop, tmp_path / "a.csv", columns=("persona",), as_of=MAY)
    (one,) = recipients(shop)
    assert (one.kind, one.to, one.what) == ("audience", str(tmp_path / "a.csv"), "csv: user_id, persona")
    assert one.runs == ("2020-04-01", "2020-05-01")
    (tmp_path / "full").touch()
    with pytest.raises(OSError):  # noqa: PT011 - a file where a folder should be
        made(shop, tmp_path / "full" / "a.csv", "other")
    assert [one.to for one in recipients(shop)][1:] == [str(tmp_path / "full" / "a.csv")]
    assert campaigns(shop) == ["c"]
