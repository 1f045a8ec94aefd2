"""Where two lines meet, and as which one line they go on."""

from __future__ import annotations

from datetime import date

import numpy as np
import shapely
from sqlalchemy import Connection, text

from geo_hygiene.assets.mistakes import WrongAssetError
from geo_hygiene.assets.records import GROUP_ROLES, AssetRecord, hand_fields, read_assets
from geo_hygiene.crs import GEOD
from geo_hygiene.i18n import gettext as _

NODE_M = 0.01
"""Ends within a centimetre are one node."""

LEVEL = "level"
"""Field of what passes over or under other lines."""

AROUND = """
select id from target
where kind = :kind and valid_from <= :on and :on < valid_to
    and geom && ST_Expand(ST_SetSRID(ST_MakePoint(:lon, :lat), 4326), 0.000001)
order by id
"""

Place = tuple[float, float]


def end_to_end(connection: Connection, one: AssetRecord, other: AssetRecord, on: date) -> shapely.LineString:
    """Return two lines as one, in the direction of the first.

    Raises
    ------
    WrongAssetError
        If they do not meet at one end each, or others meet them there.
    """
    if one.id == other.id:
        raise WrongAssetError("other", _("A line is joined with another one."))
    if one.values.get(LEVEL) != other.values.get(LEVEL):
        raise WrongAssetError("other", _("The lines are of different levels."))
    meet = [(at, to) for at in (0, -1) for to in (0, -1) if _are_one(_end(one, at), _end(other, to))]
    names = {"one": one.called, "other": other.called}
    if not meet:
        raise WrongAssetError("other", _("“%(one)s” and “%(other)s” do not meet at an end.", **names))
    if len(meet) > 1:
        raise WrongAssetError("other", _("“%(one)s” and “%(other)s” make a ring; a ring is two lines.", **names))
    at, to = meet[0]
    count = _count_at(connection, one, _end(one, at), on)
    if count > 2:  # noqa: PLR2004 - the two that are to be joined
        raise WrongAssetError(
            "other", _("%(count)s lines meet where these two do: they are not joined across it.", count=count)
        )
    mine, its = _places(one), _places(other)
    if at == 0:
        return shapely.LineString(np.concatenate((its[::-1] if to == 0 else its, mine[1:])))
    return shapely.LineString(np.concatenate((mine[:-1], its if to == 0 else its[::-1])))


def demand_one_lane(one: AssetRecord, other: AssetRecord) -> None:
    """Refuse two lines of different lanes or drains.

    Raises
    ------
    WrongAssetError
        If they are: then somebody must say to which the one belongs.
    """
    group = [field.name for field in hand_fields(one.layer) if field.role in GROUP_ROLES]
    mine, its = ([asset.values[name] for name in group] for asset in (one, other))
    if mine != its:
        raise WrongAssetError(
            f"fields.{group[-1]}",
            _(
                "“%(one)s” belongs to %(mine)s and “%(other)s” to %(its)s: say to which they belong as one.",
                one=one.called,
                other=other.called,
                mine=_told(mine),
                its=_told(its),
            ),
        )


def _told(names: list[str | None]) -> str:
    return next((name for name in names if name), None) or _("none")


def _places(asset: AssetRecord) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.asarray(shapely.get_coordinates(asset.shape))


def _end(asset: AssetRecord, at: int) -> Place:
    lon, lat = _places(asset)[at].tolist()
    return lon, lat


def _are_one(one: Place, other: Place) -> bool:
    return bool(GEOD.inv(*one, *other)[2] <= NODE_M)


def _count_at(connection: Connection, asset: AssetRecord, place: Place, on: date) -> int:
    """Return how many lines of a level end at a place on a day."""
    asked = {"kind": asset.layer.key, "on": on, "lon": place[0], "lat": place[1]}
    near = read_assets(connection, asset.layer, connection.scalars(text(AROUND), asked))
    return sum(
        _are_one(_end(line, at), place)
        for line in near
        if line.values.get(LEVEL) == asset.values.get(LEVEL)
        for at in (0, -1)
    )
