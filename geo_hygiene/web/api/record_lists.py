"""The records that the annual report rests on: activities, letters, surveys, honours, and what is there at its end."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import Response, jsonify
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import Field
from sqlalchemy import Connection

from geo_hygiene.coverage.within import demand_within
from geo_hygiene.errors import UnknownRecordError
from geo_hygiene.i18n import _
from geo_hygiene.permissions import Areas, Permission
from geo_hygiene.reports.annual.books import Books
from geo_hygiene.reports.annual.record_lists import RecordList, record_list, records_of
from geo_hygiene.web.access import areas_of, demand, needs
from geo_hygiene.web.api.answer_models import Answer
from geo_hygiene.web.api.periods import WholePeriodParameters, asked_for
from geo_hygiene.web.connections import connections
from geo_hygiene.web.errors import PROBLEMS
from geo_hygiene.web.parameters import Limit, Parameters, RowNumber, Text

blueprint = APIBlueprint(
    "record_lists", __name__, url_prefix="/api/v1/records", abp_tags=[Tag(name="records")], abp_responses=PROBLEMS
)


class RecordsAnswer(Answer):
    """Records of a half-open period, and what they come to; ``null`` where nobody said it.

    ``total`` counts all pages; ``next`` is the ``after`` of the next one. A record has the fields of its layer.
    """

    layer: str
    kind: str | None
    begin: date = Field(alias="from")
    end: date = Field(alias="to")
    area: str | None
    total: int
    sums: dict[str, float | None]
    records: list[dict[str, Any]]
    next: int | None


class RecordsPath(Parameters):
    """A list of records by the key of its layer."""

    records: Text


class RecordsParameters(WholePeriodParameters):
    """Which records of a list are wanted; areas, facilities and people are those of the last day of the period."""

    kind: Text | None = Field(None, description="Kind of the records; all kinds when missing")
    limit: Limit = 100
    after: RowNumber | None = Field(None, description="`next` of the page before")


@blueprint.get("/<records>", summary="Records of a period, and what they come to", responses={200: RecordsAnswer})
@needs(Permission.WORKS_READ)
def records(path: RecordsPath, query: RecordsParameters) -> Response:
    """Return a page of the records on which figures of the annual report rest."""
    listed = list_of(path.records, query.kind)
    demand(listed.layer.needs)
    return jsonify(connections().read(_records, listed, query, areas_of(Permission.WORKS_READ)))


def list_of(key: str, kind: str | None) -> RecordList:
    """Return a list of records, and refuse a kind that it has not.

    Raises
    ------
    UnknownRecordError
        If there is no such list or kind.
    """
    listed = record_list(key)
    if kind is not None and kind not in listed.kinds:
        raise UnknownRecordError(_("There is no kind “%(kind)s” here.", kind=kind))
    return listed


def _records(connection: Connection, listed: RecordList, query: RecordsParameters, within: Areas) -> dict[str, Any]:
    demand_within(connection, query.area, within)
    books = Books(connection, asked_for(query.begin, query.end, query.area, within))
    counted = books.counted(listed.key, query.kind)
    rows, key = records_of(listed, books, query.kind, limit=query.limit, after=query.after or 0)
    return {
        "layer": listed.key,
        "kind": query.kind,
        "from": query.begin.isoformat(),
        "to": query.end.isoformat(),
        "area": query.area,
        "total": counted.records,
        "sums": counted.sums,
        "records": [{name: _plain(value) for name, value in row.items()} for row in rows],
        "next": key,
    }


def _plain(value: Any) -> Any:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    return float(value) if isinstance(value, Decimal) else value
