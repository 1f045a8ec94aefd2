"""The pages of imports: bring a file, see what would become of it, store it, and what was stored when."""

from __future__ import annotations

import uuid as uuid_module
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any, Literal

from flask import Blueprint, Flask, Response, render_template, request, send_file, url_for
from pydantic import Field

from geo_hygiene.files.audit import number_of
from geo_hygiene.files.import_jobs import REJECTED_NAME, STORE, TAKE_BACK, TRY, ask_to_store
from geo_hygiene.files.uploads import LONGEST_NAME, UnknownUploadError, Uploads
from geo_hygiene.i18n import _
from geo_hygiene.jobs import store
from geo_hygiene.jobs.store import Job, JobStateError, NewJob
from geo_hygiene.layers import LAYERS
from geo_hygiene.permissions import Permission
from geo_hygiene.settings import Settings
from geo_hygiene.web import import_page_data
from geo_hygiene.web.access import asker, needs, viewer
from geo_hygiene.web.api.uploads import EXTENSION, uploads
from geo_hygiene.web.base_map import with_base_map
from geo_hygiene.web.connections import connections
from geo_hygiene.web.pages import map_parts
from geo_hygiene.web.parameters import Day, Parameters, Text

LISTED = 50
FIELD, CONSTANT = "field.", "set."
"""What the names of inputs begin with that say where a field comes from, or what its value is."""

blueprint = Blueprint("imports", __name__)


class UploadForm(Parameters, extra="ignore"):
    """A file that was brought."""

    upload: uuid_module.UUID
    file: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]


class ImportForm(Parameters, extra="ignore"):
    """How a file is to be read; ``shown`` is the layer that the form was made for. A missing layer is guessed."""

    layer: Text | None = None
    shown: Text | None = None
    crs: Text | None = None
    encoding: Text | None = None
    table: Text | None = None
    key: Text | None = None
    date_order: Literal["mdy", "dmy", "ymd"] | None = None
    day: Day | None = None
    duty: Text = "sweeping"
    skip_rejected: bool = False
    replace: bool = False
    anywhere: bool = False
    correct: bool = False

    def parameters(self, sent: Mapping[str, str]) -> dict[str, Any]:
        """Return what the job is to do; the columns that were chosen for another layer are forgotten."""
        asked = self.model_dump(mode="json", exclude={"shown"})
        if self.layer is None or self.shown != self.layer:
            return asked | {"key": None}
        fields = {name.removeprefix(FIELD): value for name, value in sent.items() if name.startswith(FIELD)}
        constants = {
            name.removeprefix(CONSTANT): value.strip()
            for name, value in sent.items()
            if name.startswith(CONSTANT) and value.strip()
        }
        return asked | {"fields": fields, "constants": constants}


def offer(app: Flask, settings: Settings) -> None:
    """Let the application take files and show what became of them."""
    app.extensions[EXTENSION] = Uploads(settings.home)
    app.register_blueprint(blueprint)


@blueprint.get("/imports")
@needs(Permission.DATA_IMPORT)
def show_imports() -> str:
    """Show the form for a file, what is under way, and what was imported."""
    found = connections().read(import_page_data.imports, LISTED)
    return render_template("imports.html", page="imports", found=found)


@blueprint.post("/imports")
@needs(Permission.DATA_IMPORT)
def try_upload() -> Response:
    """Look at a file that was brought, and try it."""
    form = UploadForm.model_validate(request.form.to_dict())
    uploads().file(str(form.upload))
    return _asked(TRY, {"upload": str(form.upload), "file": form.file})


@blueprint.get("/imports/jobs/<uuid:job>")
@needs(Permission.DATA_IMPORT)
def show_job(job: uuid_module.UUID) -> str:
    """Show how far a job is, or what came of it."""
    found = connections().read(import_page_data.job_page, job, viewer(), uploads())
    parts, config = None, None
    if found.drawn:
        parts = map_parts(found.extent)
        config = with_base_map(found.config)
    return render_template(
        "import_job.html", page="imports", found=found, layers=LAYERS.values(), parts=parts, config=config
    )


