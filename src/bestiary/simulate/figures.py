"""The few numbers that shape a simulated shop.

Source: published aggregate statistics of the REES46 multi-category store, October 2019 to April 2020
(411,709,736 events of 15,639,803 users in 89,693,595 sessions).
"""

from dataclasses import dataclass
from datetime import date

EVENTS_PER_SESSION = 411_709_736 / 89_693_595
SESSIONS_THAT_BUY = 5_449_934 / 89_693_595
PURCHASES_PER_BUYING_SESSION = 6_848_824 / 5_449_934
PURCHASES_AFTER_A_CART = 0.64
"""Share of purchases whose previous event of the session is a cart (October and November)."""
ZERO_PRICES = 583_466 / 288_779_227
SHARED_SESSIONS = 591 / 13_776_050
NULL_SESSIONS = 1 / 50_000
"""More than published (66 rows in 288 million), so that a small file shows the case."""


@dataclass(frozen=True)
class Month:
    """A published month: events, and shares of them; `arrivals` are new users per event."""

    events: int
    arrivals: float
    duplicates: float
    carts: float
    purchases: float


MONTHS = (
    Month(42_448_764, 0.0712, 30_220 / 42_448_764, 0.02183, 0.01750),
    Month(67_501_979, 0.0340, 100_519 / 67_501_979, 0.04487, 0.01358),
    Month(67_542_878, 0.0376, 112_119 / 67_542_878, 0.05026, 0.01720),
    Month(55_967_041, 0.0383, 137_596 / 55_967_041, 0.04966, 0.01829),
    Month(55_318_565, 0.0332, 703_916 / 55_318_565, 0.04966, 0.01829),
    Month(56_341_241, 0.0309, 165_912 / 56_341_241, 0.05074, 0.01620),
    Month(66_589_268, 0.0309, 134_140 / 66_589_268, 0.05074, 0.01620),
)
"""October to April. New users of March and April: the published total less the five known months."""

SESSION_SIZES = (
    (1, 0.5944),
    (2, 0.4440),
    (3, 0.3490),
    (4, 0.2790),
    (5, 0.2275),
    (10, 0.1020),
    (20, 0.0322),
    (50, 0.00363),
    (500, 4.2e-6),
    (2000, 1e-8),
)
"""(events, share of sessions with more events than that)."""

BUYING_BY_SIZE = ((1, 0.0015), (5, 0.0765), (10, 0.1418), (10**9, 0.1400))
"""(up to so many events, share of such sessions with a purchase)."""

DURATIONS = (
    (0.0, 1.0),
    (0.1, 30.0),
    (0.2, 56.0),
    (0.3, 87.0),
    (0.4, 127.0),
    (0.5, 181.0),
    (0.6, 257.0),
    (0.7, 370.0),
    (0.8, 567.0),
    (0.9, 1_033.0),
    (0.95, 1_789.0),
    (0.99, 6_690.0),
    (0.999, 389_555.0),
    (1.0, 2_640_529.0),
)
"""Quantiles of the seconds between the first and the last event of a session of at least two events."""

HOURS = (
    755_539, 1_402_424, 2_745_296, 3_949_563, 4_982_552, 5_569_872, 5_823_993, 5_920_460,
    6_079_148, 6_005_441, 5_924_965, 5_776_755, 5_726_176, 6_263_336, 7_013_663, 7_431_991,
    7_565_811, 7_149_551, 5_391_767, 3_716_881, 2_175_813, 1_263_940, 753_640, 562_166,
)  # fmt: skip
"""Events by hour of the day, UTC."""

BUYING_HOURS = (
    5_771, 9_741, 25_124, 55_970, 85_235, 101_432, 109_432, 112_111,
    120_458, 126_617, 120_946, 111_582, 103_145, 98_809, 96_837, 90_231,
    81_993, 76_215, 47_967, 33_811, 20_045, 12_597, 8_126, 5_593,
)  # fmt: skip
"""Purchases by hour of the day, UTC."""

WEEKDAYS = (1.000, 1.008, 0.995, 0.940, 1.028, 1.008, 1.022)
"""Events by weekday relative to Monday's, Monday first."""

SPECIAL_DAYS = {
    date(2019, 11, 14): (1.75, 0.55),
    date(2019, 11, 15): (3.55, 0.0),
    date(2019, 11, 16): (3.70, 0.80),
    date(2019, 11, 17): (3.65, 2.2),
    date(2020, 2, 27): (0.1, 1.0),
}
"""Days when the shop's log was odd: (events, purchases per event) relative to a usual day."""
