"""Fields that many layers have in common."""

from __future__ import annotations

from typing import Any

from geo_hygiene.i18n import N_
from geo_hygiene.layerspec.declarations import Attribute
from geo_hygiene.layerspec.words import FieldType, Role


def identity_fields(
    model: Any, *, code_aliases: tuple[str, ...] = (), code_from_zoom: int | None = None
) -> tuple[Attribute, ...]:
    """Return the fields ``id`` and ``code`` that most layers begin with; ``code_from_zoom`` as ``from_zoom``."""
    return (
        Attribute(name="id", title=N_("Id"), column=model.uuid, role=Role.UUID, type=FieldType.UUID, from_zoom=14),
        Attribute(
            name="code",
            title=N_("Code"),
            column=model.code,
            role=Role.CODE,
            aliases=("编号", "编码", "代码", "number", "no", *code_aliases),
            from_zoom=code_from_zoom,
        ),
    )


def place_fields() -> tuple[Attribute, ...]:
    """Return the computed codes of the areas that a target lies in."""
    return (
        Attribute(name="office", title=N_("Office"), role=Role.OFFICE),
        Attribute(name="community", title=N_("Community"), role=Role.COMMUNITY),
        Attribute(name="group", title=N_("Resident group"), role=Role.RESIDENT_GROUP),
    )


def work_field() -> Attribute:
    """Return the minutes a day that a target takes by the work model."""
    return Attribute(name="work_min", title=N_("Working time"), role=Role.WORK, type=FieldType.NUMBER, unit="min")


def coordinate_fields() -> tuple[Attribute, ...]:
    """Return longitude and latitude of rows without a geometry."""
    return (
        Attribute(
            name="lon",
            title=N_("Longitude"),
            role=Role.LONGITUDE,
            type=FieldType.NUMBER,
            minimum=-180,
            maximum=180,
            aliases=("经度", "东经", "longitude", "lng", "x"),
        ),
        Attribute(
            name="lat",
            title=N_("Latitude"),
            role=Role.LATITUDE,
            type=FieldType.NUMBER,
            minimum=-90,
            maximum=90,
            aliases=("纬度", "北纬", "latitude", "y"),
        ),
    )


def address_fields(model: Any = None) -> tuple[Attribute, ...]:
    """Return lane and house number; without a ``model`` that stores them they only say where a row lies."""
    return (
        Attribute(
            name="lane",
            title=N_("Lane"),
            column=None if model is None else model.lane,
            role=Role.LANE,
            aliases=("街巷", "道路", "路名", "所在道路", "所在街巷", "street"),
        ),
        Attribute(
            name="house_number",
            title=N_("House number"),
            column=None if model is None else model.house_number,
            role=Role.HOUSE_NUMBER,
            aliases=("门牌号", "门牌", "housenumber"),
        ),
    )


def address_field() -> Attribute:
    """Return a field of words that name a lane and a house number in one."""
    return Attribute(
        name="address",
        title=N_("Address"),
        role=Role.ADDRESS,
        aliases=("地址", "详细地址", "经营地址", "所在地址", "位置"),
    )


def period_fields(model: Any) -> tuple[Attribute, ...]:
    """Return the half-open period of a record; ``valid_to`` is exclusive."""
    return (
        Attribute(
            name="valid_from",
            title=N_("Valid from"),
            column=model.valid_from,
            role=Role.VALID_FROM,
            type=FieldType.DATE,
            aliases=("起", "开始日期", "生效日期", "from", "start"),
        ),
        Attribute(
            name="valid_to",
            title=N_("Valid until (exclusive)"),
            column=model.valid_to,
            role=Role.VALID_TO,
            type=FieldType.DATE,
            aliases=("止", "结束日期", "失效日期", "to", "until", "end"),
        ),
    )
