"""Work on places is written here, with its cover, in the caller's transaction."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from psycopg2.extras import Json
from sqlalchemy import Connection

from geo_hygiene.coverage.writing import NewWork, add_work, remove_work
from geo_hygiene.database import write_rows

DETAILS = (
    *("work_kind", "external_id", "lane", "from_m", "to_m", "radius_m", "disorder", "volume_m3", "pieces", "area_m2"),
    *("team", "truck", "note"),
)
"""The columns of ``work`` that are written as they are told."""

INSERT = f"""
insert into work (id, source_key, geom, extra, {", ".join(DETAILS)})
select
    given.id, given.source_key, ST_GeomFromWKB(given.place::bytea, 4326), given.extra::jsonb, given.work_kind,
    given.external_id, given.lane, given.from_m::numeric, given.to_m::numeric, given.radius_m::numeric,
    given.disorder, given.volume_m3::numeric, given.pieces::int, given.area_m2::numeric,
    given.team, given.truck, given.note
from (values %s) as given (id, source_key, place, extra, {", ".join(DETAILS)})
"""  # noqa: S608 - constants

ADD_NUMBERS = "insert into advert_number (work_id, digest) values %s"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWorkOnPlace:
    """Work to be written; ``details`` are the columns that its record has beside these.

    Attributes
    ----------
    place
        WKB of a point in EPSG:4326, for work that has one.
    digests
        Hashes of the telephone numbers on removed adverts; see :func:`digest`.
    """

    work: NewWork
    source_key: str
    place: bytes | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    digests: frozenset[bytes] = frozenset()


def add_works(connection: Connection, works: Sequence[NewWorkOnPlace], *, import_id: int | None = None) -> list[int]:
    """Write work with its cover; return the claims' ids in the order of the works."""
    claim_ids = add_work(connection, [one.work for one in works], import_id=import_id)
    rows = [
        (claim_id, one.source_key, one.place, Json(one.extra), *(one.details.get(name) for name in DETAILS))
        for claim_id, one in zip(claim_ids, works, strict=True)
    ]
    write_rows(connection, INSERT, rows)
    numbers = [
        (claim_id, number) for claim_id, one in zip(claim_ids, works, strict=True) for number in sorted(one.digests)
    ]
    write_rows(connection, ADD_NUMBERS, numbers)
    return claim_ids


def remove_works(connection: Connection, claim_ids: Iterable[int]) -> None:
    """Delete work that is replaced by a correction, with its cover."""
    remove_work(connection, claim_ids)


def digest(secret: bytes, number: str) -> bytes:
    """Return the keyed hash of a telephone number; ``number`` is its digits."""
    return hmac.digest(secret, number.encode(), hashlib.sha256)
