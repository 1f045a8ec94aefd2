"""Take the sample town out of a database: its records, known by their import runs, and nothing else."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, delete, func, select

from geo_hygiene.coverage.locks import lock_everything
from geo_hygiene.coverage.targets import areas_changed
from geo_hygiene.coverage.versions import bump
from geo_hygiene.errors import GeoHygieneError
from geo_hygiene.files.importing.run import IMPORT_LOCK
from geo_hygiene.files.removal import Removal
from geo_hygiene.i18n import ngettext
from geo_hygiene.layers import LAYERS
from geo_hygiene.records.imports import SAMPLE, ImportRun

NAMED = 8
"""Own records that a refusal names one by one."""


class SampleInUseError(GeoHygieneError):
    """Records of the user that would lose what they rest on."""


def clear(bind: Engine) -> int:
    """Remove the sample town; return how many records went.

    Parameters
    ----------
    bind
        Of the service role.

    Raises
    ------
    SampleInUseError
        If own records rest on sample records; the message names them, and nothing is removed.
    """
    sample = Removal(select(ImportRun.id).where(ImportRun.origin == SAMPLE))
    with bind.begin() as connection:
        connection.execute(select(func.pg_advisory_xact_lock(IMPORT_LOCK)))
        lock_everything(connection)
        _refuse_if_used(connection, sample)
        removed = sample.remove(connection)
        if removed:
            areas_changed(connection)
            bump(connection, LAYERS)
        connection.execute(delete(ImportRun).where(ImportRun.origin == SAMPLE))
        return removed


def _refuse_if_used(connection: Connection, sample: Removal) -> None:
    found = sample.resting(connection)
    if not found:
        return
    names = ", ".join(dict.fromkeys(found[:NAMED])) + (" …" if len(found) > NAMED else "")
    raise SampleInUseError(
        ngettext(
            "The sample town stays, because %(count)s record of yours rests on it: %(names)s",
            "The sample town stays, because %(count)s records of yours rest on it: %(names)s",
            len(found),
            names=names,
        )
    )
