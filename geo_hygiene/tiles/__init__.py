"""Vector tiles, cut by the database from the kept Web Mercator geometry as the layers declare it.

A tile of several layers is one question: the encoded layers are joined byte by byte, which the format allows. Nothing
in a tile names a person.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, func, literal, select
from sqlalchemy.sql.elements import ColumnElement

from geo_hygiene.campaigns.catalogue import CampaignRecord, campaign_of
from geo_hygiene.campaigns.pieces import subjects as campaign_subjects
from geo_hygiene.coverage import versions
from geo_hygiene.coverage.duties import DutyRecord, duty_of, office_day
from geo_hygiene.errors import GeoHygieneError, UnknownLayerError
from geo_hygiene.i18n import _
from geo_hygiene.layers import layer_of
from geo_hygiene.layerspec import MapLayer
from geo_hygiene.tiles import campaign, cover
from geo_hygiene.tiles.grid import MOST_ZOOM
from geo_hygiene.tiles.kept import KeptTile, Shelf, program
from geo_hygiene.tiles.layers import layer_parts, needs_duty, subjects
from geo_hygiene.tiles.statements import MOST_KEPT, TileStatement
from geo_hygiene.tiles.tile import Tile
from geo_hygiene.zoning.drafts import DraftRecord, draft_of_duty

__all__ = [
    "CAMPAIGN",
    "COVER",
    "MOST_ZOOM",
    "CampaignMissingError",
    "DutyMissingError",
    "KeptTile",
    "Shelf",
    "Tile",
    "TileQuestion",
    "cut_tile",
]

COVER, CAMPAIGN = "cover", "campaign"
"""Keys under which the pieces of a duty and of a campaign are asked, beside the layers' keys."""


class DutyMissingError(GeoHygieneError):
    """A tile shows zones or cover, and the question names no duty."""


class CampaignMissingError(GeoHygieneError):
    """A tile shows what a campaign reached, and the question names no campaign."""


@dataclass(frozen=True, kw_only=True)
class TileQuestion:
    """Which tile of which layers, on which day.

    ``duty`` is needed where cover or zones are asked, ``campaign`` (code or id) where a campaign is. Without a day it
    is that on which the campaign is shown, else today. With a ``draft`` (name or id) cover is as it would be with it.
    """

    keys: tuple[str, ...]
    z: int
    x: int
    y: int
    on: date | None = None
    duty: str | None = None
    campaign: str | None = None
    draft: str | None = None


def cut_tile(connection: Connection, question: TileQuestion, holds: Callable[[str], bool]) -> Tile:
    """Return a tile, or only its tag when the asker holds it.

    Parameters
    ----------
    connection
        Reads only; the version and the tile are of one state of the data if its transaction is repeatable read.
    holds
        Tells whether the asker has the version with a tag.

    Raises
    ------
    UnknownLayerError
        If a key names no layer that has tiles.
    DutyMissingError, CampaignMissingError
        If a layer needs a duty or a campaign and none is given.
    UnknownRecordError
        If the duty or campaign does not exist.
    """
    layers = tuple(_mapped_layer(key) for key in question.keys if key not in (COVER, CAMPAIGN))
    duty, shown = _duty(connection, question, layers), _campaign(connection, question)
    draft = _draft(connection, question, duty)
    today, ends = office_day(connection)
    asked = _Asked(question, question.on or (shown.shown_on(today) if shown else today), layers, duty, shown, draft)
    found = versions.by_subject(connection, _subjects(asked))
    tag = _tag(connection, asked, found)
    return Tile(
        tag=tag,
        versions=found,
        until=ends.timestamp() if question.on is None else None,
        content=None if holds(tag) else _cut(connection, asked),
    )


@dataclass(frozen=True)
class _Asked:
    """A question with the records that it names."""

    question: TileQuestion
    on: date
    layers: tuple[MapLayer, ...]
    duty: DutyRecord | None
    campaign: CampaignRecord | None
    draft: DraftRecord | None


def _cut(connection: Connection, asked: _Asked) -> bytes:
    question, shown = asked.question, asked.campaign
    values = {
        "z": question.z,
        "x": question.x,
        "y": question.y,
        "on": asked.on,
        "duty_id": asked.duty.id if asked.duty else None,
        "campaign_id": shown.id if shown else None,
        "limit_days": shown.limit_days if shown else None,
        "draft_id": asked.draft.id if asked.draft else None,
    }
    content = b""
    statement = _layers_statement(tuple(layer.key for layer in asked.layers), question.z)
    if statement is not None:
        content += statement.value(connection, values)
    if COVER in question.keys:
        content += cover.cover_bytes(connection, values)
    if CAMPAIGN in question.keys:
        content += campaign.campaign_bytes(connection, values)
    return content


def _mapped_layer(key: str) -> MapLayer:
    layer = layer_of(key)
    if not layer.on_map:
        raise UnknownLayerError(_("“%(title)s” is not on the map.", title=_(layer.title)))
    return layer


def _duty(connection: Connection, question: TileQuestion, layers: tuple[MapLayer, ...]) -> DutyRecord | None:
    if COVER not in question.keys and not any(needs_duty(layer) for layer in layers):
        return None
    if question.duty is None:
        raise DutyMissingError(_("These layers show a duty: name it with duty=."))
    return duty_of(connection, question.duty)


def _draft(connection: Connection, question: TileQuestion, duty: DutyRecord | None) -> DraftRecord | None:
    if question.draft is None or duty is None:
        return None
    return draft_of_duty(connection, duty, question.draft)


def _campaign(connection: Connection, question: TileQuestion) -> CampaignRecord | None:
    if CAMPAIGN not in question.keys:
        return None
    if question.campaign is None:
        raise CampaignMissingError(_("The tile shows what a campaign reached: name it with campaign=."))
    return campaign_of(connection, question.campaign)


def _subjects(asked: _Asked) -> set[str]:
    """Return whose data versions the tile depends on; the office, whose day it is, is an area."""
    wanted = {subject for layer in asked.layers for subject in subjects(layer)}
    if asked.question.on is None:
        wanted.add("areas")
    if asked.duty is not None:
        wanted |= {f"duty:{asked.duty.code}", asked.duty.target_kind}
    if asked.campaign is not None:
        wanted |= campaign_subjects(asked.campaign)
    return wanted


def _tag(connection: Connection, asked: _Asked, found: Mapping[str, int]) -> str:
    """Return the tag of everything that the tile depends on: its address, this program, the data it is cut from."""
    place = connection.engine.url.render_as_string(hide_password=True)
    known = (program(), place, asked.question, asked.on, asked.draft, sorted(found.items()))
    return hashlib.sha256(repr(known).encode()).hexdigest()[:20]


@lru_cache(maxsize=MOST_KEPT)
def _layers_statement(keys: tuple[str, ...], zoom: int) -> TileStatement | None:
    """Return the statement that cuts these layers at a zoom; ``None`` where none is shown."""
    encoded = [part for key in keys for part in layer_parts(layer_of(key), zoom)]
    if not encoded:
        return None
    whole: ColumnElement[Any] = func.coalesce(encoded[0], literal(b""))
    for part in encoded[1:]:
        whole = whole.concat(func.coalesce(part, literal(b"")))
    return TileStatement.of(select(whole))
