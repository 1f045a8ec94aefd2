"""Pages of the records on which figures of the annual report rest."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request, send_file

from geo_hygiene.permissions import Permission
from geo_hygiene.reports.annual.record_lists import RecordList
from geo_hygiene.web.access import areas_of, demand, needs, viewer
from geo_hygiene.web.api.record_lists import list_of
from geo_hygiene.web.connections import connections
from geo_hygiene.web.record_page_data import RecordParameters, record_file, record_page

blueprint = Blueprint("record_pages", __name__)


@blueprint.get("/records/<records>")
@needs(Permission.WORKS_READ)
def show_records(records: str) -> str:
    """List records of a period and what they come to."""
    listed, asked = _asked(records)
    found = connections().read(record_page, listed, asked, areas_of(Permission.WORKS_READ))
    ways = [one for one in found.lists if viewer().may(one.layer.needs)]
    return render_template("records.html", page="works", found=found, asked=asked, ways=ways)


@blueprint.get("/records/<records>/list.csv")
@needs(Permission.WORKS_READ)
def give_records(records: str) -> Response:
    """Give all records that fit the filters as a file."""
    listed, asked = _asked(records)
    name, file = connections().read(record_file, listed, asked, areas_of(Permission.WORKS_READ))
    return send_file(file, mimetype="text/csv", as_attachment=True, download_name=name)


def _asked(records: str) -> tuple[RecordList, RecordParameters]:
    asked = RecordParameters.model_validate(request.args.to_dict())
    listed = list_of(records, asked.kind)
    demand(listed.layer.needs)
    return listed, asked
