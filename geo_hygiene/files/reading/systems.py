"""Find out in which coordinate system a file is, and bring its coordinates to WGS 84."""

import contextlib
import re
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS
from pyproj.exceptions import CRSError, ProjError
from pyproj.transformer import AreaOfInterest, Transformer, TransformerGroup

from geo_hygiene.china_offset import OFFSETS, offset_named
from geo_hygiene.crs import CGCS2000_SRID, STORAGE_SRID
from geo_hygiene.files.findings import Code, Finding
from geo_hygiene.files.reading.locate import refuse
from geo_hygiene.i18n import N_

Bounds = tuple[float, float, float, float]

_LARGEST_PRJ = 64 * 1024
_USER_INPUT = re.compile(r"(?:([A-Za-z]+):)?(\w+)")
_EARTH_RADIUS = (6_300_000, 6_400_000)
#: Names under which GeoPackages and programs say that they do not know the system.
_UNDEFINED = re.compile(r"\b(undefined|unknown|unnamed|local)\b", re.IGNORECASE)
#: CGCS2000 is a realisation of ITRF97 at 2000.0: the registry knows no shift to WGS 84, and the plates have moved less
#: than a metre since.
_CGCS2000_ACCURACY = 1.0
#: The formulas in public use agree with the web maps to a metre or two.
_OFFSET_ACCURACY = 2.0
_SAME_AS_STORED = {STORAGE_SRID: 0.0, CGCS2000_SRID: _CGCS2000_ACCURACY}
#: A transformation that is worse than this (metres) is told to the user: lanes are not much further apart.
INEXACT_FROM = 5.0


@dataclass(frozen=True)
class System:
    """A coordinate system and where it is said.

    Parameters
    ----------
    name
        Authority and number as `--crs` takes them, or the system's own name where the registry has none.
    origin
        option, prj, file or format.
    offset
        Name of the offset of a Chinese web map, by which its degrees are moved.
    """

    crs: CRS
    name: str
    origin: str
    offset: str | None = None

    def is_geographic(self) -> bool:
        """Tell whether the coordinates are degrees."""
        return bool(self.crs.is_geographic)

    def area_of_use(self) -> Bounds | None:
        """Return west, south, east, north of where the system is meant to be used, degrees, if it is known."""
        area = self.crs.area_of_use
        return None if area is None or area.west > area.east else (area.west, area.south, area.east, area.north)


