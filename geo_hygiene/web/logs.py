"""One JSON line for each request, with an id that the answer carries too and without personal data."""

from __future__ import annotations

import json
import logging
import time
import traceback
import uuid
from datetime import UTC, datetime

from flask import Flask, Response, g, request

ACCESS = logging.getLogger("geo_hygiene.access")
METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
FAULTS = logging.getLogger("geo_hygiene.faults")


class JsonLines(logging.Formatter):
    """Format a record as one JSON object; what ``extra={"fields": …}`` gives stands beside the message."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[1] is not None:
            line |= _without_words(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False, default=str)


def _without_words(error: BaseException) -> dict[str, object]:
    """Return what an exception is and where it rose; its message can repeat what somebody asked for."""
    cause = getattr(error, "orig", None) or error
    frames = traceback.extract_tb(error.__traceback__)
    return {
        "error": f"{type(cause).__module__}.{type(cause).__qualname__}",
        "sqlstate": getattr(cause, "pgcode", None),
        "traceback": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }


def request_id() -> str:
    """Return the id of the current request."""
    if "request_id" not in g:
        g.request_id = uuid.uuid4().hex
    return str(g.request_id)


def _begin() -> None:
    g.began = time.perf_counter()
    request_id()


def _tell(response: Response) -> Response:
    rule = request.url_rule.rule if request.url_rule else None
    began = g.get("began", time.perf_counter())
    tell_answer(request.method, rule, response.status_code, began, request=request_id())
    response.headers["X-Request-ID"] = request_id()
    return response


def tell_answer(method: str, rule: str | None, status: int, began: float, *, request: str | None = None) -> str:
    """Write the line of an answer; return the id of its request, made here if there is none yet.

    The rule is told, not the path or the query: those can hold names of people that somebody searched for.
    """
    request = request or uuid.uuid4().hex
    fields = {
        "request": request,
        "method": method if method in METHODS else "?",
        "route": rule,
        "status": status,
        "ms": round((time.perf_counter() - began) * 1000, 1),
    }
    ACCESS.info("answered", extra={"fields": fields})
    return request


def start_logging(app: Flask) -> None:
    """Write the lines of this application to standard error."""
    logger = logging.getLogger("geo_hygiene")
    if not any(isinstance(handler.formatter, JsonLines) for handler in logger.handlers):
        handler = logging.StreamHandler()
        handler.setFormatter(JsonLines())
        logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    app.before_request(_begin)
    app.after_request(_tell)
