"""Tell whether coordinates lie where their system says, and what they look like when they do not."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from geo_hygiene.files.findings import Code, Finding
from geo_hygiene.files.reading.geometry import Batch, Mask, Rows
from geo_hygiene.files.reading.guess import Guess, looks_like
from geo_hygiene.files.reading.notes import Notes
from geo_hygiene.files.reading.systems import Bounds, System, Transformation, described
from geo_hygiene.i18n import N_

#: Degrees around the area for which a system is made in which it is still used: zones overlap in practice.
_MARGIN = 5.0
#: From this value on a number is no degree that was mistyped.
_NO_DEGREE = 400.0
_LON, _LAT = 180.0, 90.0
_SLACK = 1e-9


@dataclass
class Placement:
    """The places of a file's rows, looked at batch by batch and judged at the end.

    When half of the rows lie wrong in the same way the file is meant, else each row.
    """

    system: System
    transformation: Transformation
    extent: Bounds | None
    wrong: dict[Code, list[tuple[Rows, NDArray[np.float64], NDArray[np.float64]]]] = field(default_factory=dict)
    rows: int = 0

    def look(self, batch: Batch, before: NDArray[np.float64], after: NDArray[np.float64]) -> None:
        """Reject the rows that lie wrong; what is said of them waits for `judge`.

        Parameters
        ----------
        before, after
            Bounds of each row in the system of the file and in EPSG:4326, shape (rows, 4).
        """
        good = batch.good() & np.isfinite(before).all(axis=1)
        self.rows += int(good.sum())
        with np.errstate(invalid="ignore"):
            kinds = self._degrees(before, after) if self.system.is_geographic() else self._metres(before, after)
        for code, which in kinds:
            chosen = np.flatnonzero(which & good & batch.good())
            if len(chosen):
                self.wrong.setdefault(code, []).append((batch.rows[chosen], before[chosen], after[chosen]))
                # What only lies far away can be stored all the same when the user says so.
                batch.rejected[chosen] |= code is not Code.OUTSIDE_EXTENT

    def judge(self, notes: Notes) -> None:
        """Note what lies wrong."""
        for code, parts in self.wrong.items():
            rows = np.concatenate([part[0] for part in parts])
            before = np.concatenate([part[1] for part in parts])
            after = np.concatenate([part[2] for part in parts])
            guess = looks_like(_around(before), self.extent)
            if 2 * len(rows) >= self.rows:
                notes.add(self._about(code, before[0], after[0], guess, count=len(rows)))
            else:
                notes.extend(
                    self._about(code, before[at], after[at], guess, row=row) for at, row in enumerate(rows.tolist())
                )

    def _degrees(self, before: NDArray[np.float64], after: NDArray[np.float64]) -> list[tuple[Code, Mask]]:
        west, south, east, north = before.T
        largest_x, largest_y = _largest(before)
        # Another unit, or another meridian to count from, can take what look like degrees off the earth.
        beyond = ~_on_earth(before) | ~_on_earth(after)
        swapped: Mask = beyond & (largest_x <= _LAT) & (largest_y <= _LON)
        home = self.extent or self._area()
        if home is not None:
            x, y = (west + east) / 2, (south + north) / 2
            swapped |= ~_inside(x, y, home) & _inside(y, x, home)
        return [
            (Code.LOOKS_SWAPPED, swapped),
            (Code.LOOKS_PROJECTED, beyond),
        ]

    def _metres(self, before: NDArray[np.float64], after: NDArray[np.float64]) -> list[tuple[Code, Mask]]:
        nowhere = ~_on_earth(after)
        area = self._area()
        if area is None:
            return [(Code.LOOKS_PROJECTED, nowhere)]
        middle = (after[:, :2] + after[:, 2:]) / 2
        outside = nowhere | ~_inside(middle[:, 0], middle[:, 1], area)
        if not outside.any():
            return []
        turned = self.transformation.apply(((before[:, :2] + before[:, 2:]) / 2)[:, ::-1])
        swapped = outside & _inside(turned[:, 0], turned[:, 1], area)
        return [(Code.LOOKS_SWAPPED, swapped), (Code.LOOKS_PROJECTED, nowhere), (Code.OUTSIDE_EXTENT, outside)]

    def _area(self) -> Bounds | None:
        area = self.system.area_of_use()
        if area is None or area[2] - area[0] > _LON:
            return None
        return area[0] - _MARGIN, area[1] - _MARGIN, area[2] + _MARGIN, area[3] + _MARGIN

    def _about(
        self,
        code: Code,
        before: NDArray[np.float64],
        after: NDArray[np.float64],
        guess: Guess,
        *,
        row: int | None = None,
        count: int = 1,
    ) -> Finding:
        """Return what is said of one row, or of all when `row` is None, with a row's bounds for an example."""
        x, y = (f"{value:.10g}" for value in before[:2])
        values = {"x": x, "y": y, "count": count, "rows": self.rows, "system": described(self.system), **guess.values}
        if np.isfinite(after).all():
            values |= {"lon": f"{after[0]:.4f}", "lat": f"{after[1]:.4f}"}
        hint = guess.text
        if code is Code.LOOKS_SWAPPED:
            hint = _SWAPPED_HINT
        elif guess.srid is None and not guess.is_swapped:
            hint = _OTHER_SYSTEM_HINT
        text = self._text(code, before, is_whole=row is None)
        return Finding(code, text, row=row, value=f"{x} {y}", hint=hint, values=values)

    def _text(self, code: Code, before: NDArray[np.float64], *, is_whole: bool) -> str:
        if code is Code.LOOKS_SWAPPED:
            return _SWAPPED[is_whole]
        if code is Code.OUTSIDE_EXTENT:
            return _FAR[is_whole]
        if self.system.is_geographic() and not _on_earth(before[np.newaxis])[0]:
            is_far = np.abs(before).max() >= _NO_DEGREE
            return _METRES[is_whole] if is_far else N_("The coordinates %(x)s, %(y)s are not degrees.")
        return N_("The coordinates %(x)s, %(y)s have no place in %(system)s.")


