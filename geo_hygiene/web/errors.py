"""The one table from mistakes to answers, told as RFC 9457 problems to programs and as a page to people."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import psycopg2
import psycopg2.errors
from flask import Flask, Response, current_app, g, render_template, request
from flask_wtf.csrf import CSRFError
from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.http import HTTP_STATUS_CODES

from geo_hygiene.accounts.viewer import STRANGER
from geo_hygiene.assets.mistakes import KnownAssetError, NotUndoneError, WrongAssetError
from geo_hygiene.cases.heat import TooManyCellsError, TooManyFramesError
from geo_hygiene.errors import GeoHygieneError, UnknownDutyError, UnknownRecordError
from geo_hygiene.files.uploads import NoRoomError, UploadTooBigError
from geo_hygiene.i18n import N_, _
from geo_hygiene.jobs.store import JobStateError, TooManyJobsError
from geo_hygiene.people.keeping import KnownPersonError
from geo_hygiene.tiles import CampaignMissingError, DutyMissingError
from geo_hygiene.tiles.basemap import BaseMapUnreadableError
from geo_hygiene.web.access import ForbiddenError, NotSignedInError
from geo_hygiene.web.assets import AssetMissingError
from geo_hygiene.web.connections import DatabaseNotNamedError
from geo_hygiene.web.logs import FAULTS, request_id
from geo_hygiene.web.parameters import title_of
from geo_hygiene.web.preconditions import VersionMissingError
from geo_hygiene.web.security import (
    MACHINE_PATHS,
    AddressTooLongError,
    ForeignHostError,
    PlainHTTPError,
    RepeatedParameterError,
)
from geo_hygiene.works.recording import WrongWorkError
from geo_hygiene.zoning.editing import KnownZoneError
from geo_hygiene.zoning.mistakes import (
    OutsideAreasError,
    StaleVersionError,
    UnseenChangesError,
    WrongRuleError,
    WrongZoneError,
)
from geo_hygiene.zoning.proposing import ImpossibleProposalError

RETRY_SECONDS = 2


class NotReadyError(GeoHygieneError):
    """The application runs and can not answer yet; the message says why."""


class InvalidParameterError(GeoHygieneError):
    """A parameter has a value that means nothing here."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


class Place(BaseModel):
    """A parameter that can not be used, and why; ``code`` is that of a finding of an import."""

    loc: list[str]
    msg: str
    code: str | None = None


