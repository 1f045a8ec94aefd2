"""Every layer and table of the product, in the order in which a town is loaded."""

from __future__ import annotations

from geo_hygiene.errors import UnknownLayerError
from geo_hygiene.i18n import gettext as _
from geo_hygiene.layers import (
    activities,
    areas,
    buildings,
    campaign_areas,
    cases,
    drain_nodes,
    drain_segments,
    drains,
    duty_zones,
    estates,
    facilities,
    frontages,
    green_spaces,
    lanes,
    septic_tanks,
    street_segments,
    tables,
    treatments,
    units,
    water_bodies,
    works,
    years,
)
from geo_hygiene.layerspec import MapLayer

LAYERS: dict[str, MapLayer] = {
    layer.key: layer
    for layer in (
        areas.LAYER,
        water_bodies.LAYER,
        green_spaces.LAYER,
        buildings.LAYER,
        estates.LAYER,
        lanes.LAYER,
        street_segments.LAYER,
        drains.LAYER,
        drain_segments.LAYER,
        drain_nodes.LAYER,
        septic_tanks.LAYER,
        facilities.LAYER,
        frontages.LAYER,
        units.LAYER,
        tables.PEOPLE,
        tables.POSTS,
        duty_zones.LAYER,
        tables.ASSIGNMENTS,
        tables.ZONE_SEGMENTS,
        tables.DUTY_ROSTER,
        tables.WORK_RULES,
        tables.CAMPAIGNS,
        campaign_areas.LAYER,
        treatments.LAYER,
        works.LAYER,
        activities.LAYER,
        years.LETTERS,
        years.AWARENESS_SURVEYS,
        years.HONOURS,
        cases.LAYER,
        cases.HISTORY,
    )
}


def layer_of(key: str) -> MapLayer:
    """Return a layer by its key.

    Raises
    ------
    UnknownLayerError
        With the keys that exist.
    """
    try:
        return LAYERS[key]
    except KeyError:
        raise UnknownLayerError(
            _("There is no layer “%(key)s”. Layers: %(keys)s.", key=key, keys=", ".join(LAYERS))
        ) from None
