"""Whether the application lives, whether it can answer, and which one it is."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version

from flask import Blueprint, Response, jsonify
from sqlalchemy import Connection

from geo_hygiene import database
from geo_hygiene.i18n import _
from geo_hygiene.web.access import Door, needs
from geo_hygiene.web.connections import connections
from geo_hygiene.web.errors import NotReadyError

blueprint = Blueprint("health", __name__)


@cache
def _head() -> str:
    return database.head_revision()


@cache
def release() -> str:
    """Return the version of this program."""
    return version("geo_hygiene")


def readiness(connection: Connection) -> dict[str, str]:
    """Return what ``/readyz`` tells.

    Raises
    ------
    NotReadyError
        If the schema is not the one of this program, or the database may lose what it acknowledged.
    """
    revision = database.current_revision(connection)
    if revision != _head():
        sentence = _("The database has the schema %(revision)s and this program needs %(head)s: run `geo-hygiene up`.")
        raise NotReadyError(sentence % {"revision": revision or "–", "head": _head()})
    for setting, value in database.risky_settings(connection).items():
        sentence = _("The database runs with %(setting)s = %(value)s and could lose records.")
        raise NotReadyError(sentence % {"setting": setting, "value": value})
    return {"status": "ready", "database": "ok", "migration": revision}


@blueprint.get("/healthz")
@needs(Door.OPEN)
def alive() -> Response:
    """Say that the process answers."""
    return jsonify(status="alive")


@blueprint.get("/readyz")
@needs(Door.OPEN)
def ready() -> Response:
    """Say whether questions can be answered, or why not."""
    return jsonify(connections().read(readiness))


@blueprint.get("/version")
@needs(Door.OPEN)
def tell_version() -> Response:
    """Say which program this is."""
    return jsonify(name="geo_hygiene", version=release(), migration=_head())
