"""Treatments are written here, with their cover and what is kept of their campaigns, in the caller's transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from psycopg2.extras import Json
from sqlalchemy import Connection, text

from geo_hygiene.coverage.locks import lock_work
from geo_hygiene.coverage.reached import rebuild_reached, refresh_reached
from geo_hygiene.coverage.writing import NewWork, add_work, remove_work
from geo_hygiene.database import write_rows

MET = """
select distinct treatment.campaign_id, cover.target_id
from treatment
join claim using (id)
join cover using (source_id)
where treatment.id = any(:ids)
"""

DETAILS = ("external_id", "method", "product", "amount", "unit", "team", "radius_m")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTreatment:
    """A treatment to be written; ``details`` are the columns that its record has beside these."""

    work: NewWork
    campaign_id: int
    source_key: str
    details: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)


def add_treatments(
    connection: Connection, treatments: Sequence[NewTreatment], *, import_id: int | None = None
) -> list[int]:
    """Write treatments with their cover; return the claims' ids in the order of the treatments."""
    claim_ids = add_work(connection, [treatment.work for treatment in treatments], import_id=import_id)
    write_rows(
        connection,
        f"insert into treatment (id, campaign_id, source_key, {', '.join(DETAILS)}, extra) values %s",  # noqa: S608 - constants
        [
            (
                claim_id,
                treatment.campaign_id,
                treatment.source_key,
                *(treatment.details.get(name) for name in DETAILS),
                Json(treatment.extra),
            )
            for claim_id, treatment in zip(claim_ids, treatments, strict=True)
        ],
    )
    _refresh(connection, _met(connection, claim_ids))
    return claim_ids


def remove_treatments(connection: Connection, claim_ids: Iterable[int]) -> None:
    """Delete treatments that are replaced by a correction, with their cover."""
    ids = sorted(claim_ids)
    met = _met(connection, ids)
    remove_work(connection, ids)
    _refresh(connection, met)


def campaigns_changed(connection: Connection, codes: Iterable[str] | None = None) -> None:
    """Follow a change of what some campaigns must reach, or all."""
    lock_work(connection)  # a rebuild of everything beside it would not know of a new campaign, and forget it
    chosen = "select id from campaign where code = any(:codes)"
    ids = None if codes is None else connection.scalars(text(chosen), {"codes": sorted(codes)}).all()
    rebuild_reached(connection, ids)


def _met(connection: Connection, claim_ids: Sequence[int]) -> dict[int, list[int]]:
    """Return the targets that treatments meet, by campaign."""
    met: dict[int, list[int]] = defaultdict(list)
    for row in connection.execute(text(MET), {"ids": list(claim_ids)}):
        met[row.campaign_id].append(row.target_id)
    return met


def _refresh(connection: Connection, met: Mapping[int, Sequence[int]]) -> None:
    for campaign_id, target_ids in sorted(met.items()):
        refresh_reached(connection, target_ids, [campaign_id])