@dataclass(frozen=True)
class Transformation:
    """How coordinates of a system become WGS 84: the operation and its accuracy in metres, None when unknown.

    Without an operation they are taken as they are, to the last bit; an offset of a web map is taken back.
    """

    transformer: Transformer | None
    accuracy: float | None
    offset: str | None = None

    def apply(self, coordinates: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return longitude and latitude, shape (n, 2), for x and y; infinite where there is no such place."""
        if self.offset is not None:
            return np.column_stack(OFFSETS[self.offset](coordinates[:, 0], coordinates[:, 1]))
        if self.transformer is None:
            return coordinates
        x, y = self.transformer.transform(coordinates[:, 0], coordinates[:, 1], errcheck=False)
        return np.column_stack((x, y))


def from_option(text: str) -> System:
    """Return the system that a user names, as `EPSG:4523` or `4523`, or the offset of a web map, as `GCJ-02`.

    Raises
    ------
    RefusedError
        If there is no such system.
    """
    offset = offset_named(text)
    if offset is not None:
        return System(CRS.from_epsg(STORAGE_SRID), offset, "option", offset)
    match = _USER_INPUT.fullmatch(text.strip())
    if match is not None:
        authority, number = (match[1] or "EPSG").upper(), match[2]
        with contextlib.suppress(CRSError):
            return System(CRS.from_authority(authority, number), f"{authority}:{number}", "option")
    raise refuse(
        Code.CRS_MISSING,
        N_("There is no coordinate system %(name)s."),
        hint=N_(
            "Say it by its number in the EPSG registry, such as --crs EPSG:4523; GCJ-02 and BD-09 are degrees of "
            "Chinese web maps."
        ),
        name=text,
    )


def from_prj(prj: Path) -> System | None:
    """Return the system that a .prj file describes, or None when it describes none on this planet."""
    if prj.stat().st_size > _LARGEST_PRJ:
        return None
    return from_wkt(prj.read_bytes().decode("utf-8-sig", errors="replace").strip("\x00 \r\n\t"), "prj")


def from_wkt(text: str, origin: str) -> System | None:
    """Return the system that well-known text or an authority's number describes, or None."""
    try:
        crs = CRS.from_wkt(text) if "[" in text else CRS.from_authority(*text.split(":", 1))
    except (CRSError, TypeError):
        return None
    if crs.is_compound:
        crs = crs.sub_crs_list[0]
    if crs.is_bound and crs.source_crs is not None and _registered(crs.source_crs) is not None:
        crs = crs.source_crs
    if not (crs.is_geographic or crs.is_projected or crs.is_bound) or _is_elsewhere(crs):
        return None
    if len(crs.axis_info) > 2:  # noqa: PLR2004 - heights are dropped anyway
        crs = crs.to_2d()
    known = _registered(crs)
    if known is not None:
        return System(known[0], known[1], origin)
    return None if _UNDEFINED.search(crs.name) else System(crs, crs.name, origin)


def _registered(crs: CRS) -> tuple[CRS, str] | None:
    """Return the registry's own form of a system, which knows its area and its transformations, and its name."""
    if crs.is_geographic and crs.to_authority(auth_name="OGC", min_confidence=70) == ("OGC", "CRS84"):
        return CRS.from_epsg(STORAGE_SRID), f"EPSG:{STORAGE_SRID}"
    for authority in ("EPSG", "ESRI"):
        found = crs.to_authority(auth_name=authority, min_confidence=70)
        if found is not None:
            return CRS.from_authority(*found), ":".join(found)
    return None


def _is_elsewhere(crs: CRS) -> bool:
    ellipsoid = crs.ellipsoid
    smallest, largest = _EARTH_RADIUS
    return ellipsoid is None or not smallest < ellipsoid.semi_major_metre < largest


def to_storage(system: System, bounds: Bounds) -> Transformation | None:
    """Return the best transformation to WGS 84 for coordinates within `bounds` (of the system), or None.

    Of several transformations the registry's best for the place is taken; nothing is fetched from anywhere.
    """
    if system.offset is not None:
        return Transformation(None, _OFFSET_ACCURACY, system.offset)
    own_number = system.crs.to_epsg()
    if own_number is not None and own_number in _SAME_AS_STORED:
        return Transformation(None, _SAME_AS_STORED[own_number])
    with warnings.catch_warnings():
        # Better grids may exist elsewhere; what is lost without them is told by the accuracy.
        warnings.simplefilter("ignore")
        try:
            rough = Transformer.from_crs(system.crs, STORAGE_SRID, always_xy=True)
            group = TransformerGroup(system.crs, STORAGE_SRID, always_xy=True, area_of_interest=_place(rough, bounds))
        except ProjError:
            return None
    if not group.transformers:
        return None
    best = group.transformers[0]
    return Transformation(best, _accuracy(system, best))


def _place(rough: Transformer, bounds: Bounds) -> AreaOfInterest | None:
    west, south, east, north = (
        rough.transform_bounds(*bounds, errcheck=False) if np.isfinite(bounds).all() else [np.inf] * 4
    )
    inside = -180 <= west <= east <= 180 and -90 <= south <= north <= 90  # noqa: PLR2004 - degrees of the globe
    return AreaOfInterest(west, south, east, north) if inside else None


def _accuracy(system: System, transformer: Transformer) -> float | None:
    geodetic = system.crs.geodetic_crs
    number = None if geodetic is None else geodetic.to_epsg(min_confidence=25)
    if number is not None and number in _SAME_AS_STORED:
        return _SAME_AS_STORED[number]
    return transformer.accuracy if transformer.accuracy >= 0 else None


def what_is_lost(system: System, transformation: Transformation) -> Finding | None:
    """Return the warning that a transformation is rough, or None when it is good."""
    if transformation.accuracy is None:
        text = N_("How %(name)s lies on WGS 84 is not known here; the places may be off by 100 m or more.")
        hint = N_("Bring the file in CGCS2000 or WGS 84, transformed by who has the parameters.")
        return Finding(Code.CRS_INEXACT, text, hint=hint, values={"name": described(system)})
    if transformation.accuracy > INEXACT_FROM:
        text = N_("The transformation of %(name)s to WGS 84 is good to %(accuracy)s m.")
        values = {"name": described(system), "accuracy": f"{transformation.accuracy:g}"}
        return Finding(Code.CRS_INEXACT, text, values=values)
    return None


def described(system: System) -> str:
    """Return number and name of a system."""
    return system.name if system.crs.name == system.name else f"{system.name} ({system.crs.name})"
