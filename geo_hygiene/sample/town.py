"""The whole sample town, made in order from one seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from shapely import STRtree

from geo_hygiene.sample.areas import AreaPlan, make_areas, make_outline
from geo_hygiene.sample.assets import Facility, Tank, make_facilities, make_tanks
from geo_hygiene.sample.buildings import Building, Park, make_blocks, make_buildings, make_parks
from geo_hygiene.sample.complaints import Complaint, make_complaints
from geo_hygiene.sample.countryside import Water, make_country
from geo_hygiene.sample.drains import DrainSegment, make_drains
from geo_hygiene.sample.duties import Planner, Zone
from geo_hygiene.sample.field import Field
from geo_hygiene.sample.parameters import Town
from geo_hygiene.sample.people import Roster
from geo_hygiene.sample.river import make_river
from geo_hygiene.sample.segments import Segment, make_segments
from geo_hygiene.sample.streets import make_ground, make_network


@dataclass(frozen=True, kw_only=True)
class SampleTown:
    """Everything in the sample town, in its plane of metres."""

    areas: AreaPlan
    population: dict[str, int]
    segments: list[Segment]
    drains: list[DrainSegment]
    tanks: list[Tank]
    facilities: list[Facility]
    waters: list[Water]
    greens: list[Park]
    buildings: list[Building]
    zones: list[Zone]
    roster: Roster
    complaints: list[Complaint]
    seed: int


def make_town(town: Town, seed: int) -> SampleTown:
    """Return the town of a seed; the same seed gives the same town."""
    rng = np.random.default_rng([seed, 1])
    river = make_river(town)
    ground = make_ground(town, rng)
    field = Field(town, river.middle, rng)
    network = make_network(town, field, river, ground, rng)
    segments = make_segments(network, town, field, river, rng)
    outline = make_outline(segments)
    areas = make_areas(town, segments, river, field, outline, rng)
    blocks = make_blocks(segments, river, outline)
    parks, lakes, built = make_parks(town, blocks, segments, field, river, outline, rng)
    buildings = make_buildings(town, built, field, rng)
    country = make_country(segments, river, outline, rng)
    drains = make_drains(town, segments, areas, field, river, rng)
    tanks = make_tanks(town, buildings, segments, areas, rng)
    facilities = make_facilities(segments, parks, areas, field, rng)
    planner = Planner(town, segments, areas, river, rng)
    population = people_by_area(town, areas, buildings)
    zones = [*planner.sweeping(), *planner.supervision(), *planner.drains(drains), *planner.tanks(tanks)]
    return SampleTown(
        areas=areas,
        population=population,
        segments=segments,
        drains=drains,
        tanks=tanks,
        facilities=facilities,
        waters=[*country.waters, *(Water(kind="lake", name=name, shape=shape) for name, shape in lakes)],
        greens=[*parks, *country.greens],
        buildings=[*buildings, *country.farms],
        zones=zones,
        roster=_make_roster(town, areas, zones, rng),
        complaints=make_complaints(areas, segments, facilities, river.water, population, seed),
        seed=seed,
    )


def people_by_area(town: Town, areas: AreaPlan, buildings: Sequence[Building]) -> dict[str, int]:
    """Return the residents of each area by its floors of flats; sums add up along the tree."""
    groups = areas.level("group")
    tree = STRtree([group.shape for group in groups])
    floors = np.full(len(groups), 400.0)
    for building in buildings:
        share = {"residential": 1.0, "mixed": 0.6}.get(building.kind, 0.1)
        for index in tree.query(building.shape.representative_point(), predicate="within"):
            floors[index] += share * building.shape.area * min(building.storeys, 7)
    exact = np.sqrt(floors) / np.sqrt(floors).sum() * town.population  # big estates are not full, old houses are
    people = np.floor(exact).astype(int)
    for index in np.argsort(people - exact, kind="stable")[: town.population - people.sum()]:
        people[index] += 1
    counts: dict[str, int] = {area.code: 0 for area in areas.areas}
    office = areas.areas[0].code
    for group, number in zip(groups, people, strict=True):
        for code in (group.code, group.parent or "", office):
            counts[code] += int(number)
    return counts


def _make_roster(town: Town, areas: AreaPlan, zones: Sequence[Zone], rng: np.random.Generator) -> Roster:
    roster = Roster(town, areas, rng)
    roster.fill_posts()
    sweeping = [zone for zone in zones if zone.duty == "sweeping"]
    fringe = town.cleaners.zones + town.cleaners.doubled
    roster.staff(town.cleaners, [zone for zone in sweeping if int(zone.code[2:]) <= fringe])
    roster.staff(town.estate_cleaners, [zone for zone in sweeping if int(zone.code[2:]) > fringe])
    roster.staff(town.supervisors, [zone for zone in zones if zone.duty == "supervision"])
    roster.second_duty([zone for zone in zones if zone.duty == "drains"])
    roster.second_duty([zone for zone in zones if zone.duty == "tanks"])
    roster.enlist_volunteers()
    return roster
