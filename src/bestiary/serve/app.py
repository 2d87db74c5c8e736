"""The application: which address gives which answer."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from functools import lru_cache
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from bestiary.serve import shapes
from bestiary.serve.answers import Record, language, segments
from bestiary.serve.gate import Gate
from bestiary.serve.keys import KeyFile, Keyring
from bestiary.serve.limits import Limits
from bestiary.serve.metrics import MEDIA_TYPE, Metrics
from bestiary.serve.openapi import described
from bestiary.serve.problems import Problem
from bestiary.serve.service import Find, Note, Service, json
from bestiary.serve.serving import Serving
from bestiary.serve.watched import Watched

EVERY = 1.0
"""Seconds between two looks at the files."""


def create_app(
    model: Watched[Serving],
    *,
    metrics: Metrics,
    note: Note,
    keys: Watched[KeyFile] | None = None,
    find: Find | None = None,
    private: bool = True,
    limits: Limits = Limits(),  # noqa: B008 - frozen
) -> Gate:
    """The service as an ASGI application; see `Gate` for `private`, and `find` looks customers up in a store."""
    service = Service(model, metrics, note, find, limits)
    keyring = Keyring(keys.value.keys) if keys else None

    async def look() -> None:
        while True:
            await asyncio.sleep(EVERY)
            with suppress(Exception):  # whatever went wrong, a key that was removed must be refused at the next look
                await asyncio.to_thread(model.look)
            with suppress(Exception):
                if keys and keyring:
                    await asyncio.to_thread(keys.look)
                    keyring.take(keys.value.keys)

    def mistaken(context: Mapping[str, Any]) -> None:  # else the loop writes a traceback
        note("mistake", always=True, kind=type(context.get("exception")).__name__)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: mistaken(context))
        looking = asyncio.create_task(look())
        yield
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking

    app = FastAPI(
        title="Bestiary", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan, redirect_slashes=False
    )
    _routes(app, service)
    _errors(app)
    return Gate(app, metrics, note, keyring, private, limits)


def _routes(app: FastAPI, service: Service) -> None:
    model = service.model

    @lru_cache(maxsize=1)
    def document(serving: Serving) -> Record:
        return described(app, serving)

    @app.get("/healthz", response_model=shapes.Health, summary="Whether the process lives")
    async def healthz() -> Response:
        return json({"alive": True})

    @app.get("/readyz", response_model=shapes.Ready, summary="Whether it answers, and by which model")
    async def readyz() -> Response:
        return json(service.ready())

    app.post("/v1/score", response_model=shapes.Scored, summary="Which segment customers are in, and why")(
        service.score
    )

    @app.get("/v1/segments", response_model=shapes.Segments, summary="What there is to be in")
    async def all_segments(request: Request) -> Response:
        said = language(request.headers.get("accept-language", ""))
        serving = model.value
        return json({"model": serving.version, "segments": segments(serving.model, said)})

    @app.get("/v1/model", response_model=shapes.ModelAnswer, summary="The model that answers")
    async def the_model() -> Response:
        return json(model.value.record() | {"refused": model.refused})

    app.get("/v1/customers/{user_id:path}", response_model=shapes.Stored, summary="A customer of the store")(
        service.customer
    )

    @app.get("/metrics", summary="Figures for Prometheus", response_class=Response)
    async def metrics() -> Response:
        return Response(service.metrics.text(), headers={"Content-Type": MEDIA_TYPE})

    @app.get("/openapi.json", summary="This document", response_class=Response)
    async def openapi() -> Response:
        return json(document(model.value))


def _errors(app: FastAPI) -> None:
    def request_id(request: Request) -> str:
        return str(request.state.request_id)

    @app.exception_handler(Problem)
    async def ours(request: Request, problem: Problem) -> Response:
        return problem.response(request_id(request))

    @app.exception_handler(HTTPException)
    async def theirs(request: Request, error: HTTPException) -> Response:
        details = {404: "There is nothing at this address.", 405: "This address does not know that method."}
        detail = details.get(error.status_code, "The request cannot be answered.")
        return Problem(error.status_code, detail, headers=error.headers).response(request_id(request))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, _: RequestValidationError) -> Response:
        return Problem(404, "There is nothing at this address.").response(request_id(request))

    @app.exception_handler(Exception)
    async def mistaken(request: Request, _: Exception) -> Response:
        return Problem(500, "A mistake of ours; it is in the log.").response(request_id(request))