class Problem(BaseModel):
    """RFC 9457: what went wrong; ``request`` is the number under which the log knows it."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    request: str
    errors: list[Place] = []


_PROBLEM = {"content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}

#: Answers that every address may give beside its own, for the description of the API.
PROBLEMS: dict[int | str, Any] = {status: {**_PROBLEM} for status in (404, 422, 503)}


@dataclass(frozen=True)
class Meaning:
    """What a mistake means over HTTP; ``detail`` is told where the mistake has no words of its own for the user."""

    status: int
    detail: str | None = None
    retry: bool = False


TABLE: dict[type[BaseException], Meaning] = {
    GeoHygieneError: Meaning(422),
    TooManyJobsError: Meaning(429),
    JobStateError: Meaning(409),
    UploadTooBigError: Meaning(413),
    NoRoomError: Meaning(507, retry=True),
    UnknownRecordError: Meaning(404),
    UnknownDutyError: Meaning(422),
    DutyMissingError: Meaning(422),
    CampaignMissingError: Meaning(422),
    InvalidParameterError: Meaning(422),
    RepeatedParameterError: Meaning(422),
    ForeignHostError: Meaning(421),
    PlainHTTPError: Meaning(403),
    NotSignedInError: Meaning(401),
    ForbiddenError: Meaning(403),
    OutsideAreasError: Meaning(403),
    KnownZoneError: Meaning(409),
    KnownAssetError: Meaning(409),
    NotUndoneError: Meaning(409),
    KnownPersonError: Meaning(409),
    UnseenChangesError: Meaning(409),
    StaleVersionError: Meaning(412),
    VersionMissingError: Meaning(428),
    CSRFError: Meaning(
        400, N_("The page was open for too long, or the request does not come from a page of ours: open it again.")
    ),
    AddressTooLongError: Meaning(414),
    NotReadyError: Meaning(503, retry=True),
    DatabaseNotNamedError: Meaning(503, retry=True),
    AssetMissingError: Meaning(503),
    BaseMapUnreadableError: Meaning(503),
    ValidationError: Meaning(422, N_("A parameter has a value that can not be used.")),
    RecursionError: Meaning(422, N_("The request is nested too deeply.")),
    PoolTimeoutError: Meaning(
        503, N_("All connections to the database are in use. Try again in a moment."), retry=True
    ),
    psycopg2.OperationalError: Meaning(503, N_("The database can not be reached. Try again in a moment."), retry=True),
    psycopg2.InterfaceError: Meaning(503, N_("The database can not be reached. Try again in a moment."), retry=True),
    psycopg2.errors.QueryCanceled: Meaning(503, N_("The answer took too long and was stopped."), retry=True),
    psycopg2.errors.LockNotAvailable: Meaning(503, N_("A change is being stored. Try again in a moment."), retry=True),
    psycopg2.errors.DeadlockDetected: Meaning(503, N_("A change is being stored. Try again in a moment."), retry=True),
    psycopg2.errors.TooManyConnections: Meaning(
        503, N_("All connections to the database are in use. Try again in a moment."), retry=True
    ),
    psycopg2.errors.SerializationFailure: Meaning(
        503, N_("A change is being stored. Try again in a moment."), retry=True
    ),
    psycopg2.errors.DiskFull: Meaning(507, N_("The disk of the database is full."), retry=True),
    psycopg2.errors.UniqueViolation: Meaning(409, N_("Somebody else stored the same meanwhile. Look at it first.")),
    psycopg2.DataError: Meaning(422, N_("A parameter has a value that can not be used.")),
}

#: What routing itself refuses.
SENTENCES_OF_STATUS = {
    400: N_("The request can not be understood."),
    404: N_("There is nothing at this address."),
    405: N_("This address does not take this method."),
    413: N_("The request is too big."),
}

#: The parameter that a mistake of what lies below is about.
PARAMETERS: dict[type[Exception], str] = {
    UnknownDutyError: "duty",
    DutyMissingError: "duty",
    CampaignMissingError: "campaign",
    TooManyCellsError: "zoom",
    TooManyFramesError: "step",
}

#: Sentences for what pydantic finds; its own are English only.
SENTENCES = {
    "missing": N_("is required"),
    "extra_forbidden": N_("is not a parameter here"),
    "greater_than_equal": N_("must be at least %(ge)s"),
    "less_than_equal": N_("must be at most %(le)s"),
    "string_too_long": N_("must have at most %(max_length)s characters"),
    "string_too_short": N_("must have at least %(min_length)s characters"),
    "string_pattern_mismatch": N_("has a form that can not be used"),
    "literal_error": N_("must be one of: %(expected)s"),
    "enum": N_("must be one of: %(expected)s"),
    "union_tag_invalid": N_("has a form that can not be used"),
    "union_tag_not_found": N_("has a form that can not be used"),
    "model_type": N_("must be an object"),
    "model_attributes_type": N_("must be an object"),
    "list_type": N_("must be a list"),
    "tuple_type": N_("must be a list"),
    "string_type": N_("must be a text"),
    "bool_type": N_("must be true or false"),
    "bool_parsing": N_("must be true or false"),
    "float_type": N_("must be a number"),
    "float_parsing": N_("must be a number"),
    "finite_number": N_("must be a number"),
    "too_long": N_("must have at most %(max_length)s entries"),
    "too_short": N_("must have at least %(min_length)s entries"),
    "uuid_type": N_("must be a UUID"),
    "date_type": N_("must be a day as YYYY-MM-DD"),
    "int_parsing": N_("must be a whole number"),
    "int_parsing_size": N_("must be a whole number"),
    "int_from_float": N_("must be a whole number"),
    "uuid_parsing": N_("must be a UUID"),
    "date_from_datetime_parsing": N_("must be a day as YYYY-MM-DD"),
    "date_from_datetime_inexact": N_("must be a day as YYYY-MM-DD"),
    "date_parsing": N_("must be a day as YYYY-MM-DD"),
}


def meaning_of(error: BaseException) -> Meaning | None:
    """Return what the table says about a mistake, by its nearest class; ``None`` for a fault of our own."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    return next((TABLE[kind] for kind in type(cause).__mro__ if kind in TABLE), None)


