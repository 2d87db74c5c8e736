"""The contract's names, which both the kernel that reads events and the lake that keeps their figures need."""

from typing import Literal, get_args

COLUMNS = (
    "event_time",
    "event_type",
    "product_id",
    "category_id",
    "category_code",
    "brand",
    "price",
    "user_id",
    "user_session",
)
EventType = Literal["view", "cart", "remove_from_cart", "purchase", "refund"]
EVENT_TYPES: tuple[EventType, ...] = get_args(EventType)
COUNTS = ("read", "kept", "duplicates", "rejected", "erased", "excluded")
"""Of each source: `read` is the sum of the others. `erased` rows are of people who had themselves erased, `excluded`
ones of categories that the shop does not want to know of."""
