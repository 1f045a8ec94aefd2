"""Who holds which zone when; a change here writes no cover, only what is vacant."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, text

from geo_hygiene.coverage.answers import refresh
from geo_hygiene.coverage.duties import all_duties
from geo_hygiene.coverage.locks import lock_duties
from geo_hygiene.coverage.versions import bump


def assignments_changed(connection: Connection, zone_codes: Iterable[str]) -> None:
    """Bring the kept answers in line after assignments to these zones were written, ended or removed."""
    # of every duty: a zone of this code may be on its way in any of them
    lock_duties(connection, [duty.id for duty in all_duties(connection)])
    rows = connection.execute(
        text(
            "select distinct claim.duty_id, cover.target_id from duty_zone"
            " join claim using (id) join cover using (source_id) where duty_zone.code = any(:codes)"
        ),
        {"codes": sorted(set(zone_codes))},
    ).all()
    refresh(connection, {row.duty_id for row in rows}, {row.target_id for row in rows})
    bump(connection, ["duty-zones"])
