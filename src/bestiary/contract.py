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
