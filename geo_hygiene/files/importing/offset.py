"""Tell whether a file's places are shifted as those of Chinese web maps are, by the streets that are stored."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from geo_hygiene.china_offset import OFFSETS, is_moved
from geo_hygiene.crs import GEOD, STORAGE_SRID, TILE_SRID
from geo_hygiene.files.findings import Code, Finding
from geo_hygiene.i18n import N_

SAMPLE = 400
"""Vertices that are compared, taken evenly from the file."""

FEWEST = 20
"""With fewer, chance decides."""

REACH_M = 100.0
"""Streets farther away do not count: a file of another quarter shall not look shifted towards this one."""

CLOSE_M, CLOSE_POINTS_M = 10.0, 25.0
"""How near to streets the middle vertex of lines and borders lies where all is right, and the middle place."""

MOST_SHARE = 0.5
"""The middle distance after the shift may be no more than this share of that before."""

FEWEST_SIGMAS = 4.0
"""So many standard deviations more vertices than half of them must come nearer."""

NEAREST = f"""
with said as (
    select at, ST_Transform(ST_SetSRID(ST_MakePoint(x, y), {STORAGE_SRID}), {TILE_SRID}) as place,
        :reach / cos(radians(y)) as reach
    from unnest(cast(:xs as float[]), cast(:ys as float[])) with ordinality as given (x, y, at)
)
select coalesce(near.metres, :reach) as metres
from said
left join lateral (
    select (target.geom_3857 <-> said.place) * :reach / said.reach as metres
    from target
    where target.kind = :streets and target.valid_to = 'infinity'
        and target.geom_3857 && ST_Expand(said.place, said.reach)
    order by 1
    limit 1
) as near on true
order by said.at
"""  # noqa: S608 - numbers of systems

HAS_STREETS = "select exists (select from target where kind = :streets and valid_to = 'infinity')"
STREETS = "street-segments"

Metres = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Trial:
    """An offset, what it leaves between the vertices and the streets, and how far it moves them."""

    name: str
    distances: Metres
    moved_m: float

    @property
    def middle_m(self) -> float:
        """Return the median, which does not mind streets that are missing on one side."""
        return float(np.median(self.distances))


def looks_shifted(connection: Connection, shapes: NDArray[np.object_]) -> list[Finding]:
    """Return a warning where the places lie nearer to the stored streets once an offset is taken back.

    Nothing is moved; whoever knows where the file comes from says ``--crs`` with the offset's name.
    """
    places = _sample(shapes)
    if len(places) < FEWEST or not is_moved(places[:, 0], places[:, 1]).all():
        return []
    if not connection.scalar(text(HAS_STREETS), {"streets": STREETS}):
        return []
    close = CLOSE_POINTS_M if _are_points(shapes) else CLOSE_M
    before = _distances(connection, places)
    if np.median(before) * MOST_SHARE < 1:  # nothing comes near enough to be better
        return []
    trials = [_trial(connection, places, name) for name in OFFSETS]
    best = min(trials, key=lambda trial: trial.middle_m)
    if not _is_better(before, best, close):
        return []
    words = N_(
        "The coordinates look shifted as on Chinese web maps: moved back from %(offset)s, by %(moved)s m, %(share)s %% "
        "of %(count)s places lie nearer to the stored streets, in the middle %(after)s m instead of %(before)s m."
    )
    hint = N_("Nothing was moved. If the file comes from such a map, --crs %(offset)s moves it; try it with --dry-run.")
    values = {
        "offset": best.name,
        "moved": f"{best.moved_m:.0f}",
        "share": f"{100 * np.mean(best.distances < before):.0f}",
        "count": len(places),
        "after": f"{best.middle_m:.0f}",
        "before": f"{np.median(before):.0f}",
    }
    return [Finding(Code.LOOKS_GCJ02, words, hint=hint, values=values)]


def _sample(shapes: NDArray[np.object_]) -> Metres:
    """Return some vertices, taken evenly from all shapes, shape (n, 2)."""
    coordinates = shapely.get_coordinates(shapes[~shapely.is_missing(shapes)])
    finite = coordinates[np.isfinite(coordinates).all(axis=1)]
    chosen = np.unique(np.linspace(0, len(finite) - 1, min(SAMPLE, len(finite))).astype(np.int64))
    sample: Metres = finite[chosen]
    return sample


def _are_points(shapes: NDArray[np.object_]) -> bool:
    present = shapes[~shapely.is_missing(shapes)]
    return bool((shapely.get_dimensions(present) == 0).all())


def _trial(connection: Connection, places: Metres, name: str) -> _Trial:
    back = np.column_stack(OFFSETS[name](places[:, 0], places[:, 1]))
    _there, _back, moved = GEOD.inv(places[:, 0], places[:, 1], back[:, 0], back[:, 1])
    return _Trial(name, _distances(connection, back), float(np.median(moved)))


def _distances(connection: Connection, places: Metres) -> Metres:
    """Return the metres from each place to the nearest street, at most :data:`REACH_M`."""
    values = {"xs": places[:, 0].tolist(), "ys": places[:, 1].tolist(), "reach": REACH_M, "streets": STREETS}
    return np.array(connection.scalars(text(NEAREST), values).all(), dtype=np.float64)


def _is_better(before: Metres, trial: _Trial, close_m: float) -> bool:
    """Tell whether a shift explains where the places lie, and chance does not."""
    differ = before != trial.distances
    nearer = int((trial.distances < before).sum())
    sigmas = (nearer - differ.sum() / 2) / math.sqrt(max(int(differ.sum()), 1) / 4)
    is_close = trial.middle_m <= min(close_m, MOST_SHARE * float(np.median(before)))
    return bool(is_close and sigmas >= FEWEST_SIGMAS)
