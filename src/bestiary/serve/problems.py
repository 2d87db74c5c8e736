"""What is answered where a request cannot be: problem details (RFC 9457), which name the field, never a file."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from pydantic_core import to_json
from starlette.responses import Response

from bestiary.faults import Fault

MOST = 20
"""So many faults of a request are told."""
MEDIA_TYPE = "application/problem+json"


class Problem(Exception):  # noqa: N818 - an answer
    """A request that is answered with a status of 400 or more."""

    def __init__(
        self, status: int, detail: str, faults: Sequence[Fault] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        self.status, self.detail, self.faults, self.headers = status, detail, faults, headers
        super().__init__(detail)

    def response(self, request_id: str) -> Response:
        """The answer, which names the request."""
        content: dict[str, Any] = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "request_id": request_id,
        }
        if self.faults:
            content["errors"] = [
                {"field": one.place, "found": one.found, "allowed": one.allowed} for one in self.faults[:MOST]
            ]
        return Response(to_json(content), self.status, self.headers, MEDIA_TYPE)
