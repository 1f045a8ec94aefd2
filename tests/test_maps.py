"""The frame that Folium draws, the style and the colours."""

from __future__ import annotations

import dataclasses
import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import folium.plugins
import numpy as np
import pytest

from geo_hygiene.layers import LAYERS
from geo_hygiene.layerspec import MapLayer, Style
from geo_hygiene.maps import HOLDERS, STATES, MapParts, UnknownAssetError, map_page, map_style, switches
from geo_hygiene.maps.frame import LOCAL_FILES, LocalFigure, TownMap
from geo_hygiene.maps.palette import PAPER

TOWN_ON_A_PHONE = 12.5
"""Zoom at which a phone shows a town of four kilometres."""

TILES = "/tiles/{layer}/{z}/{x}/{y}.mvt"
STATIC = Path(__file__).parents[1] / "geo_hygiene" / "web" / "static"
TOWN = (105.06, 31.07, 105.1, 31.1)


def asset(name: str) -> str:
    return f"/static/{name}"


@pytest.fixture
def parts() -> MapParts:
    return map_page(nonce="n0nce", asset=asset, layers=LAYERS.values(), extent=TOWN, tiles=TILES)


@pytest.fixture
def style() -> dict[str, Any]:
    return map_style(LAYERS.values(), tiles=TILES)


def test_every_file_of_the_frame_is_local_and_there(parts: MapParts) -> None:
    asked = re.findall(r'(?:src|href)="([^"]+)"', parts.head + parts.body + parts.script)
    assert asked
    for address in asked:
        assert (STATIC / address.removeprefix("/static/")).is_file(), address
    assert "//" not in re.sub(r'"kept://"', "", parts.head + parts.body + parts.script)


def test_scripts_carry_the_nonce_and_nothing_is_inline(parts: MapParts) -> None:
    scripts = re.findall(r"<script[^>]*>", parts.script)
    assert len(scripts) == 5
    assert all('nonce="n0nce"' in script for script in scripts)
    page = parts.head + parts.body + parts.script
    assert "<style" not in page
    assert not re.search(r"\son\w+=", re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL))
    assert 'id="map"' in parts.body


def test_an_address_that_has_no_local_file_stops_the_page() -> None:
    town = TownMap(tiles=None)
    folium.plugins.Fullscreen().add_to(town)
    figure = LocalFigure(asset=asset, nonce="n0nce")
    figure.add_child(town)
    with pytest.raises(UnknownAssetError, match=r"Control\.FullScreen"):
        figure.parts()


def test_the_table_names_all_that_folium_asks_for_and_no_more() -> None:
    asked = {address for _name, address in [*folium.Map.default_js, *folium.Map.default_css]}
    foreign = {address for address in LOCAL_FILES if address.startswith("http")}
    assert foreign == asked


def test_the_same_page_is_the_same_text(parts: MapParts) -> None:
    assert parts == map_page(nonce="n0nce", asset=asset, layers=LAYERS.values(), extent=TOWN, tiles=TILES)


@pytest.mark.parametrize(
    ("extent", "zoom"), [(None, 9), (TOWN, 14), ((105.0, 31.0, 105.0, 31.0), 19), ((-180.0, -85.0, 180.0, 85.0), 9)]
)
def test_any_extent_gives_a_view(extent: tuple[float, float, float, float] | None, zoom: int) -> None:
    parts = map_page(nonce="n", asset=asset, layers=LAYERS.values(), extent=extent, tiles=TILES)
    assert f'"zoom": {zoom}' in parts.script


def test_the_frame_is_small(parts: MapParts) -> None:
    assert len(parts.head + parts.body + parts.script) < 60_000


