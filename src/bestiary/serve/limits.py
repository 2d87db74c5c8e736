"""How much a request may be, and how long it may take."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """`body` in bytes, `held` those of all bodies together, `drained` what is read and dropped of one that is
    refused.

    `body_seconds` are until a body is there, `turn_seconds` until a large one has its turn: one of more than `large`
    bytes is worked on beside the others, one at a time, so that small ones need not wait.
    """

    body: int = 32_000_000
    held: int = 128_000_000
    drained: int = 128_000_000
    large: int = 65_536
    body_seconds: float = 20.0
    turn_seconds: float = 20.0
