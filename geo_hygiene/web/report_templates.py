"""The page of the Word template from which reports are written: taken along, brought, and left again."""

from __future__ import annotations

import io
from http import HTTPStatus

from flask import Blueprint, Response, render_template, request, send_file, url_for

from geo_hygiene.coverage.duties import in_office, office_timezone
from geo_hygiene.i18n import current_locale
from geo_hygiene.permissions import Permission
from geo_hygiene.reports.annual import FIGURES
from geo_hygiene.reports.annual.kept import forget_template, keep_template, kept_template, template_of
from geo_hygiene.reports.annual.outline import default_template
from geo_hygiene.reports.annual.template import MOST_BYTES, TemplateError, too_big
from geo_hygiene.web.access import asker, needs
from geo_hygiene.web.api.uploads import uploads
from geo_hygiene.web.connections import connections
from geo_hygiene.web.imports import UploadForm
from geo_hygiene.web.reports import KINDS

blueprint = Blueprint("report_templates", __name__)


@blueprint.get("/reports/template")
@needs(Permission.DATA_IMPORT)
def show_template() -> str:
    """Show which template reports of the reader's language are written from."""
    return _page([])


@blueprint.get("/reports/template.docx")
@needs(Permission.DATA_IMPORT)
def give_template() -> Response:
    """Give the template of the office, or the program's where it has none, to be edited."""
    content = connections().read(template_of, current_locale()) or default_template()
    return send_file(io.BytesIO(content), mimetype=KINDS["docx"], as_attachment=True, download_name="template.docx")


@blueprint.post("/reports/template")
@needs(Permission.DATA_IMPORT)
def bring_template() -> Response | tuple[str, int]:
    """Keep a template that was brought, or say what is wrong with it."""
    form = UploadForm.model_validate(request.form.to_dict())
    with uploads().file(str(form.upload)).open("rb") as file:
        content = file.read(MOST_BYTES + 1)
    uploads().discard(str(form.upload))
    try:
        connections().write(keep_template, current_locale(), form.file, content, asker().email)
    except TemplateError as error:
        return _page(error.findings), HTTPStatus.UNPROCESSABLE_ENTITY
    return _to_page()


@blueprint.post("/reports/template/forget")
@needs(Permission.DATA_IMPORT)
def leave_template() -> Response:
    """Write reports from the program's template again."""
    connections().write(forget_template, current_locale(), asker().email)
    return _to_page()


def _page(findings: tuple[str, ...] | list[str]) -> str:
    kept = connections().read(kept_template, current_locale())
    stored_at = kept and in_office(kept.stored_at, connections().read(office_timezone))
    return render_template(
        "report_template.html",
        page="reports",
        kept=kept,
        stored_at=stored_at,
        findings=findings,
        largest=MOST_BYTES,
        too_big=too_big(),
        figures=FIGURES,
    )


def _to_page() -> Response:
    address = url_for("report_templates.show_template")
    return Response(status=HTTPStatus.SEE_OTHER, headers={"Location": address})