def _style_layers(style: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from style["layers"]


def test_style_layers_have_names_of_their_own_and_sources_that_exist(style: dict[str, Any]) -> None:
    names = [layer["id"] for layer in _style_layers(style)]
    assert len(names) == len(set(names))
    for layer in _style_layers(style):
        assert layer["type"] == "background" or layer["source"] in style["sources"], layer["id"]
    json.dumps(style, allow_nan=False)


def test_no_glyph_and_no_sprite_is_ever_fetched(style: dict[str, Any]) -> None:
    assert "glyphs" not in style
    assert "sprite" not in style
    assert [source["tiles"] for source in style["sources"].values() if not source["tiles"][0].startswith("/")] == []


def test_every_layer_with_a_style_is_drawn_or_lettered(style: dict[str, Any]) -> None:
    told = {layer["source-layer"] for layer in _style_layers(style) if layer["type"] != "background"}
    for layer in LAYERS.values():
        if layer.style is not None:
            assert told & {layer.key, layer.style.labels, layer.style.borders}, layer.key


def test_layers_that_are_shown_come_in_one_tile(style: dict[str, Any]) -> None:
    shown = {layer.key for layer in LAYERS.values() if layer.style is not None and layer.style.visible}
    address = style["sources"]["ground"]["tiles"][0]
    assert set(address.split("/")[2].split(",")) == shown


def test_what_depends_on_the_day_is_hidden_until_the_page_knows_it(style: dict[str, Any]) -> None:
    for layer in _style_layers(style):
        if layer.get("source") in {"cover", "duty-zones"}:
            assert layer["layout"]["visibility"] == "none", layer["id"]


def test_the_drawing_order_is_ground_lanes_states_names(style: dict[str, Any]) -> None:
    names = [layer["id"] for layer in _style_layers(style)]
    order = (
        *("paper", "areas", "green-spaces", "areas-band", "water-bodies", "buildings", "street-segments-casing"),
        *("chosen-segment", "cover-covered-state", "cover-overlap", "cover-vacant", "cover-gap", "lanes-name-alley"),
        *("lanes-name-arterial", "areas-name-community", "water-bodies-name-river"),
    )
    assert [names.index(name) for name in order] == sorted(names.index(name) for name in order)


def test_a_new_layer_is_drawn_from_its_declaration_alone(style: dict[str, Any]) -> None:
    sites = dataclasses.replace(
        LAYERS["facilities"], key="breeding-sites", style=Style(order=76, fill="#123456", line="#654321", min_zoom=13)
    )
    more = map_style([*LAYERS.values(), sites], tiles=TILES)
    new = [layer for layer in more["layers"] if layer not in style["layers"]]
    assert {layer["id"] for layer in new} == {"breeding-sites", "chosen-breeding-sites"}
    assert "breeding-sites" in more["sources"]["ground"]["tiles"][0]
    assert sites.key in [layer.key for layer in switches([*LAYERS.values(), sites])]


def test_a_street_without_a_class_is_drawn_and_named_no_later_than_a_lane() -> None:
    """Offices' own files often have no classes, and a town of them must not look empty from afar."""
    widths = LAYERS["street-segments"].style.widths
    assert all(
        street >= plain > lane for street, plain, lane in zip(*map(widths.get, ("street", "", "lane")), strict=True)
    )
    lettering = LAYERS["lanes"].style.lettering
    assert lettering[""].from_zoom < lettering["lane"].from_zoom


def test_only_what_may_be_switched_is_offered() -> None:
    def may(layer: MapLayer) -> bool:
        return layer.style is not None and layer.style.switchable

    assert {layer.key for layer in switches(LAYERS.values())} == {key for key, layer in LAYERS.items() if may(layer)}


# --- colours ---------------------------------------------------------------------------------------------------------

# Machado, Oliveira and Fernandes (2009), severity 1.0, on linear RGB.
SIGHTS = {
    "normal": np.eye(3),
    "protan": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deutan": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritan": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}


def linear(color: str) -> np.ndarray:
    value = np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    matrix = np.array(
        [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
    )
    x, y, z = (matrix @ np.clip(rgb, 0, 1)) / np.array([0.95047, 1.0, 1.08883])
    fx, fy, fz = (v ** (1 / 3) if v > 216 / 24389 else (24389 / 27 * v + 16) / 116 for v in (x, y, z))
    return np.array([116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)])


def difference(one: str, other: str, sight: str) -> float:
    """Return the distance in CIELAB (1976) as that sight sees both."""
    return float(np.linalg.norm(lab(SIGHTS[sight] @ linear(one)) - lab(SIGHTS[sight] @ linear(other))))


def contrast(one: str, other: str) -> float:
    """Return the WCAG contrast of two colours."""
    light = sorted(float(linear(color) @ [0.2126, 0.7152, 0.0722]) for color in (one, other))
    return (light[1] + 0.05) / (light[0] + 0.05)


@pytest.mark.parametrize(("sight", "least"), [("normal", 35), ("protan", 30), ("deutan", 30), ("tritan", 16)])
def test_states_differ_for_every_sight(sight: str, least: float) -> None:
    for one, other in itertools.combinations(STATES, 2):
        assert difference(one.color, other.color, sight) >= least, (one.state, other.state)


def test_states_are_told_without_colour_too() -> None:
    shapes = {(state.core is not None, state.dashes, state.wider > 1.5) for state in STATES}
    assert len(shapes) == len(STATES)


def test_the_shape_of_a_state_is_wide_enough_to_see_when_a_phone_shows_the_whole_town() -> None:
    for state in STATES:
        if state.core is not None:
            assert state.core_from < TOWN_ON_A_PHONE
            assert state.least_core[0] >= 1.2, state.state
            assert state.least[0] - state.least_core[0] >= 1, state.state


def test_a_mark_on_a_short_gap_is_no_wider_than_a_gap_at_town_scale(style: dict[str, Any]) -> None:
    paint = next(layer for layer in _style_layers(style) if layer["id"] == "cover-gap-mark")["paint"]
    gap = next(state for state in STATES if state.state == "gap")
    radii, rings = (
        dict(zip(paint[name][3::2], paint[name][4::2], strict=True))
        for name in ("circle-radius", "circle-stroke-width")
    )
    assert 2 * radii[12] <= gap.least[0] + 0.5
    assert min(rings) > TOWN_ON_A_PHONE
    assert rings[min(rings)] == 0


def test_names_of_areas_make_room_for_each_other(style: dict[str, Any]) -> None:
    name = next(layer for layer in _style_layers(style) if layer["id"] == "areas-name-community")
    assert len(name["layout"]["text-variable-anchor"]) > 1


def test_no_holder_looks_like_a_gap_or_like_another_holder() -> None:
    marked = [state.color for state in STATES if state.state != "covered"]
    for holder in HOLDERS:
        assert min(difference(holder, color, "normal") for color in marked) >= 25, holder
        assert contrast(holder, "#FBF9F5") >= 2.2, holder
    for one, other in itertools.combinations(HOLDERS, 2):
        assert difference(one, other, "normal") >= 11, (one, other)


def test_kinds_of_places_are_told_apart_by_shape_and_can_be_seen(style: dict[str, Any], parts: MapParts) -> None:
    drawn = {layer["id"]: layer for layer in _style_layers(style)}
    images = style["metadata"]["signs"]
    for layer in LAYERS.values():
        if layer.style is None or not layer.style.signs:
            continue
        assert [one.category for one in parts.signs[layer.key]] == [choice.value for choice in layer.category_choices]
        asked = drawn[f"{layer.key}-sign"]["layout"]["icon-image"]
        assert {*asked[3::2], asked[-1]} == {one for one in images if one.startswith(f"{layer.key}:")}
        named = [one.path for one in parts.signs[layer.key] if one.category in layer.style.signs]
        assert len(set(named)) == len(named)
        for one in parts.signs[layer.key]:
            assert contrast(one.fill, layer.style.line) >= 3, one.category
        assert drawn[layer.key]["maxzoom"] == drawn[f"{layer.key}-sign"]["minzoom"]
    assert parts.signs["facilities"]


def test_names_on_the_map_can_be_read() -> None:
    grounds = {"FBF9F5": "#FBF9F5", "paper": PAPER, "building": "#EFE9DF"}
    for layer in LAYERS.values():
        for letters in layer.style.lettering.values() if layer.style is not None else ():
            assert contrast(letters.color, letters.halo) >= 4, (layer.key, letters)
            assert min(letters.sizes) >= 11, (layer.key, letters)
            if letters.halo != "#CFE0E8":
                assert min(contrast(letters.color, ground) for ground in grounds.values()) >= 4, (layer.key, letters)


def test_text_of_the_pages_meets_double_a() -> None:
    tokens = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", (STATIC / "css" / "base.css").read_text()))
    grounds = [tokens["surface"], tokens["paper"], tokens["land"], "#f1ede4", tokens["accent-soft"]]
    for name in ("ink", "ink-soft", "ink-faint", "accent", "alarm", "earth"):
        for ground in grounds:
            assert contrast(tokens[name], ground) >= 4.5, (name, ground)
    assert contrast("#ffffff", tokens["accent"]) >= 4.5
