"""The files of a sample town, as anybody reads them."""

from __future__ import annotations

import csv
from collections import defaultdict
from functools import cached_property
from pathlib import Path

import geopandas
import pyogrio
from pyproj import Geod

GEOD = Geod(ellps="WGS84")
PLANE = "+proj=aeqd +lon_0=105.08 +lat_0=31.09 +ellps=WGS84"
Frame = geopandas.GeoDataFrame
Rows = list[dict[str, str]]


class Files:
    """The files of a town as anybody reads them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._frames: dict[str, Frame] = {}

    def layer(self, key: str) -> Frame:
        if key not in self._frames:
            self._frames[key] = pyogrio.read_dataframe(self.folder / f"{key}.shp")
        return self._frames[key]

    def table(self, key: str) -> Rows:
        with (self.folder / f"{key}.csv").open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))

    @cached_property
    def metres(self) -> dict[str, float]:
        """Length of each target, by id; a point counts one."""
        lengths = dict.fromkeys(self.layer("septic-tanks").id, 1.0)
        for key in ("street-segments", "drain-segments"):
            lengths.update(zip(self.layer(key).id, self.layer(key).length_m, strict=True))
        return lengths

    @cached_property
    def streets(self) -> Frame:
        return self.layer("street-segments").to_crs(PLANE)

    @cached_property
    def ends(self) -> dict[str, tuple[tuple[float, ...], tuple[float, ...]]]:
        """Exact coordinates of both ends of each street and drain segment, by id."""
        return {
            identity: (line.coords[0], line.coords[-1])
            for key in ("street-segments", "drain-segments")
            for identity, line in zip(self.layer(key).id, self.layer(key).geometry, strict=True)
        }

    def zones(self, duty: str, begins: str) -> Frame:
        zones = self.layer("duty-zones")
        return zones[(zones.duty == duty) & (zones.valid_from.astype(str).str[:10] == begins)]

    def lists(self, duty: str, begins: str) -> dict[str, dict[str, tuple[float, float]]]:
        codes = set(self.zones(duty, begins).code)
        lists: dict[str, dict[str, tuple[float, float]]] = defaultdict(dict)
        for row in self.table("zone-segments"):
            if row["zone"] in codes and row["valid_from"] == begins:
                lists[row["zone"]][row["segment"]] = (float(row["from_m"]), float(row["to_m"]))
        return lists
