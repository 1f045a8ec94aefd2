"""The pages of work on places: what is due, rounds of a truck, what was done, and the forms that tell of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Annotated
from uuid import UUID

from flask import Blueprint, Response, render_template, request
from pydantic import Field
from sqlalchemy import Connection

from geo_hygiene.coverage.duties import office_timezone
from geo_hygiene.permissions import Areas, Permission
from geo_hygiene.web import work_page_data
from geo_hygiene.web.access import areas_of, asker, needs
from geo_hygiene.web.api.works import Amount, DueKind, Metres, Remark
from geo_hygiene.web.base_map import with_base_map
from geo_hygiene.web.connections import connections
from geo_hygiene.web.language import local_address
from geo_hygiene.web.pages import map_parts
from geo_hygiene.web.parameters import Day, Parameters, Text
from geo_hygiene.works.recording import SaidWork, record_work, take_back

blueprint = Blueprint("work_pages", __name__)


class DoneForm(Parameters, extra="ignore"):
    """A piece of work that somebody tells; without a day it was done just now."""

    id: UUID
    kind: DueKind
    target: UUID
    day: Day | None = None
    clock: Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")] | None = None
    volume_m3: Amount | None = None
    from_m: Metres | None = None
    to_m: Metres | None = None
    truck: Text | None = None
    note: Remark | None = None
    next: Annotated[str, Field(max_length=1500)] = "/works"


class TakeBackForm(Parameters, extra="ignore"):
    """The page to go back to."""

    next: Annotated[str, Field(max_length=1500)] = "/works/done"


@blueprint.get("/works")
@needs(Permission.WORKS_READ)
def show_due() -> str:
    """Show what is due, on a map and in rows."""
    asked = work_page_data.DueListParameters.model_validate(request.args.to_dict())
    found = connections().read(work_page_data.due_list, asked, areas_of(Permission.WORKS_READ))
    parts, config = map_parts(found.extent), with_base_map(found.config)
    return render_template("works.html", page="works", found=found, asked=asked, parts=parts, config=config)


@blueprint.get("/works/rounds")
@needs(Permission.WORKS_READ)
def show_rounds() -> str:
    """Show what is due in rounds of a truck, to choose one, and for paper."""
    asked = work_page_data.RoundParameters.model_validate(request.args.to_dict())
    found = connections().read(work_page_data.rounds, asked, areas_of(Permission.WORKS_READ))
    return render_template("work_rounds.html", page="works", found=found, asked=asked)


@blueprint.get("/works/rounds/<int:number>")
@needs(Permission.WORKS_READ)
def show_round(number: int) -> str:
    """Show one round to who drives it: what comes next, and where."""
    asked = work_page_data.RoundParameters.model_validate(request.args.to_dict())
    found = connections().read(work_page_data.one_round, number, asked, areas_of(Permission.WORKS_READ))
    parts, config = map_parts(found.extent), with_base_map(found.config)
    return render_template("work_round.html", page="works", found=found, asked=asked, parts=parts, config=config)


@blueprint.get("/works/done")
@needs(Permission.WORKS_READ)
def show_done() -> str:
    """List work that was done, the newest first."""
    asked = work_page_data.DoneListParameters.model_validate(request.args.to_dict())
    found = connections().read(work_page_data.done_list, asked, areas_of(Permission.WORKS_READ))
    parts, config = map_parts(found.extent), with_base_map(found.config)
    return render_template("works_done.html", page="works", found=found, asked=asked, parts=parts, config=config)


@blueprint.post("/works/done")
@needs(Permission.WORKS_WRITE)
def tell() -> Response:
    """Store work that a form tells, and go back."""
    form = DoneForm.model_validate(request.form.to_dict())
    connections().write(_record, form, areas_of(Permission.WORKS_WRITE), asker().email)
    return Response(status=303, headers={"Location": local_address(form.next)})


def _record(connection: Connection, form: DoneForm, within: Areas, actor: str) -> None:
    told = form.model_dump(exclude={"id", "day", "clock", "next"})
    done_at = datetime.now(UTC)
    if form.day is not None:
        done_at = _instant(connection, form.day, form.clock)
    record_work(connection, actor, within, SaidWork(uuid=form.id, done_at=done_at, **told))


def _instant(connection: Connection, day: date, clock: str | None) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock or "00:00"), office_timezone(connection))


@blueprint.post("/works/<uuid:work>/take-back")
@needs(Permission.WORKS_WRITE)
def untell(work: UUID) -> Response:
    """Remove work that was told by mistake, and go back."""
    form = TakeBackForm.model_validate(request.form.to_dict())
    connections().write(take_back, asker().email, areas_of(Permission.WORKS_WRITE), work)
    return Response(status=303, headers={"Location": local_address(form.next)})
