"""The pages of the work model, which is changed there, and of how the work of a duty is spread."""

from __future__ import annotations

import uuid as uuid_module
from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any

from flask import Blueprint, Response, render_template, request, send_file, url_for
from pydantic import AfterValidator, Field, ValidationError
from sqlalchemy import Connection

from geo_hygiene.coverage.duties import today
from geo_hygiene.errors import GeoHygieneError
from geo_hygiene.permissions import Permission
from geo_hygiene.web.access import areas_of, asker, needs, viewer
from geo_hygiene.web.connections import connections
from geo_hygiene.web.errors import findings_of
from geo_hygiene.web.parameters import Day, Parameters, Spoken, Text, title_of
from geo_hygiene.web.workload_page_data import WorkloadWords, model_page, workload_list, workload_page
from geo_hygiene.zoning import work_rules
from geo_hygiene.zoning.mistakes import StaleVersionError
from geo_hygiene.zoning.work_rules import Effort, Rule, Subject

blueprint = Blueprint("workload_pages", __name__)

HUNDREDTHS = AfterValidator(lambda value: round(value, 2))
"""As the columns keep them, so that what is judged is what is stored."""

Minutes = Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False), AfterValidator(lambda value: round(value, 4))]
Times = Annotated[float, Field(ge=0.01, le=1_000, allow_inf_nan=False), HUNDREDTHS]
Days = Annotated[int, Field(ge=1, le=3_660)]
Width = Annotated[float, Field(ge=0, le=200, allow_inf_nan=False), HUNDREDTHS]


class ModelWords(Spoken, extra="ignore"):
    """Which rule is to be changed."""

    rule: uuid_module.UUID | None = None


class EffortForm(Parameters, extra="ignore"):
    """How long work takes, and how often it is done."""

    minutes: Minutes
    times: Times = 1
    days: Days = 1

    @property
    def effort(self) -> Effort:
        """Return what is said."""
        return Effort(minutes=self.minutes, times=self.times, days=self.days)


class NewRuleForm(EffortForm):
    """A new rule; ``subject`` is a kind and, after a colon, a class."""

    subject: Text
    zone_class: Text | None = None
    width_from_m: Width | None = None
    width_to_m: Width | None = None
    valid_from: Day | None = None
    valid_to: Day | None = None

    def of(self) -> Subject:
        """Return what it speaks of."""
        kind, _colon, category = self.subject.partition(":")
        return Subject(
            kind=kind,
            category=category or None,
            zone_class=self.zone_class,
            width_from_m=self.width_from_m,
            width_to_m=self.width_to_m,
        )


class RuleForm(Parameters, extra="ignore"):
    """The rule that is changed, in the version that was read."""

    rule: uuid_module.UUID
    version: Annotated[int, Field(ge=1, le=1_000_000_000)]


class ChangedRuleForm(RuleForm, EffortForm):
    """What a rule says from a day on, or said all the time."""

    begin: Annotated[Day | None, Field(alias="from")] = None
    correct: bool = False


class EndForm(RuleForm):
    """The day from which a rule holds no longer."""

    begin: Annotated[Day, Field(alias="from")]


@blueprint.get("/workload")
@needs(Permission.PEOPLE_READ)
def show_workload() -> str:
    """Show how much each has to do, and how that is spread."""
    asked = WorkloadWords.model_validate(request.args.to_dict())
    found = connections().read(workload_page, asked, areas_of(Permission.PEOPLE_READ), may_see_drafts=_sees_drafts())
    return render_template("workload.html", page="people", found=found, asked=asked)


@blueprint.get("/workload.csv")
@needs(Permission.PEOPLE_READ)
def list_workload() -> Response:
    """Give how much each has to do as a file."""
    asked = WorkloadWords.model_validate(request.args.to_dict())
    name, file = connections().read(
        workload_list, asked, areas_of(Permission.PEOPLE_READ), may_see_drafts=_sees_drafts()
    )
    return send_file(file, mimetype="text/csv", as_attachment=True, download_name=name)


def _sees_drafts() -> bool:
    return viewer().may(Permission.ZONES_WRITE)


@blueprint.get("/work-model")
@needs(Permission.MAP_READ)
def show_model() -> str:
    """Show the rules of the work model."""
    return _model_page(ModelWords.model_validate(request.args.to_dict()).rule)


@blueprint.post("/work-model")
@needs(Permission.WORK_MODEL_WRITE)
def add_rule() -> Response | tuple[str, int]:
    """Make a rule."""

    def add(connection: Connection) -> Rule:
        form = NewRuleForm.model_validate(request.form.to_dict())
        return work_rules.add(connection, asker().email, form.of(), form.effort, form.valid_from, form.valid_to)

    return _changed(add, None)


@blueprint.post("/work-model/change")
@needs(Permission.WORK_MODEL_WRITE)
def change_rule() -> Response | tuple[str, int]:
    """Let a rule say something else from a day on, or correct it."""
    form = RuleForm.model_validate(request.form.to_dict())

    def change(connection: Connection) -> Rule:
        said = ChangedRuleForm.model_validate(request.form.to_dict())
        start = None if said.correct else said.begin or today(connection)
        return work_rules.change(
            connection, asker().email, form.rule, version=form.version, effort=said.effort, start=start
        )

    return _changed(change, form.rule)


@blueprint.post("/work-model/end")
@needs(Permission.WORK_MODEL_WRITE)
def end_rule() -> Response | tuple[str, int]:
    """Let a rule hold no longer from a day on."""
    form = RuleForm.model_validate(request.form.to_dict())

    def end(connection: Connection) -> Rule:
        day = EndForm.model_validate(request.form.to_dict()).begin
        return work_rules.end(connection, asker().email, form.rule, version=form.version, day=day)

    return _changed(end, form.rule)


def _changed(change: Callable[[Connection], Rule], chosen: uuid_module.UUID | None) -> Response | tuple[str, int]:
    """Make a change and show the rules; what can not be is told above the form, which keeps what was typed."""
    try:
        connections().write(change)
    except StaleVersionError as error:
        return _model_page(chosen, [str(error)], request.form), HTTPStatus.PRECONDITION_FAILED
    except (ValidationError, GeoHygieneError) as error:
        told = [f"{title_of(finding['loc'][-1])}: {finding['msg']}" for finding in findings_of(error)]
        return _model_page(chosen, told or [str(error)], request.form), HTTPStatus.UNPROCESSABLE_ENTITY
    return Response(status=303, headers={"Location": url_for("workload_pages.show_model")})


def _model_page(chosen: uuid_module.UUID | None, refusal: list[str] | None = None, typed: Any = None) -> str:
    found = connections().read(model_page, chosen)
    return render_template("work_model.html", page="workload", found=found, refusal=refusal or [], typed=typed or {})
