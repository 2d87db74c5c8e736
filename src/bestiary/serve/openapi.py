"""The OpenAPI document of the service with the model that it has now: the columns asked for are the model's."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter

from bestiary import __version__
from bestiary.serve import shapes
from bestiary.serve.gate import OPEN
from bestiary.serve.problems import MEDIA_TYPE
from bestiary.serve.schemas import body_schema
from bestiary.serve.serving import Serving

TEMPLATE = "#/components/schemas/{model}"
ALWAYS = {"401": "No key, or none that is known.", "421": "A name that is none of this machine's.",
          "429": "Too many requests for the key."}  # fmt: skip
SCORING = {
    "400": "Not JSON.",
    "408": "The body came too slowly.",
    "413": "The body is too large.",
    "415": "Not sent as JSON.",
    "422": "A field is missing, unknown or out of range.",
    "503": "Too many large requests at once.",
}
LOOKING = {"404": "No store, or no such customer.", "503": "The store cannot be read now."}


def described(app: FastAPI, serving: Serving) -> dict[str, Any]:
    """The document; errors are problem details everywhere."""
    document = get_openapi(
        title="Bestiary",
        version=__version__,
        description="Which segment a customer of the shop is in, now, and why.",
        routes=app.routes,
    )
    known = document.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):  # FastAPI's own, which are never answered
        known.pop(name, None)
    problem = TypeAdapter(shapes.ProblemDetails).json_schema(ref_template=TEMPLATE)
    body = body_schema(serving.reader.adapter)
    known |= body.pop("$defs") | problem.pop("$defs") | {"ProblemDetails": problem, "Request": body}
    for path, methods in document["paths"].items():
        for operation in methods.values():
            operation["responses"].pop("422", None)
            if path in OPEN:
                operation["security"] = []
                continue
            told = ALWAYS | {"/v1/score": SCORING, "/v1/customers/{user_id}": LOOKING}.get(path, {})
            operation["responses"] |= {status: _problem(text) for status, text in sorted(told.items())}
    document["paths"]["/v1/score"]["post"]["requestBody"] = {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": TEMPLATE.format(model="Request")}}},
    }
    document["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    document["security"] = [{"key": []}, {}]
    return document


def _problem(text: str) -> dict[str, Any]:
    schema = {"$ref": TEMPLATE.format(model="ProblemDetails")}
    return {"description": text, "content": {MEDIA_TYPE: {"schema": schema}}}
