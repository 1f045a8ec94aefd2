"""Records as programs and pages read them: layers, zones, and what a search finds.

Functions take a connection, never a request. What a person may not see is not selected.
"""

from geo_hygiene.features.areas import area, area_choices, communities, offices
from geo_hygiene.features.catalogue import describe_layers, extent, is_sample_loaded
from geo_hygiene.features.people import person
from geo_hygiene.features.search import RESULT_KINDS, Found, search
from geo_hygiene.features.targets import target_cover, target_identity
from geo_hygiene.features.zones import Zones, zone_feature, zones

__all__ = [
    "RESULT_KINDS",
    "Found",
    "Zones",
    "area",
    "area_choices",
    "communities",
    "describe_layers",
    "extent",
    "is_sample_loaded",
    "offices",
    "person",
    "search",
    "target_cover",
    "target_identity",
    "zone_feature",
    "zones",
]