def findings_of(error: BaseException) -> list[dict[str, Any]]:
    """Return the places of a mistake as ``[{"loc": […], "msg": …}]``; values that were sent are not repeated."""
    if isinstance(error, ValidationError):
        return [
            {"loc": [str(part) for part in finding["loc"]], "msg": _sentence(finding)}
            for finding in error.errors(include_url=False, include_input=False)
        ]
    if isinstance(error, InvalidParameterError | RepeatedParameterError):
        return [{"loc": [error.name], "msg": str(error)}]
    if isinstance(error, WrongAssetError):
        return [
            {"loc": place.split("."), "msg": message, **({"code": code} if code else {})}
            for place, message, code in error.places
        ]
    if isinstance(error, WrongRuleError | WrongWorkError | WrongZoneError | ImpossibleProposalError):
        return [{"loc": [error.place], "msg": str(error)}]
    return [{"loc": [name], "msg": str(error)} for kind, name in PARAMETERS.items() if isinstance(error, kind)]


def _sentence(finding: Mapping[str, Any]) -> str:
    template = SENTENCES.get(finding["type"])
    if template is None:
        return str(finding["msg"]).removeprefix("Value error, ")
    context = finding.get("ctx", {})
    if "expected" in context:
        context = {"expected": str(context["expected"]).replace(" or ", ", ")}
    return _(template, **context)


def problem(
    status: int,
    detail: str,
    *,
    findings: Sequence[Mapping[str, Any]] = (),
    retry: bool = False,
    more: Mapping[str, Any] | None = None,
) -> Response:
    """Return the answer about a mistake in the form that the asker reads; ``more`` is for programs."""
    title = HTTP_STATUS_CODES.get(status, "Error")
    if request.path.startswith(MACHINE_PATHS):
        content = {"type": "about:blank", "title": title, "status": status, "detail": detail}
        content |= {"request": request_id(), "errors": list(findings), **(more or {})}
        response = Response(json.dumps(content, ensure_ascii=False), status, mimetype="application/problem+json")
    else:
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            g.is_sample_town, g.viewer = False, STRANGER
        told = [{"name": ", ".join(map(title_of, finding["loc"])), "msg": finding["msg"]} for finding in findings]
        page = render_template("error.html", status=status, detail=detail, findings=told, request_id=request_id())
        response = Response(page, status, mimetype="text/html")
    if retry:
        response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


def _refused_by_http(error: HTTPException) -> Response:
    """Tell what routing refuses; answers that were ready, and redirects, go out as they are."""
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    if error.response is not None or status < HTTPStatus.BAD_REQUEST:
        return current_app.make_response(error.get_response())
    answer = problem(status, _(SENTENCES_OF_STATUS.get(status, "The request can not be understood.")))
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        answer.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return answer


def answer_mistake(error: Exception) -> Response:
    """Turn any exception of a request into an answer; what the table does not know is logged as our own fault."""
    if isinstance(error, HTTPException) and not isinstance(error, CSRFError):
        return _refused_by_http(error)
    meaning = meaning_of(error)
    if meaning is None or meaning.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        fields = {"request": request_id(), "mistake": type(error).__name__}
        FAULTS.error("not answered", exc_info=error if meaning is None else None, extra={"fields": fields})
    if meaning is None:
        return problem(500, _("This is our own fault. It was recorded under the number of this request."))
    detail = _(meaning.detail) if meaning.detail else str(error)
    return problem(meaning.status, detail, findings=findings_of(error), retry=meaning.retry)


def register(app: Flask) -> None:
    """Let every exception of a request come through the table."""
    app.register_error_handler(Exception, answer_mistake)
