"""What must hold on two real shops for the candidate that is chosen: through the whole choice, at most 8 segments.

CDNOW's sample and UCI Online Retail. Each figure is of halves that were not learned from, its interval paired.
"""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from bestiary.config import Settings
from bestiary.segments import group
from bestiary.segments.frame import Frame
from bestiary.segments.group import Group
from bestiary.segments.presets import recipe
from bestiary.segments.value import Earlier
from bestiary.segments.worth.findings import Comparison
from bestiary.segments.worth.scores import Outcome
from rfm_data import Shop, cdnow, uci

SHOPS = {"cdnow": cdnow, "uci": uci}
SETTINGS = Settings(k_max=8)
COLUMNS = ("days_since_last_purchase", "number_of_purchases_7m", "total_purchase_value", "tenure", "basket", "highest")
MORE = ("latest", "items", "pause", "longest", "frequency_30", "frequency_90", "value_30", "value_90", "refunds")


def framed(shop: Shop) -> Frame:
    rows = np.ascontiguousarray(shop.rfm)
    names = (*COLUMNS, *MORE)
    return Frame(recipe("default", (2, 5, 7)), rows, shop.wide, names, rows[:, 1], rows[:, 1], shop.tenure)


@pytest.fixture(scope="module", params=SHOPS)
def shop(request: pytest.FixtureRequest, shared_data: Path) -> tuple[str, Group]:
    """Customers as of the date, learned, valued on what followed, and one candidate chosen."""
    one = SHOPS[request.param](shared_data)
    frame = framed(one)
    earlier = Earlier(date(2011, 7, 1), date(2011, 12, 10), frame, Outcome(one.revenue, one.bought))
    return request.param, group.learn(frame, SETTINGS, earlier, None, lambda _: None)


@pytest.fixture
def found(shop: tuple[str, Group]) -> Comparison:
    valued = shop[1].valued
    assert valued is not None
    return valued.comparison


def test_the_chosen_are_worth_more_than_the_grid_and_than_frequency(shop: tuple[str, Group], found: Comparison) -> None:
    """Gini and R squared; where the interval holds 0 the sample is too small to say, which is known beforehand.

    Against frequency CDNOW's 2,357 customers are at the edge: by the seed of the halves it is sure in Gini or not.
    """
    name, learned = shop
    chosen = learned.selection.chosen
    assert learned.chosen.k <= 8
    too_small = set()
    for baseline in ("grid", "frequency"):
        for metric in ("gini", "r_squared"):
            one = found.difference(chosen, baseline, metric)
            assert one.figure.value is not None
            assert one.figure.value > 0
            if one.too_small:
                too_small.add((baseline, metric))
    frequency = {("frequency", "gini"), ("frequency", "r_squared")}
    known = {"cdnow": frequency, "uci": {("grid", "r_squared"), ("frequency", "gini")}}
    assert too_small <= known[name]


def test_the_chosen_foretell_who_buys_as_well_as_the_grid(shop: tuple[str, Group], found: Comparison) -> None:
    difference = found.difference(shop[1].selection.chosen, "grid", "average_precision").figure.value
    assert difference is not None
    assert difference >= -0.01


def test_the_expected_value_is_near_the_ceiling_and_above_the_deciles(found: Comparison) -> None:
    of_ceiling = found.scorer("expected").of_ceiling
    assert (of_ceiling["gini"].value or 0) >= 0.97
    assert (of_ceiling["average_precision"].value or 0) >= 0.95
    above = found.difference("expected", "monetary_deciles", "gini", "expected")
    assert (above.figure.value or 0) > 0
    assert not above.too_small


def test_every_baseline_is_shown(found: Comparison) -> None:
    shown = {one.name for one in found.scorers if one.kind == "baseline"}
    assert {"grid", "quintile_cells", "frequency", "monetary_deciles"} <= shown


def test_the_chosen_are_believed_or_said_to_be_cuts(shop: tuple[str, Group]) -> None:
    """On CDNOW eight segments come back; on UCI four would, which are worth less than the grid: more, and said so."""
    name, learned = shop
    assert learned.judgement is not None
    stable, word = learned.chosen.stable, learned.judgement.verdict.word
    assert stable is not None
    assert learned.judgement.verdict.k == learned.chosen.k
    assert (stable.ari >= SETTINGS.choice.ari) == {"cdnow": True, "uci": False}[name]
    assert (word == "constructed") == {"cdnow": False, "uci": True}[name]
    assert learned.chosen.fidelity is not None
    assert learned.chosen.fidelity >= SETTINGS.choice.fidelity
    assert learned.chosen.sizes.min() >= SETTINGS.choice.smallest_share * learned.frame.size


def test_lifts_of_the_same_customers_are_those_that_were_compared(shop: tuple[str, Group], found: Comparison) -> None:
    """Here today's customers are those of then: matched by customers, the best segment by value brings the most."""
    _, learned = shop
    assert learned.lifts is not None
    values = [one.value for one in learned.lifts if one is not None and one.value is not None]
    compared = [one.figure.value for one in found.lifts[learned.selection.chosen] if one.figure.value is not None]
    assert values
    assert set(values) <= set(compared)
    shares = learned.chosen.sizes / learned.frame.size
    if len(values) == len(shares):
        assert float(shares @ np.array(values)) == pytest.approx(1.0, abs=0.15)