_OTHER_SYSTEM_HINT = N_("Say the right system with --crs, or bring the file with coordinates that fit its own.")
_SWAPPED_HINT = N_("Write the file again with the longitude (or easting) first.")
#: Sentences on one row, and on the whole file.
_SWAPPED = (
    N_("Longitude and latitude look swapped: %(x)s, %(y)s."),
    N_("Longitude and latitude look swapped in %(count)s of %(rows)s rows, such as %(x)s, %(y)s."),
)
_METRES = (
    N_("The coordinates are said to be degrees, but look like metres: %(x)s, %(y)s."),
    N_(
        "The coordinates are said to be degrees (%(system)s), but look like metres in %(count)s of %(rows)s rows, "
        "such as %(x)s, %(y)s."
    ),
)
_FAR = (
    N_("In %(system)s the coordinates %(x)s, %(y)s lie at %(lon)s, %(lat)s, far from where it is used."),
    N_(
        "In %(system)s %(count)s of %(rows)s rows lie far from where it is used, such as %(x)s, %(y)s at %(lon)s, "
        "%(lat)s."
    ),
)


def _around(bounds: NDArray[np.float64]) -> Bounds:
    west, south = bounds[:, :2].min(axis=0).tolist()
    east, north = bounds[:, 2:].max(axis=0).tolist()
    return west, south, east, north


def _largest(bounds: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how far the bounds of each row reach from 0, 0 to either side, and up or down."""
    west, south, east, north = np.abs(bounds).T
    return np.maximum(west, east), np.maximum(south, north)


def _on_earth(bounds: NDArray[np.float64]) -> Mask:
    """Tell which rows lie within the degrees that the earth has; what is not finite does not."""
    largest_x, largest_y = _largest(bounds)
    return (largest_x <= _LON + _SLACK) & (largest_y <= _LAT + _SLACK)


def _inside(x: NDArray[np.float64], y: NDArray[np.float64], area: Bounds) -> Mask:
    inside: Mask = (x >= area[0]) & (x <= area[2]) & (y >= area[1]) & (y <= area[3])
    return inside
