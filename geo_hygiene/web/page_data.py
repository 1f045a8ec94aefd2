"""What pages show, asked in one reading of the database each; no request is known here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeVar

from pydantic import ValidationError
from sqlalchemy import Connection

from geo_hygiene import features, maps
from geo_hygiene.coverage import questions
from geo_hygiene.coverage.duties import DutyRecord, all_duties, duty_of, today
from geo_hygiene.coverage.junctions import with_lanes
from geo_hygiene.coverage.summary import Level, Summary, summarize
from geo_hygiene.features.catalogue import Extent
from geo_hygiene.i18n import _
from geo_hygiene.layers import LAYERS
from geo_hygiene.layers.duty_zones import SHIFTS
from geo_hygiene.layers.tables import ROLES
from geo_hygiene.layerspec import Choice, MapLayer, Role
from geo_hygiene.permissions import Areas
from geo_hygiene.web.parameters import Day, Limit, PageKey, Parameters, RowNumber, Spoken, State, Text, Word, title_of

TABLE_ROWS = 50
TABLE_AREAS = 100


@dataclass(frozen=True, kw_only=True)
class MapPage:
    """The map page: where it looks, and what its scripts read."""

    extent: Extent | None
    config: dict[str, Any]


class _MapWords(Spoken, extra="ignore"):
    """The words of a map's address that the server reads; a browser may keep others."""

    duty: Word | None = None
    on: Day | None = None
    layers: Text | None = None
    select: Text | None = None


def unreadable(*words: str) -> str:
    """Return the notice of words of an address that were not understood."""
    told = _(", ").join(dict.fromkeys(title_of(word) for word in words))
    return _("The address could not be read as a whole, and this is shown as usual: %(words)s.", words=told)


Words = TypeVar("Words", bound=Parameters)


def readable(model: type[Words], words: Mapping[str, str]) -> tuple[Words, str | None]:
    """Return the words that can be read, and a notice of the others; an address that a person kept is never refused."""
    try:
        return model.model_validate(dict(words)), None
    except ValidationError as error:
        wrong = [str(finding["loc"][0]) for finding in error.errors() if finding["loc"]]
        kept = {name: word for name, word in words.items() if name not in wrong}
        return model.model_validate(kept), unreadable(*wrong)


def map_page(connection: Connection, words: Mapping[str, str]) -> MapPage:
    """Return the map page for an address; what can not be read falls back and is said in ``notice``."""
    read, notice = readable(_MapWords, words)
    duties = all_duties(connection)
    now = today(connection)
    duty = next((duty for duty in duties if duty.code == (read.duty or duties[0].code)), None)
    extent = features.extent(connection, read.on or now)
    if duty is None:
        notice = unreadable("duty")
    if extent is None:
        notice = _("There is no data yet. The start page tells how to load your own files.")
    offered = maps.switches(LAYERS.values())
    config = {
        "extent": extent,
        "today": now.isoformat(),
        "duty": (duty or duties[0]).code,
        "on": (read.on or now).isoformat(),
        "duties": [_duty_words(connection, each) for each in duties],
        "layers": [layer_words(layer) for layer in offered],
        "usual": usual_layers(),
        "roles": titles(ROLES),
        "shifts": titles(SHIFTS),
        "categories": category_titles(),
        "kind_titles": kind_titles(),
        "api": "/api/v1",
        "tiles": "/tiles",
        "notice": notice,
    }
    return MapPage(extent=extent, config=config)


def titles(choices: Iterable[Choice]) -> dict[str, str]:
    """Return the words for the values of a field."""
    return {choice.value: _(choice.title) for choice in choices}


def category_titles() -> dict[str, str]:
    """Return the words for the values that colour the layers on the map."""
    return {
        value: title
        for layer in LAYERS.values()
        if layer.on_map
        for attribute in layer
        for value, title in titles(attribute.choices).items()
    }


def kind_titles() -> dict[str, str]:
    """Return the words for the kinds of targets."""
    return {layer.key: _(layer.title) for layer in LAYERS.values() if layer.is_target}


def usual_layers() -> list[str]:
    """Return the keys of the layers that are on a map unless its address says otherwise."""
    offered = maps.switches(LAYERS.values())
    return [layer.key for layer in offered if layer.style is not None and layer.style.visible]


def layer_words(layer: MapLayer) -> dict[str, Any]:
    """Return what a page says of a layer that can be switched."""
    return {"key": layer.key, "title": _(layer.title), "names": layer.draws is not None}


def _duty_words(connection: Connection, duty: DutyRecord) -> dict[str, Any]:
    return {
        "code": duty.code,
        "title": duty.title,
        "kind": duty.target_kind,
        "unit": duty.unit,
        "bundle": duty.layer.grouping.model.__tablename__ if duty.layer.grouping is not None else None,
        "days": [day.isoformat() for day in questions.plan_days(connection, duty)],
    }


class TableParameters(Spoken, extra="ignore"):
    """The filters of the table and its place in it."""

    duty: Word = "sweeping"
    on: Day | None = None
    state: State | None = None
    community: Text | None = None
    group: Text | None = None
    lane: Text | None = None
    zone: Text | None = None
    person: Text | None = None
    sort: questions.Order = questions.Order.LENGTH
    limit: Limit = TABLE_ROWS
    after: PageKey | None = None
    row: RowNumber = 1
    areas_after: Text | None = None

    def wanted(self, within: Areas) -> questions.PieceFilter:
        """Return the filters as a question; people are looked for within some areas."""
        return questions.PieceFilter(
            state=self.state,
            community=self.community,
            group=self.group,
            lane=self.lane,
            zone=self.zone,
            person=self.person,
            within=within,
        )

    def words(self, **changes: Any) -> dict[str, str]:
        """Return what an address says of these parameters after changes; ``None`` takes a word out."""
        kept = self.model_dump(exclude_defaults=True) | {"duty": self.duty} | changes
        if kept.get("after") is None:
            kept["row"] = None
        return {name: str(value) for name, value in kept.items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class Table:
    """Everything of the map in rows; of the communities with their figures, a page."""

    on: date
    duty: DutyRecord
    duties: list[DutyRecord]
    communities: dict[str, str]
    summary: Summary
    page: questions.Page
    first: int

    @property
    def last(self) -> int:
        """Return the number of the last row of the page."""
        return self.first + len(self.page.rows) - 1

    @property
    def name_title(self) -> str:
        """Return the word for what names a row: the lane, the drain, or the code of a place."""
        layer = self.duty.layer
        named = layer.with_role(Role.GROUP_NAME) or layer.with_role(Role.CODE)
        return _(named.title) if named is not None else ""


def table(connection: Connection, asked: TableParameters, within: Areas) -> Table:
    """Return a page of pieces with the figures of the day by community; people are looked for within some areas."""
    duty = duty_of(connection, asked.duty)
    on = asked.on or today(connection)
    wanted = asked.wanted(within)
    page = questions.pieces(connection, duty, on, wanted=wanted, order=asked.sort, limit=asked.limit, after=asked.after)
    total = questions.piece_count(connection, duty, on, wanted) if asked.after or page.next else len(page.rows)
    return Table(
        on=on,
        duty=duty,
        duties=all_duties(connection),
        communities=features.communities(connection, on),
        summary=summarize(
            connection, duty, on, Level.COMMUNITY, outside=False, limit=TABLE_AREAS, after=asked.areas_after
        ),
        page=replace(page, rows=with_lanes(connection, duty.layer, on, page.rows), total=total),
        first=asked.row,
    )
