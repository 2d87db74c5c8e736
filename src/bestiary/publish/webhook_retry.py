"""How often and when a request is made again: exponential back-off with full jitter, and what the other side asks for.

Full jitter, that is a wait drawn between 0 and the back-off, keeps many senders from coming back together (M. Brooker
2015, "Exponential Backoff And Jitter", AWS Architecture Blog). A Retry-After is waited for at least, unless it is
longer than we stay.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from bestiary.publish.webhook import Answer

Result = Literal["delivered", "given up", "gone", "no time"]
GONE = 410
"""The status of who wants no more of it (Standard Webhooks)."""


@dataclass
class Patience:
    """What is waited, in seconds: between attempts at one request, and in all before the rest is left for later."""

    attempts: int = 6
    first: float = 1.0
    longest: float = 60.0
    asked: float = 300.0
    in_all: float = 900.0
    sleep: Callable[[float], None] = time.sleep
    drawn: Callable[[float, float], float] = random.uniform
    waited: float = field(default=0.0, init=False)

    def next(self, attempt: int, answer: Answer) -> float | None:
        """How long to wait after a failed attempt, counted from 1; None where there is no other to make."""
        if attempt >= self.attempts or not answer.worth_another:
            return None
        wait = self.drawn(0.0, min(self.longest, self.first * 2 ** (attempt - 1)))
        if answer.wait is None:
            return wait
        return None if answer.wait > self.asked else max(wait, answer.wait)


def deliver(post: Callable[[], Answer], patience: Patience) -> tuple[Result, str]:
    """Make a request until it is delivered, given up or the time is over; and why."""
    attempt = 1
    while True:
        answer = post()
        if answer.delivered:
            return "delivered", answer.why
        if answer.status == GONE:
            return "gone", answer.why
        wait = patience.next(attempt, answer)
        if wait is None:
            return "given up", f"{answer.why}, after {attempt} attempt{'s' * (attempt > 1)}"
        if patience.waited + wait > patience.in_all:
            return "no time", answer.why
        patience.waited += wait
        patience.sleep(wait)
        attempt += 1
