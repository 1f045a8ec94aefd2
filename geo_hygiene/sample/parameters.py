"""What the sample town is made of: every number that shapes it stands here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

Point = tuple[float, float]
"""Metres east and north of the town's centre."""

CENTRE: Point = (105.08, 31.09)
"""Longitude and latitude of the origin of the town's plane."""

YEAR_FROM = date(2025, 1, 1)
PLAN_CHANGE = date(2025, 7, 1)
"""The first plan ends and the second, which has no end, begins."""


@dataclass(frozen=True, kw_only=True)
class Quarter:
    """A part of the town whose streets follow a grid of its own.

    Attributes
    ----------
    centre, radius
        Metres; the grid fades out around the radius.
    bearing
        Degrees from east, counter-clockwise, of one of the two street directions.
    """

    centre: Point
    radius: float
    bearing: float


@dataclass(frozen=True, kw_only=True)
class Village:
    """An old village that the town has swallowed: narrow, crooked lanes."""

    centre: Point
    radius: float


@dataclass(frozen=True, kw_only=True)
class Staff:
    """The people of one kind and the zones that they share.

    Attributes
    ----------
    role, prefix, title
        Role, letters of the person's code and beginning of the name.
    count
        Persons.
    zones
        Zones drawn on the map.
    doubled
        Of these, zones with one zone for the morning and one for the afternoon.
    vacant, shared
        Zones that nobody holds, and zones with two part-time holders. Who is left over steps in for others.
    """

    role: str
    prefix: str
    title: str
    count: int
    zones: int
    doubled: int
    vacant: int
    shared: int


@dataclass(frozen=True, kw_only=True)
class Town:
    """Sizes, counts and places of one sample town; lengths in metres."""

    half_width: float = 1720.0
    half_height: float = 1230.0
    population: int = 52_000
    groups: int = 81

    river: tuple[Point, ...] = (
        (-9000, 1500), (-7400, 700), (-5900, 1050), (-4600, 760), (-3600, 330), (-2700, 330), (-1900, 600),
        (-1250, 560), (-640, 360), (-120, 60), (330, -230), (800, -240), (1250, -20), (1800, 70), (2550, -160),
        (3400, -480), (4700, -260), (6000, -620), (7500, -300), (9000, -900),
    )  # fmt: skip
    river_width: float = 92.0
    embankment: float = 30.0
    """From the water's edge to the middle of the embankment road."""

    old_centre: Point = (-520.0, -120.0)
    old_axis: float = -30.0
    """Bearing of the old town's long axis, degrees from east."""
    old_stretch: float = 1.28
    wall_radius: float = 372.0
    """Across the long axis; the ring road runs where the old wall stood."""
    gates: tuple[float, ...] = (60.0, 165.0, 245.0, 322.0)
    """Bearings of the main streets of the old town; the first leads to the old bridge."""
    square_radius: float = 46.0
    suburb: Point = (-120.0, 400.0)
    suburb_radius: float = 300.0
    """The old quarter at the other end of the old bridge."""

    quarters: tuple[Quarter, ...] = (
        Quarter(centre=(880, 560), radius=520, bearing=-9),
        Quarter(centre=(-620, 800), radius=360, bearing=-19),
        Quarter(centre=(330, -740), radius=520, bearing=7),
        Quarter(centre=(1130, -560), radius=330, bearing=16),
        Quarter(centre=(-1290, -230), radius=330, bearing=3),
    )
    villages: tuple[Village, ...] = (
        Village(centre=(1330, 330), radius=150),
        Village(centre=(-1080, -840), radius=150),
    )

    arterial_spacing: float = 560.0
    street_spacing: float = 222.0
    lane_old: float = 49.5
    lane_new: float = 99.0
    lane_fringe: float = 180.0
    longest_lane: float = 700.0
    longest_segment: float = 240.0

    community_seeds: tuple[Point, ...] = (
        (-950, 780), (200, 760), (1150, 420), (-1250, -430), (-420, -120), (850, -620),
    )  # fmt: skip
    """Three places on the northern bank and three on the southern, from west to east."""
    core_share: float = 0.41
    """Part of the segments that lie in groups of the urban core."""

    drain_metres: float = 9000.0
    drain_zones: int = 12
    tanks: int = 600
    tank_zones: int = 14

    cleaners: Staff = Staff(
        role="cleaner", prefix="C", title="保洁员", count=130, zones=121, doubled=3, vacant=5, shared=6
    )
    estate_cleaners: Staff = Staff(
        role="estate_cleaner", prefix="E", title="小区保洁员", count=60, zones=54, doubled=4, vacant=2, shared=3
    )
    supervisors: Staff = Staff(
        role="supervisor", prefix="S", title="市容监督员", count=100, zones=94, doubled=3, vacant=3, shared=4
    )
    volunteers: int = 24


TOWN = Town()
"""The town of the source's size."""
