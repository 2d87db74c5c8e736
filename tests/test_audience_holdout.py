"""Who is held back: the same in Python and in SQL, for ever, of the right share, and apart from any other campaign."""

from fractions import Fraction

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from bestiary.errors import ConfigError
from bestiary.publish.holdout import campaign_name, draw, held_back_sql, is_held_back, share_of

TENTH = Fraction(1, 10)
NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True)
IDS = st.integers(-(2**63), 2**63 - 1) | st.text(min_size=1, max_size=12).filter(lambda text: "\0" not in text)
SHARES = st.fractions(0, Fraction(9, 10), max_denominator=1000)


def test_draws_never_change() -> None:
    """Groups of campaigns under way depend on these figures."""
    assert draw("lions", 512000001) == draw("lions", "512000001")
    assert [f"{draw(campaign, user):016x}" for campaign, user in (("lions", 512000001), ("lions", "é"), ("a", 1))] == [
        "285361cb6f86a9b3",
        "0da9b9a03345ccc5",
        "3483a9362a38cc51",
    ]


@settings(deadline=None)
@given(NAMES, st.lists(IDS, min_size=1, max_size=8, unique=True), SHARES)
def test_sql_holds_back_whom_python_does(campaign: str, ids: list[int | str], share: Fraction) -> None:
    with duckdb.connect() as connection:
        for user in ids:
            dtype = "BIGINT" if isinstance(user, int) else "VARCHAR"
            query = f"SELECT {held_back_sql(campaign, share)} FROM (SELECT ?::{dtype} AS user_id)"
            assert connection.execute(query, [user]).fetchone() == (is_held_back(campaign, user, share),)


@given(NAMES, IDS, SHARES, SHARES)
def test_a_larger_share_keeps_those_held_back(campaign: str, user: int | str, one: Fraction, other: Fraction) -> None:
    small, large = sorted((one, other))
    assert is_held_back(campaign, user, small) <= is_held_back(campaign, user, large)
    assert not is_held_back(campaign, user, Fraction(0))


def test_names_and_ids_do_not_run_together() -> None:
    assert draw("a", "1:2") != draw("a:1", "2")
    assert draw("a1", 2) != draw("a", 12)


def test_shares_are_right_and_campaigns_are_drawn_apart() -> None:
    """Over 60 campaigns of 2,000 customers: sizes as of fair draws, and pairs of campaigns independent."""
    with duckdb.connect() as connection:
        drawn = np.array(
            [
                connection.execute(
                    f"SELECT {held_back_sql(f'campaign-{number}', TENTH)} AS held FROM range(2000) AS t(user_id) "
                    "ORDER BY user_id"
                ).fetchnumpy()["held"]
                for number in range(60)
            ]
        )
    sizes = drawn.sum(axis=1)
    spread = ((sizes - 200) ** 2 / (2000 * 0.1 * 0.9)).sum()
    assert chi2.cdf(spread, 60) == pytest.approx(0.5, abs=0.495)
    assert sizes.mean() == pytest.approx(200, abs=4 * (180 / 60) ** 0.5)
    both = drawn.astype(np.int64) @ drawn.T
    pairs = both[np.triu_indices(60, 1)]
    squares = ((pairs - 20) ** 2 / (2000 * 0.01 * 0.99)).sum()
    assert chi2.cdf(squares, len(pairs)) == pytest.approx(0.5, abs=0.495)
    assert pairs.mean() == pytest.approx(20, abs=0.5)


def test_neighbouring_ids_are_drawn_apart() -> None:
    held = np.array([is_held_back("lions", user, Fraction(1, 2)) for user in range(4000)])
    changes = (held[1:] != held[:-1]).sum()
    assert changes == pytest.approx(2000, abs=4 * 1000**0.5)


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("10%", TENTH),
        ("0.1", TENTH),
        (" 10 % ", TENTH),
        (".1", TENTH),
        ("0", Fraction(0)),
        ("33.3%", Fraction(333, 1000)),
    ],
)
def test_a_share_is_read_exactly(text: str, share: Fraction) -> None:
    assert share_of(text, "a share") == share


@pytest.mark.parametrize("text", ["", "ten", "-1%", "101%", "10", "1.5", "nan", "1e-1", "٣%", "10%%", "0x1"])
def test_what_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="is not a share to hold back"):
        share_of(text, "a share to hold back")


def test_more_than_the_most_is_refused() -> None:
    with pytest.raises(ConfigError, match="90%"):
        share_of("95%", "a share to hold back", Fraction(9, 10))


@pytest.mark.parametrize("text", ["", ".", "..", "a/b", "../a", "a b", ".hidden", "a.", "é", "a" * 65, "-a", "a\n"])
def test_what_is_no_campaigns_name_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="cannot be a campaign's name"):
        campaign_name(text)


def test_names_of_files_are_names_of_campaigns() -> None:
    assert [campaign_name(text) for text in ("lions", "2020-05.lions_v2", "A" * 64)] == [
        "lions",
        "2020-05.lions_v2",
        "A" * 64,
    ]
