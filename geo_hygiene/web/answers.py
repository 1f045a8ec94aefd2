"""How answers are written: strict JSON, and 304 for a reader who has the newest version."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from flask import Response, request
from flask.json.provider import DefaultJSONProvider

REVALIDATE = "private, no-cache"
"""Kept by the browser, asked again each time: what it holds may have changed."""


class StrictJSON(DefaultJSONProvider):
    """JSON that every reader understands: no NaN, names in the order in which they were written."""

    sort_keys = False
    ensure_ascii = False

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """Serialize; a number that is not finite raises ``ValueError``."""
        return super().dumps(obj, **(kwargs | {"allow_nan": False, "separators": (",", ":")}))


def entity_tag(*parts: object) -> str:
    """Return a short tag of everything that an answer depends on."""
    return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()[:24]


def unchanged(tag: str) -> bool:
    """Tell whether the reader already holds the answer with this tag."""
    return request.if_none_match.contains_weak(tag)


def tagged(response: Response, tag: str, *, weak: bool = True) -> Response:
    """Name the version of an answer, so that the reader can ask whether it changed.

    A weak tag names what an answer says, however it is packed; a strong one can be named when a record is changed.
    """
    response.set_etag(tag, weak=weak)
    response.headers["Cache-Control"] = REVALIDATE
    return response


def not_modified(tag: str, *, weak: bool = True) -> Response:
    """Return 304 with the headers that a cache needs."""
    return tagged(Response(status=304), tag, weak=weak)
