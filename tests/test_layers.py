"""Every declared layer keeps the rules of a declaration; a new layer is tested the moment its file exists."""

from __future__ import annotations

import pkgutil
import re

import pytest
from sqlalchemy import Connection, inspect, text

from geo_hygiene import layers as layer_files
from geo_hygiene.errors import UnknownLayerError
from geo_hygiene.layers import LAYERS, layer_of
from geo_hygiene.layerspec import COMPUTED, MapLayer, Role
from geo_hygiene.records.claims import DUTY_TITLES
from geo_hygiene.records.targets import Target

every_layer = pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)

PUBLIC_KEYS = {
    "areas", "lanes", "street-segments", "drains", "drain-segments", "septic-tanks", "facilities", "water-bodies",
    "buildings", "duty-zones", "people", "posts", "assignments", "zone-segments", "drain-nodes", "frontages", "units",
    "estates",
}  # fmt: skip

EXPORT_COLUMNS = {
    "street-segments": "id code lane lane_code level length_m work_min zone_class office community group"
    " valid_from valid_to",
    "zone-segments": "zone segment from_m to_m valid_from valid_to",
    "duty-zones": "id code name duty shift basis plan valid_from valid_to version holders",
}


def fold(heading: str) -> str:
    return re.sub(r"[\s_\-]", "", heading).casefold()


def test_the_public_keys_are_there() -> None:
    assert set(LAYERS) >= PUBLIC_KEYS


def test_every_layer_file_is_loaded() -> None:
    modules = {module.name for module in pkgutil.iter_modules(layer_files.__path__)} - {"tables", "years"}
    assert modules == {layer.key.replace("-", "_") for layer in LAYERS.values() if layer.geometry is not None}


@pytest.mark.parametrize(("key", "columns"), EXPORT_COLUMNS.items())
def test_export_columns_that_others_rely_on(key: str, columns: str) -> None:
    names = [attribute.name for attribute in LAYERS[key]]
    promised = columns.split()
    assert [name for name in names if name in promised] == promised


@every_layer
def test_a_key_is_the_name_of_its_layer(layer: MapLayer) -> None:
    assert layer_of(layer.key) is layer
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", layer.key)


@every_layer
def test_columns_belong_to_the_model(layer: MapLayer) -> None:
    columns = set(inspect(layer.model).columns)
    own = [
        attribute
        for attribute in layer
        if attribute.column is not None and attribute.role not in (Role.VALID_FROM, Role.VALID_TO)
    ]
    assert all(attribute.column.property.columns[0] in columns for attribute in own)


@every_layer
def test_a_field_without_a_column_has_a_role(layer: MapLayer) -> None:
    assert all(attribute.column is not None or attribute.role is not None for attribute in layer)


@every_layer
def test_names_fit_a_shapefile_and_stay_apart(layer: MapLayer) -> None:
    shorts = [attribute.short for attribute in layer]
    assert all(len(short.encode("gbk")) <= 10 for short in shorts)
    assert len({short.casefold() for short in shorts}) == len(shorts)


@every_layer
def test_a_heading_means_one_field(layer: MapLayer) -> None:
    headings: dict[str, str] = {}
    for attribute in layer:
        if attribute.role in COMPUTED:
            continue
        for heading in (attribute.name, *attribute.aliases):
            assert headings.setdefault(fold(heading), attribute.name) == attribute.name, heading


@every_layer
def test_a_word_means_one_choice(layer: MapLayer) -> None:
    for attribute in layer:
        words: dict[str, str] = {}
        for choice in attribute.choices:
            for word in (choice.value, *choice.aliases):
                assert words.setdefault(fold(word), choice.value) == choice.value, word


@every_layer
def test_the_key_field_exists(layer: MapLayer) -> None:
    assert layer.attribute(layer.key_field).importable


@every_layer
def test_a_target_layer_is_a_kind_of_target(layer: MapLayer) -> None:
    assert layer.is_target == issubclass(layer.model, Target)
    if layer.is_target:
        assert inspect(layer.model).polymorphic_identity == layer.key
        assert {Role.OFFICE, Role.COMMUNITY, Role.RESIDENT_GROUP} <= {attribute.role for attribute in layer}


def test_drawing_orders_differ() -> None:
    orders = [layer.style.order for layer in LAYERS.values() if layer.style]
    assert len(set(orders)) == len(orders)


def test_every_duty_has_a_title_and_a_target_layer(connection: Connection) -> None:
    rows = connection.execute(text("select code, target_kind from duty")).all()
    assert {row.code for row in rows} == set(DUTY_TITLES)
    assert all(LAYERS[row.target_kind].is_target for row in rows)


def test_an_unknown_layer_is_refused_with_the_keys() -> None:
    with pytest.raises(UnknownLayerError, match="street-segments"):
        layer_of("streets")
