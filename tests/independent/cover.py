"""Recompute the cover of a duty on a day from exported files, with shapely and pyproj alone.

    python -m tests.independent.cover DIRECTORY --duty sweeping --on 2025-03-01

The directory holds ``--all`` exports: <kind of the duty>.geojson, duty-zones.geojson, zone-segments.csv and
assignments.csv.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import shapely
from pyproj import Geod

GEOD = Geod(ellps="WGS84")
KINDS = {
    "sweeping": "street-segments",
    "supervision": "street-segments",
    "drains": "drain-segments",
    "tanks": "septic-tanks",
}
PARTS = ("morning", "afternoon", "night")

Row = dict[str, str]


def holds(row: Row, on: date) -> bool:
    start, end = row.get("valid_from"), row.get("valid_to")
    return (not start or start[:10] <= on.isoformat()) and (not end or on.isoformat() < end[:10])


def read_table(path: Path, on: date) -> list[Row]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return [row for row in csv.DictReader(lines) if holds(row, on)]


def read_features(path: Path, on: date) -> list[tuple[Row, shapely.Geometry | None]]:
    """Return the rows of a day with their shapes; a zone that was told as a list has none."""
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    return [
        (feature["properties"], feature["geometry"] and shapely.from_geojson(json.dumps(feature["geometry"])))
        for feature in features
        if holds(feature["properties"], on)
    ]


class Ruler:
    """Geodesic metres along one line, edge by edge."""

    def __init__(self, line: shapely.Geometry) -> None:
        self.points = shapely.get_coordinates(line)
        edges = zip(self.points[:-1], self.points[1:], strict=True)
        self.at = [0.0]
        for (x0, y0), (x1, y1) in edges:
            self.at.append(self.at[-1] + GEOD.inv(x0, y0, x1, y1)[2])

    def point(self, metres: float) -> tuple[float, float]:
        for index in range(1, len(self.at)):
            if metres <= self.at[index] or index == len(self.at) - 1:
                share = (metres - self.at[index - 1]) / (self.at[index] - self.at[index - 1])
                start, end = self.points[index - 1], self.points[index]
                return tuple(start + min(share, 1.0) * (end - start))
        raise ValueError(metres)

    def length(self, start: float, end: float) -> float:
        """Return the geodesic length of the piece of geometry between two positions."""
        inner = [tuple(self.points[i]) for i, at in enumerate(self.at) if start < at < end]
        return float(GEOD.geometry_length(shapely.LineString([self.point(start), *inner, self.point(end)])))


def pieces(spans: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    merged: list[list[float]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], end)
        else:
            merged.append([start, end])
    return [(start, end) for start, end in merged]


def doubled(claims: list[tuple[str, str, float, float]]) -> list[tuple[float, float]]:
    """Return where two zones meet in one shift; all-day meets every shift."""
    cuts = sorted({cut for *_, start, end in claims for cut in (start, end)})
    found = []
    for start, end in itertools.pairwise(cuts):
        here = [(zone, shift) for zone, shift, low, high in claims if low <= start and end <= high]
        if any(len({zone for zone, shift in here if shift in {part, "all-day"}}) > 1 for part in PARTS):
            found.append((start, end))
    return pieces(found)


def recompute(directory: Path, duty: str, on: date) -> dict[str, float]:
    kind = KINDS[duty]
    targets = {
        row["id"]: geometry
        for row, geometry in read_features(directory / f"{kind}.geojson", on)
        if duty != "supervision" or row["zone_class"] == "core"
    }
    zones = {
        row["code"]: row["shift"]
        for row, _ in read_features(directory / "duty-zones.geojson", on)
        if row["duty"] == duty
    }
    held = {row["zone"] for row in read_table(directory / "assignments.csv", on)}
    claims: dict[str, list[tuple[str, str, float, float]]] = defaultdict(list)
    for row in read_table(directory / "zone-segments.csv", on):
        if row["zone"] in zones and row["segment"] in targets:
            span = (float(row["from_m"]), float(row["to_m"]))
            claims[row["segment"]].append((row["zone"], zones[row["zone"]], *span))
    sums = dict.fromkeys(("total", "covered", "vacant", "gap", "overlap"), 0.0)
    for identity, geometry in targets.items():
        here = claims[identity]
        covered = pieces((start, end) for *_, start, end in here)
        attended = pieces((start, end) for zone, _, start, end in here if zone in held)
        if geometry.geom_type == "Point":
            measure = lambda spans: float(bool(spans))  # noqa: E731
            whole = 1.0
        else:
            ruler = Ruler(geometry)
            measure = lambda spans, ruler=ruler: sum(ruler.length(*span) for span in spans)  # noqa: E731
            whole = float(GEOD.geometry_length(geometry))
        sums["total"] += whole
        sums["covered"] += measure(covered)
        sums["vacant"] += measure(covered) - measure(attended)
        sums["overlap"] += measure(doubled(here))
    sums["gap"] = sums["total"] - sums["covered"]
    return sums


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--duty", choices=KINDS, required=True)
    parser.add_argument("--on", type=date.fromisoformat, required=True)
    given = parser.parse_args()
    print(json.dumps(recompute(given.directory, given.duty, given.on)))  # noqa: T201
