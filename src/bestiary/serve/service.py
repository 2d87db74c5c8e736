"""What answers: a model that may be replaced, and where there is a store, its customers."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from fastapi import Request
from pydantic_core import to_json
from starlette.responses import Response

from bestiary.config import Language
from bestiary.errors import BestiaryError
from bestiary.serve.answers import Record, language
from bestiary.serve.limits import Limits
from bestiary.serve.metrics import Metrics
from bestiary.serve.problems import Problem
from bestiary.serve.serving import Serving
from bestiary.serve.watched import Watched

Note = Callable[..., object]
"""Writes a line of the log: an event, and what there is to say of it."""
Find = Callable[[str, Language], Record | None]


def json(content: Any) -> Response:
    """An answer; what is not a number is null."""
    return Response(to_json(content, inf_nan_mode="null"), media_type="application/json")


class Service:
    """Answers requests for the model that it has now; `find` looks customers up in a store."""

    def __init__(
        self, model: Watched[Serving], metrics: Metrics, note: Note, find: Find | None, limits: Limits
    ) -> None:
        self.model, self.metrics, self.note, self.find, self.limits = model, metrics, note, find, limits
        self._turn = asyncio.Semaphore(1)

    async def score(self, request: Request) -> Response:
        """POST /v1/score. A model that is replaced meanwhile finishes what it began."""
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise Problem(415, "The body is JSON: Content-Type: application/json")
        said = language(request.headers.get("accept-language", ""))
        body = await request.body()
        if len(body) <= self.limits.large:
            content, customers = self._scored(body, said)
        else:
            content, customers = await self._in_turn(body, said)
        request.state.customers = customers
        return Response(content, media_type="application/json", headers={"Content-Language": said})

    async def _in_turn(self, body: bytes, said: Language) -> tuple[bytes, int]:
        try:
            async with asyncio.timeout(self.limits.turn_seconds):
                await self._turn.acquire()
        except TimeoutError:
            raise Problem(503, "Too many large requests at once.", headers={"Retry-After": "1"}) from None
        try:
            return await asyncio.to_thread(self._scored, body, said)
        finally:
            self._turn.release()

    def _scored(self, body: bytes, said: Language) -> tuple[bytes, int]:
        serving = self.model.value
        asked = serving.reader.read(body, datetime.now(UTC))
        scores = serving.scorer.score(asked.rows, asked.population)
        self.metrics.scored(scores)
        head = to_json({"model": serving.version, "as_of": asked.as_of})[:-1]
        return head + b',"customers":' + serving.answers.json(asked.ids, scores, said) + b"}", len(asked.ids)

    async def customer(self, request: Request, user_id: str) -> Response:
        """GET /v1/customers/{id}, of the store's latest run."""
        if self.find is None:
            raise Problem(404, "This service has no store; score the customer's features or events instead.")
        said = language(request.headers.get("accept-language", ""))
        try:
            found = await asyncio.to_thread(self.find, user_id, said)
        except BestiaryError as error:
            self.note("store_unreadable", always=True, kind=type(error).__name__)
            raise Problem(503, "The store cannot be read now.", headers={"Retry-After": "5"}) from None
        if found is None:
            raise Problem(404, "There is no such customer in the latest run.")
        request.state.customers = 1
        return json(found)

    def ready(self) -> Record:
        """Whether it answers, by which model, and why a newer one was refused."""
        return {"ready": True, "model": self.model.value.version, "refused": self.model.refused}
