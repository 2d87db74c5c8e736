"""One event of a customer as JSON, by the contract's rules: what events/judged.sql takes is taken, and nothing else.

The fields are the contract's nine columns; only three must be there, because a customer's own events need no
`user_id`. Each field has one error, which says what is allowed. JSON schema cannot say two things that are checked
here: that 1.0 is no id, and that times are from 1990 on in the shop's wall time and not only in their own.
"""

import re
from typing import Annotated, Any, NotRequired
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, ConfigDict, Field, GetCoreSchemaHandler, ValidationInfo, with_config
from pydantic_core import core_schema
from typing_extensions import TypedDict

from bestiary.contract import EventType
from bestiary.serve.moments import DAY, EARLIEST, instant, wall_time

_DAYS = (
    r"(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])",
    r"(?:0[13-9]|1[0-2])-(?:29|30)",
    r"(?:0[13578]|1[02])-31",
)


def dates(last: int) -> str:
    """The dates from 1990 to the end of the millennium that begins with this digit, 8 or 9, as a regular expression."""
    century, odd = f"[2-{last}][0-9]", "3579" if last == 9 else "357"
    fourth = rf"{century}(?:0[48]|[2468][048]|[13579][26])|(?:2[048]|[{odd}][26]|[468][048])00"
    return rf"(?:(?:199[0-9]|{century}[0-9]{{2}})-(?:{'|'.join(_DAYS)})|(?:199[26]|{fourth})-02-29)"


_SECONDS = r"(?::[0-5][0-9](?:\.[0-9]+)?)?"
_CLOCK = rf"(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]{_SECONDS}|24:00(?::00(?:\.(?:0{{1,5}}|0{{6}}[0-9]*))?)?)"
_OFFSET = r"(?:Z| UTC| GMT| ?[+-](?:0[0-9]|1[0-4])(?::?[0-5][0-9])?)?"
TIME_PATTERN = rf"^{dates(9)}(?:[ T]{_CLOCK}{_OFFSET})?$"
"""The texts of `moments.instant` from 1990 on, as a regular expression that every engine reads alike."""

CUT_SHORT = r"-?[0-9](\.[0-9]+)?[eE]\+[0-9]+"
"""What a spreadsheet leaves of a long id, such as 2.10381E+18: nobody's id."""


class Allowed:
    """Says of a field, whatever is wrong with it, what is allowed: one error a field, of a kind of its own."""

    def __init__(self, kind: str, words: str) -> None:
        self.kind, self.words = kind, words

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        """Wrap the field's own schema."""
        return core_schema.custom_error_schema(handler(source), self.kind, custom_error_message=self.words)


def _not_too_early(text: str, info: ValidationInfo) -> str:
    moment = instant(text)
    if moment < EARLIEST + DAY:
        zone = (info.context or {}).get("zone", ZoneInfo("UTC"))
        if moment < EARLIEST - DAY or wall_time(moment, zone) < EARLIEST:
            raise ValueError("too early")
    return text


def _whole(text: str) -> str:
    if re.fullmatch(CUT_SHORT, text):
        raise ValueError("cut short")
    return text


_Number = Annotated[int, Field(ge=-(2**63), lt=2**63)]
_Name = Annotated[str, AfterValidator(_whole), Field(json_schema_extra={"not": {"pattern": f"^{CUT_SHORT}$"}})]
_ID = "a whole number of 64 bits, or a text that a spreadsheet has not cut short (such as 2.1E+18)"
EventTime = Annotated[
    str,
    AfterValidator(_not_too_early),
    Allowed(
        "event_time",
        "a time from 1990 on, such as '2019-10-01 00:00:00 UTC' or ISO 8601 with or without an offset",
    ),
    Field(
        description="When it was. Without an offset the time is UTC. From 1990-01-01 on, in the shop's wall time.",
        json_schema_extra={"pattern": TIME_PATTERN},
        examples=["2019-10-01 00:00:00 UTC", "2019-10-01T02:00:00.250+02:00", "2019-10-01"],
    ),
]
Id = Annotated[_Number | Annotated[_Name, Field(min_length=1)], Allowed("id", _ID.replace("text", "text, not empty,"))]
OptionalId = Annotated[_Number | _Name | None, Allowed("optional_id", f"{_ID}, or null")]
OptionalText = Annotated[str | None, Allowed("optional_text", "a text, or null")]
Price = Annotated[
    Annotated[float, Field(ge=0, lt=1e12, allow_inf_nan=False)] | None,
    Allowed("price", "a number from 0 to below 1e12, or null"),
]


@with_config(ConfigDict(extra="forbid", strict=True))
class Event(TypedDict):
    """What a customer did at one moment. Of what may be null, an empty text is null too, and so is a field left out."""

    event_time: EventTime
    event_type: Annotated[EventType, Field(description="A refund's price is what was paid back.")]
    product_id: Annotated[Id, Field(description="The product; 7 and '7' are the same.", examples=[1004856])]
    category_id: NotRequired[Annotated[OptionalId, Field(description="The product's category.", examples=[7])]]
    category_code: NotRequired[
        Annotated[OptionalText, Field(description="The category's name.", examples=["electronics.smartphone"])]
    ]
    brand: NotRequired[Annotated[OptionalText, Field(description="The product's brand.", examples=["samsung"])]]
    price: NotRequired[
        Annotated[
            Price,
            Field(
                description="In the shop's currency. 0 is an unknown price, except on a purchase.", examples=[130.76]
            ),
        ]
    ]
    user_id: NotRequired[Annotated[Id, Field(description="The customer, for all events the same.", examples=[512])]]
    user_session: NotRequired[
        Annotated[
            OptionalText,
            Field(
                description="What the customer's visit is known by. Without one, the hour makes the visit.",
                examples=["3f1b0b3e-93a4-4b25-9d5c-0a1f2f5f7c11"],
            ),
        ]
    ]
