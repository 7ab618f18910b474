"""What the sandbox answers when it refuses: the error bodies and status codes of the API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class Invalid(Exception):
    """One element breaks one or more rules; `messages` are what Xero calls ValidationErrors."""

    def __init__(self, *messages: str) -> None:
        self.messages = messages
        super().__init__("; ".join(messages))


class Problem(Exception):
    """A whole request is refused.

    Attributes:
        status: HTTP status.
        content: a JSON value, or text that is sent as it is.
        headers: further response headers.
        media_type: of a text content.
        keeps: what was done before the refusal stays done.
    """

    def __init__(
        self,
        status: int,
        content: Mapping[str, Any] | str,
        *,
        headers: Mapping[str, str] | None = None,
        media_type: str = "text/plain",
        keeps: bool = False,
    ) -> None:
        self.status = status
        self.content = content
        self.headers = dict(headers or {})
        self.media_type = media_type
        self.keeps = keeps
        super().__init__(f"{status} {content}")


def validation_exception(
    elements: Sequence[Mapping[str, Any]], message: str = "", *, keeps: bool = False
) -> Problem:
    """400 with the elements that failed, each with its ValidationErrors."""
    return Problem(
        400,
        {
            "ErrorNumber": 10,
            "Type": "ValidationException",
            "Message": message or "A validation exception occurred",
            "Elements": list(elements),
        },
        keeps=keeps,
    )


def post_data_invalid(message: str) -> Problem:
    """400 for a body, or a value in it, that cannot be read."""
    return Problem(400, {"ErrorNumber": 14, "Type": "PostDataInvalidException", "Message": message})


def query_parse(message: str) -> Problem:
    """400 for a `where` or `order` that cannot be read."""
    return Problem(400, {"ErrorNumber": 16, "Type": "QueryParseException", "Message": message})


def unauthorised(detail: str, instance: str) -> Problem:
    """401: no token, a dead one, or one without the scope."""
    return _titled(401, "Unauthorized", detail, instance)


def forbidden(instance: str) -> Problem:
    """403: the tenant header names no organisation that the token may see."""
    return _titled(403, "Forbidden", "AuthenticationUnsuccessful", instance)


def not_found() -> Problem:
    """404, whose body is empty HTML and never JSON."""
    return Problem(404, "", media_type="text/html")


def not_implemented(method: str, path: str) -> Problem:
    """501: the endpoint is there, the verb is not."""
    return Problem(501, f"{method} is not implemented for {path}")


def _titled(status: int, title: str, detail: str, instance: str) -> Problem:
    return Problem(
        status,
        {
            "Type": None,
            "Title": title,
            "Status": status,
            "Detail": detail,
            "Instance": instance,
            "Extensions": {},
        },
    )
