"""Pages of people: who is there, who holds which zone, who answers for which area, and what somebody hands over."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request, send_file

from geo_hygiene.permissions import Permission
from geo_hygiene.reports.hand_over import WORKBOOK, hand_over_workbook
from geo_hygiene.web import people_page_data as data
from geo_hygiene.web.access import areas_of, needs
from geo_hygiene.web.connections import connections

blueprint = Blueprint("people_pages", __name__)


@blueprint.get("/people")
@needs(Permission.PEOPLE_READ)
def show_people() -> str:
    """List people with their posts and zones."""
    asked = data.PeopleAsked.model_validate(request.args.to_dict())
    listed = connections().read(data.people_page, asked, areas_of(Permission.PEOPLE_READ))
    return render_template("people.html", page="people", listed=listed, asked=asked)


@blueprint.get("/people/<person>")
@needs(Permission.PEOPLE_READ)
def show_person(person: str) -> str:
    """Show one person through time, and what can be done."""
    asked = data.DayAsked.model_validate(request.args.to_dict())
    found = connections().read(data.person_page, person, asked, areas_of(Permission.PEOPLE_READ))
    return render_template("person.html", page="people", found=found)


@blueprint.get("/people/<person>/hand-over")
@needs(Permission.PEOPLE_READ)
def show_hand_over(person: str) -> str:
    """Show what somebody hands over, for printing."""
    return render_template("hand_over.html", page="people", found=_handed_over(person))


@blueprint.get("/people/<person>/hand-over.xlsx")
@needs(Permission.PEOPLE_READ)
def hand_over_file(person: str) -> Response:
    """Give what somebody hands over as a workbook."""
    found = _handed_over(person)
    file = hand_over_workbook(found.person["name"], found.on, found.zones)
    name = f"{found.person['code']}-{found.day}.xlsx"
    return send_file(file, mimetype=WORKBOOK, as_attachment=True, download_name=name)


def _handed_over(person: str) -> data.HandOverPage:
    asked = data.DayAsked.model_validate(request.args.to_dict())
    return connections().read(data.hand_over_page, person, asked, areas_of(Permission.PEOPLE_READ))


@blueprint.get("/holders")
@needs(Permission.PEOPLE_READ)
def show_holders() -> str:
    """List zones with those who hold them; planners give many at once."""
    asked = data.HoldersAsked.model_validate(request.args.to_dict())
    listed = connections().read(data.holders_page, asked, areas_of(Permission.PEOPLE_READ))
    return render_template("holders.html", page="people", listed=listed, asked=asked)


@blueprint.get("/chain")
@needs(Permission.PEOPLE_READ)
def show_chain() -> str:
    """List areas with who answers for them at every level, and where nobody does."""
    asked = data.ChainAsked.model_validate(request.args.to_dict())
    listed = connections().read(data.chain_page, asked, areas_of(Permission.PEOPLE_READ))
    return render_template("chain.html", page="people", listed=listed, asked=asked)