@blueprint.post("/imports/jobs/<uuid:job>/try")
@needs(Permission.DATA_IMPORT)
def try_again(job: uuid_module.UUID) -> Response:
    """Try the file once more, read in another way."""
    sent = request.form.to_dict()
    form = ImportForm.model_validate(sent)
    return _asked(TRY, _file_of(_seen(job)) | form.parameters(sent))


@blueprint.post("/imports/jobs/<uuid:job>/store")
@needs(Permission.DATA_IMPORT)
def store_file(job: uuid_module.UUID) -> Response:
    """Store what was tried, once."""
    tried = _seen(job)
    if tried.kind != TRY or tried.result is None or tried.result["layer"] is None:
        raise JobStateError(_("Only a file that was tried can be stored."))
    asked = {**tried.parameters, "layer": tried.result["layer"], "tried": str(tried.uuid)}
    new = NewJob(kind=STORE, parameters=asked, actor=asker().email)
    return _to_job(connections().write(ask_to_store, tried, new))


@blueprint.post("/imports/jobs/<uuid:job>/discard")
@needs(Permission.DATA_IMPORT)
def discard(job: uuid_module.UUID) -> Response:
    """Remove the file, with the rows of it that were rejected."""
    uploads().discard(_file_of(_seen(job))["upload"])
    return Response(status=HTTPStatus.SEE_OTHER, headers={"Location": url_for("imports.show_imports")})


@blueprint.get("/imports/jobs/<uuid:job>/rejected.csv")
@needs(Permission.DATA_IMPORT)
def rejected_rows(job: uuid_module.UUID) -> Response:
    """Give the rows with errors, as they came, to whoever brought them, to be mended and brought again."""
    tried = _seen(job)
    file = uploads().rejected(_file_of(tried)["upload"], job)
    if tried.actor != asker().email or not file.is_file():
        raise UnknownUploadError(_("There are no rejected rows of yours, or they are no longer there."))
    return send_file(file, mimetype="text/csv", as_attachment=True, download_name=REJECTED_NAME)


@blueprint.post("/imports/jobs/<uuid:job>/cancel")
@needs(Permission.DATA_IMPORT)
def cancel(job: uuid_module.UUID) -> Response:
    """End a job: nothing of it is stored."""
    return _to_job(connections().write(store.ask_to_cancel, _seen(job).uuid))


@blueprint.post("/imports/jobs/<uuid:job>/again")
@needs(Permission.DATA_IMPORT)
def start_again(job: uuid_module.UUID) -> Response:
    """Start once more what came to no result."""
    return _to_job(connections().write(store.again, _seen(job).uuid, actor=asker().email))


def _seen(job: uuid_module.UUID) -> Job:
    """Return a job that imports, if it is for whoever asks."""
    return connections().read(import_page_data.seen_job, job, viewer())


@blueprint.get("/imports/<int:number>")
@needs(Permission.DATA_IMPORT)
def show_import(number: int) -> str:
    """Show what one import changed."""
    found = connections().read(import_page_data.import_page, number, viewer().permissions)
    return render_template("import.html", page="imports", found=found)


@blueprint.post("/imports/<int:number>/take-back")
@needs(Permission.DATA_IMPORT)
def take_back(number: int) -> Response:
    """Remove again what an import brought."""
    found = connections().read(number_of, str(number))
    return _asked(TAKE_BACK, {"number": found})


def _file_of(job: Job) -> dict[str, Any]:
    if "upload" not in job.parameters:
        raise JobStateError(_("This is not about a file."))
    return {"upload": job.parameters["upload"], "file": job.parameters["file"]}


def _asked(kind: str, parameters: Mapping[str, Any]) -> Response:
    """Ask for a job and lead to its page."""
    return _to_job(connections().write(store.add, NewJob(kind=kind, parameters=parameters, actor=asker().email)))


def _to_job(job: Job) -> Response:
    address = url_for("imports.show_job", job=job.uuid)
    return Response(status=HTTPStatus.SEE_OTHER, headers={"Location": address})
