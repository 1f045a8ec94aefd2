"""Files for an import, as they come from the browser: the body is the file."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from flask import Response, current_app, jsonify, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import Field
from werkzeug.exceptions import ClientDisconnected

from geo_hygiene.files.uploads import LONGEST_NAME, UploadRefusedError, Uploads
from geo_hygiene.i18n import _
from geo_hygiene.permissions import Permission
from geo_hygiene.web.access import needs
from geo_hygiene.web.api.answer_models import UploadAnswer
from geo_hygiene.web.errors import PROBLEMS
from geo_hygiene.web.parameters import Parameters
from geo_hygiene.web.security import WHOLE_BODY

EXTENSION = "geo_hygiene_uploads"
CHUNK = 256 * 1024

blueprint = APIBlueprint(
    "uploads", __name__, url_prefix="/api/v1", abp_tags=[Tag(name="imports")], abp_responses=PROBLEMS
)


class UploadParameters(Parameters):
    """What the file is called, and the upload that it is another part of."""

    name: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)] = Field(description="Name of the file")
    upload: UUID | None = Field(None, description="Upload of the other parts of a shapefile")


def uploads() -> Uploads:
    """Return where the current application keeps what it is brought."""
    found = current_app.extensions[EXTENSION]
    if not isinstance(found, Uploads):
        raise TypeError("the application was not made by create_app")
    return found


@blueprint.post("/uploads", summary="Bring a file", responses={201: UploadAnswer})
@needs(Permission.DATA_IMPORT)
def bring(query: UploadParameters) -> Response:
    """Keep a file for its import; 200 MB at most, for a day."""
    if request.mimetype != WHOLE_BODY:
        raise UploadRefusedError(_("The body of the request must be the file itself, as application/octet-stream."))
    upload = uploads().keep(query.name, _chunks(), size=request.content_length, upload=query.upload)
    answer = jsonify(upload=str(upload), name=query.name)
    answer.status_code = HTTPStatus.CREATED
    return answer


def _chunks() -> Iterator[bytes]:
    """Yield the body as it comes.

    Raises
    ------
    ClientDisconnected
        If the rest of it does not come.
    """
    while True:
        try:
            chunk = request.stream.read(CHUNK)
        except OSError as error:
            raise ClientDisconnected from error
        if not chunk:
            return
        yield chunk
