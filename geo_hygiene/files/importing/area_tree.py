"""The tree of areas: each belongs to one of a higher level."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

from geo_hygiene.files.findings import Code, Finding
from geo_hygiene.files.importing.batch import Batch
from geo_hygiene.i18n import N_
from geo_hygiene.layerspec import Role

HEIGHT = {"office": 2, "community": 1, "group": 0}
"""How high a level stands in the tree."""


def tree_findings(connection: Connection, batch: Batch) -> list[Finding]:
    """Return an error for each row that belongs to an area that is unknown, or not above it."""
    if batch.layer.with_role(Role.PARENT) is None:
        return []
    levels = _stored_levels(connection)
    codes, own = batch.role(Role.CODE), batch.values("level")
    levels |= {codes[row]: own[row] for row in batch.rows if codes[row] is not None}
    findings = []
    for row, parent in _said(batch):
        level = levels.get(parent)
        if level is None:
            text_ = N_("There is no area “%(code)s”, neither in the file nor stored.")
        elif HEIGHT[level] <= HEIGHT.get(own[row], -1):
            text_ = N_("The area “%(code)s” is of no higher level.")
        else:
            continue
        field = batch.layer.with_role(Role.PARENT)
        findings.append(
            Finding(
                Code.UNKNOWN_CODE,
                text_,
                row=int(batch.numbers[row]),
                field=field.name if field else None,
                value=str(parent),
                values={"code": parent},
            )
        )
    return findings


def parent_ids(connection: Connection, batch: Batch) -> list[tuple[str, int]]:
    """Return the key of each row that names an area above it, with the id of that area."""
    ids: dict[str, int] = {
        row.code: row.id
        for row in connection.execute(text("select code, id from area where code is not null order by valid_to, id"))
    }
    return [(batch.keys[row], ids[parent]) for row, parent in _said(batch) if parent in ids]


def _said(batch: Batch) -> Sequence[tuple[int, Any]]:
    parents = batch.role(Role.PARENT)
    return [(row, parents[row]) for row in batch.rows if parents[row] is not None]


def _stored_levels(connection: Connection) -> dict[Any, str]:
    statement = text("select code, level from area where code is not null and valid_to = 'infinity'")
    return {row.code: row.level for row in connection.execute(statement)}
