"""Write walking routes for GPS devices."""

from __future__ import annotations

from pathlib import Path

from gpxpy.gpx import GPX, GPXTrack, GPXTrackPoint, GPXTrackSegment

from geo_hygiene.files.writing.completing import completing
from geo_hygiene.zoning.routes import Route


def write_gpx(route: Route, path: Path) -> None:
    """Write a route as the track of a GPX 1.1 file; it appears when it is complete.

    Raises
    ------
    ExportError
        If the file can not be written.
    """
    track = GPXTrack(name=f"{route.zone} {route.on.isoformat()}")
    track.segments.append(GPXTrackSegment([GPXTrackPoint(latitude=lat, longitude=lon) for lon, lat in route.track]))
    gpx = GPX()
    gpx.creator = "geo_hygiene"
    gpx.tracks.append(track)
    with completing(path) as folder:
        (folder / path.name).write_text(gpx.to_xml(version="1.1"), encoding="utf-8")
