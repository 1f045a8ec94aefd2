"""Counts by the columns that are kept of all cases."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from geo_hygiene.cases.columns import (
    CHOICES,
    FINEST_ZOOM,
    FIRST_DAY,
    HALF_WAY,
    HOURS,
    NO_AREA,
    SIZES,
    Columns,
    days_since,
    interleave,
    part,
)
from geo_hygiene.cases.counting import Box, Breakdown, Level, Step, Total
from geo_hygiene.cases.density import Cells, Density, Numbers, cell_size
from geo_hygiene.cases.filters import CaseFilter
from geo_hygiene.crs import to_tile_plane

ROWS_AT_A_TIME = 1 << 16
"""So many rows of what is compared fit into the processor's own memory."""

TILES_OF_BOX = 16
"""A box is looked up as at most so many squares in each direction, and one more."""

FEW = 100
"""Of more than one case in so many the database finds the newest at once, going back from the last."""

DAYS = 1 << 16
WORLD = (-180.0, -90.0, 180.0, 90.0)
POLAR = 89.9999
"""Nearer to a pole the plane has no end."""

LEVELS = {Level.GROUP: 0, Level.COMMUNITY: 1, Level.OFFICE: 2}


Chosen = NDArray[np.bool_] | None
"""For each row of a stretch whether a filter lets it through; ``None`` where all are."""


@dataclass(frozen=True, slots=True)
class _Tally:
    """How many rows have each value of a column."""

    without_place: int
    whats: Numbers
    moments: Numbers
    areas: Numbers


@dataclass
class ColumnCounts:
    """Counts by the columns of the state of the data that a connection sees."""

    connection: Connection
    columns: Columns
    _masks: dict[str, Chosen] = field(default_factory=dict)
    _tallies: dict[str, _Tally] = field(default_factory=dict)

    def total(self, wanted: CaseFilter) -> Total:
        """Return how many cases fit."""
        tally = self._tally(wanted)
        return Total(int(tally.whats.sum()), tally.without_place)

    def density(self, wanted: CaseFilter, box: Box | None, zoom: int, step: Step | None = None) -> Density:
        """Return the cases on the grid of a zoom within a box, with a step in frames of it."""
        columns, mask = self.columns, self._mask(wanted)
        frames = _Frames(columns.day, wanted, step)
        if step is None:
            total = self.total(wanted)
            without_place = np.array([total.without_place])
            placed = np.array([total.cases - total.without_place])
        else:
            placed = frames.count(columns.day, mask, 0, columns.placed)
            without_place = frames.count(columns.day, mask, columns.placed, len(columns.day))
        found: list[NDArray[np.int64]] = []
        for begin, end in self._stretches(box):
            found.extend(self._cells(mask, frames, box, zoom, begin, end))
        cells = _on_grid(found, zoom)
        inside = np.bincount(cells.frame, cells.cases, minlength=len(frames.days)).astype(np.int64)
        return Density(cell_size(zoom), frames.days, without_place, placed - inside, cells)

    def areas(self, wanted: CaseFilter, level: Level) -> Mapping[int | None, int]:
        """Return the cases of each area of a level by its id; under ``None`` stand those that are in none."""
        tally = self._tally(wanted)
        ids, inverse = np.unique(self.columns.areas[LEVELS[level]], return_inverse=True)
        counts = np.bincount(inverse, tally.areas, minlength=len(ids)).astype(np.int64)
        found = counts > 0
        return {
            None if area == NO_AREA else area: count
            for area, count in zip(ids[found].tolist(), counts[found].tolist(), strict=True)
        }

    def breakdown(self, wanted: CaseFilter) -> Breakdown:
        """Return how the cases are spread over what they are and when they came."""
        tally = self._tally(wanted)
        whats = tally.whats.reshape(SIZES)
        moments = tally.moments.reshape(-1, HOURS)
        named = zip(("kind", "channel", "status"), CHOICES.values(), (0, 1, 2), strict=True)
        found: dict[str, dict[str | None, int]] = {
            name: _named([None, *choices], whats.sum(axis=tuple({0, 1, 2} - {axis}))) for name, choices, axis in named
        }
        found["weekday"] = _named([str(day) for day in range(1, 8)], moments.sum(axis=1))
        found["hour"] = _named([*(str(hour) for hour in range(HOURS - 1)), None], moments.sum(axis=0))
        return found

    def newest(self, wanted: CaseFilter, count: int, until: date | None) -> Collection[int] | None:
        """Return ids among which are the newest cases that fit, so many of them, where these are few among all.

        Those of days after ``until`` do not count.
        """
        columns, mask = self.columns, self._mask(wanted)
        if self.total(wanted).cases * FEW > len(columns.day):
            return None
        last = DAYS if until is None else days_since(until)
        found = np.arange(len(columns.day)) if mask is None else np.flatnonzero(mask)
        day = columns.day.take(found)
        counts = np.bincount(day, minlength=DAYS)
        # some of the last day itself may have been listed already
        behind = counts[:last][::-1].cumsum()
        first = last - int(np.searchsorted(behind, count)) - 1
        ids: list[int] = columns.id.take(found[(first <= day) & (day <= last)]).tolist()
        return ids

    def _mask(self, wanted: CaseFilter) -> Chosen:
        name = repr(wanted)
        if name not in self._masks:
            self._masks[name] = self._masked(wanted)
        return self._masks[name]

    def _masked(self, wanted: CaseFilter) -> Chosen:
        columns = self.columns
        areas = (None if wanted.area is None else [wanted.area], wanted.within)
        tests: list[tuple[NDArray[np.bool_] | None, NDArray[Any]]] = [
            (_allowed_whats(wanted), columns.what),
            (_allowed_moments(wanted), columns.moment),
            *((None if codes is None else self._allowed_areas(codes), columns.area) for codes in areas),
        ]
        allowed = [(values, column) for values, column in tests if values is not None]
        if not allowed and wanted.begin is None and wanted.end is None:
            return None
        mask = np.ones(len(columns.day), dtype=np.bool_)
        for begin, end in _portions(0, len(columns.day)):
            chosen = mask[begin:end]
            if wanted.begin is not None:
                chosen &= columns.day[begin:end] >= days_since(wanted.begin)
            if wanted.end is not None:
                chosen &= columns.day[begin:end] < days_since(wanted.end)
            for values, column in allowed:
                chosen &= values[column[begin:end]]
        return mask

    def _tally(self, wanted: CaseFilter) -> _Tally:
        name = repr(wanted)
        if name not in self._tallies:
            self._tallies[name] = self._tallied(self._mask(wanted))
        return self._tallies[name]

    def _tallied(self, mask: Chosen) -> _Tally:
        columns = self.columns
        whats = np.zeros(math.prod(SIZES), dtype=np.int64)
        moments = np.zeros(7 * HOURS, dtype=np.int64)
        areas = np.zeros(columns.areas.shape[1], dtype=np.int64)
        without_place = 0
        for begin, end in _portions(0, len(columns.day), columns.placed):
            which = _which(mask, begin, end)
            whats += np.bincount(_taken(columns.what, which, begin, end), minlength=len(whats))
            moments += np.bincount(_taken(columns.moment, which, begin, end), minlength=len(moments))
            # neighbours lie in one area, mostly
            values, counts = _runs(_taken(columns.area, which, begin, end))
            np.add.at(areas, values, counts)
            if begin >= columns.placed:
                without_place += end - begin if which is None else len(which)
        return _Tally(without_place, whats, moments, areas)

    def _allowed_areas(self, codes: Collection[str]) -> NDArray[np.bool_]:
        found = text("select id from area where code = any(cast(:codes as text[]))")
        ids = self.connection.scalars(found, {"codes": list(codes)}).all()
        return np.asarray(np.isin(self.columns.areas, ids).any(axis=0), dtype=np.bool_)

    def _stretches(self, box: Box | None) -> Iterator[tuple[int, int]]:
        """Yield the stretches of rows that hold the cases of a box, and others around it."""
        if box is None or box == WORLD:
            yield 0, self.columns.placed
            return
        ranges = _key_ranges(box)
        places = np.searchsorted(self.columns.key[: self.columns.placed], ranges)
        for begin, end in places.reshape(-1, 2).tolist():
            if begin < end:
                yield begin, end

    def _cells(
        self, mask: Chosen, frames: _Frames, box: Box | None, zoom: int, begin: int, end: int
    ) -> Iterator[NDArray[np.int64]]:
        """Yield cells of a stretch of rows as columns of key, frame and cases; one may come several times."""
        columns, shift = self.columns, np.uint64(2 * (FINEST_ZOOM - zoom))
        for first, last in _portions(begin, end):
            inside = _inside(columns, box, first, last)
            chosen = mask if mask is None else mask[first:last]
            both = inside if chosen is None else chosen if inside is None else chosen & inside
            which = None if both is None else np.flatnonzero(both)
            keys = _taken(columns.key, which, first, last) >> shift
            if not len(keys):
                continue
            if len(frames.days) == 1:
                values, counts = _runs(keys)
                yield np.vstack((values.astype(np.int64), np.zeros_like(counts), counts))
                continue
            edges = np.concatenate(([True], keys[1:] != keys[:-1]))
            rank = np.cumsum(edges) - 1
            of_frames = rank * len(frames.days) + frames.of(_taken(columns.day, which, first, last))
            of_frames.sort()
            values, counts = _runs(of_frames)
            cell, frame = np.divmod(values, len(frames.days))
            yield np.vstack((keys[edges][cell].astype(np.int64), frame, counts))


class _Frames:
    """The frames of a step, by day."""

    def __init__(self, day: NDArray[np.uint16], wanted: CaseFilter, step: Step | None) -> None:
        self.days: Sequence[date | None] = [None]
        self._by_day: NDArray[np.int64] | None = None
        if step is None:
            return
        low, high = _days(day, wanted)
        firsts = [_first_of_step(FIRST_DAY + timedelta(days=number), step) for number in range(low, high + 1)]
        self.days = list(dict.fromkeys(firsts))
        at = {first: place for place, first in enumerate(self.days)}
        self._by_day = np.array([0] * low + [at[first] for first in firsts], dtype=np.int64)

    def of(self, day: NDArray[np.uint16]) -> NDArray[np.int64]:
        """Return the frame of each day."""
        return np.zeros(len(day), dtype=np.int64) if self._by_day is None else self._by_day[day]

    def count(self, day: NDArray[np.uint16], mask: Chosen, begin: int, end: int) -> Numbers:
        """Return how many rows of a stretch are in each frame."""
        found = np.zeros(len(self.days), dtype=np.int64)
        for first, last in _portions(begin, end):
            rows = _taken(day, _which(mask, first, last), first, last)
            found += np.bincount(self.of(rows), minlength=len(found))
        return found


def _days(day: NDArray[np.uint16], wanted: CaseFilter) -> tuple[int, int]:
    """Return the first and the last day that rows of these days are let through."""
    low, high = (int(day.min()), int(day.max())) if len(day) else (0, -1)
    first = low if wanted.begin is None else max(low, days_since(wanted.begin))
    return first, high if wanted.end is None else min(high, days_since(wanted.end) - 1)


def _first_of_step(day: date, step: Step) -> date:
    if step is Step.WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if step is Step.MONTH else day


def _portions(begin: int, end: int, *borders: int) -> Iterator[tuple[int, int]]:
    """Yield the parts of a stretch, none of them across a border."""
    marks = [begin, *(border for border in borders if begin < border < end), end]
    for low, high in pairwise(marks):
        for first in range(low, high, ROWS_AT_A_TIME):
            yield first, min(first + ROWS_AT_A_TIME, high)


def _taken(column: NDArray[Any], which: NDArray[np.intp] | None, begin: int, end: int) -> NDArray[Any]:
    rows = column[begin:end]
    return rows if which is None else rows.take(which)


def _which(mask: Chosen, begin: int, end: int) -> NDArray[np.intp] | None:
    return None if mask is None else np.flatnonzero(mask[begin:end])


def _runs(values: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return the value of each run of equal ones, and how long it is."""
    if not len(values):
        return values, np.zeros(0, dtype=np.int64)
    first = np.concatenate(([0], np.flatnonzero(values[1:] != values[:-1]) + 1))
    return values[first], np.diff(first, append=len(values))


def _inside(columns: Columns, box: Box | None, begin: int, end: int) -> NDArray[np.bool_] | None:
    if box is None:
        return None
    west, south, east, north = box
    lon, lat = columns.lon[begin:end], columns.lat[begin:end]
    return (west <= lon) & (lon <= east) & (south <= lat) & (lat <= north)


def _key_ranges(box: Box) -> NDArray[np.uint64]:
    """Return begins and ends of the keys of a box, and of some places around it, in ascending order."""
    west, south, east, north = box
    cell = cell_size(FINEST_ZOOM)
    low = [math.floor(metres / cell) - 1 for metres in to_tile_plane(west, max(south, -POLAR))]
    high = [math.floor(metres / cell) + 1 for metres in to_tile_plane(east, min(north, POLAR))]
    if south <= -POLAR:
        low[1] = -HALF_WAY
    if north >= POLAR:
        high[1] = HALF_WAY - 1
    widest = max(high[0] - low[0], high[1] - low[1])
    shift = max(0, math.ceil(math.log2(widest / TILES_OF_BOX)))
    across, up = (
        np.arange((first + HALF_WAY) >> shift, ((last + HALF_WAY) >> shift) + 1)
        for first, last in zip(low, high, strict=True)
    )
    tiles = np.sort(interleave(*(axis.ravel() for axis in np.meshgrid(across, up))))
    is_first = np.concatenate(([True], np.diff(tiles) != 1))
    begins, ends = tiles[is_first], tiles[np.roll(is_first, -1)] + np.uint64(1)
    return np.column_stack((begins, ends)).ravel() << np.uint64(2 * shift)


def _on_grid(found: list[NDArray[np.int64]], zoom: int) -> Cells:
    """Return cells by column and row, each once."""
    if not found:
        return Cells.of([])
    key, frame, cases = np.hstack(found)
    order = np.lexsort((frame, key))
    key, frame, cases = key[order], frame[order], cases[order]
    first = np.concatenate(([0], np.flatnonzero(np.diff(key) | np.diff(frame)) + 1))
    middle = HALF_WAY >> (FINEST_ZOOM - zoom)
    across, up = part(key[first].astype(np.uint64))
    return Cells(frame[first], across - middle, up - middle, np.add.reduceat(cases, first))


def _named(names: Sequence[str | None], counts: Numbers) -> dict[str | None, int]:
    return {name: count for name, count in zip(names, counts.tolist(), strict=True) if count}


def _allowed_whats(wanted: CaseFilter) -> NDArray[np.bool_] | None:
    asked = (wanted.kinds, wanted.channels, wanted.statuses)
    if asked == (None, None, None):
        return None
    allowed = np.ones(SIZES, dtype=bool)
    for axis, (words, choices) in enumerate(zip(asked, CHOICES.values(), strict=True)):
        if words is not None:
            shape = [-1 if other == axis else 1 for other in range(len(SIZES))]
            allowed &= np.array([False, *(choice in words for choice in choices)]).reshape(shape)
    return allowed.ravel()


def _allowed_moments(wanted: CaseFilter) -> NDArray[np.bool_] | None:
    if wanted.weekdays is None and wanted.hours is None:
        return None
    weekdays = [wanted.weekdays is None or day in wanted.weekdays for day in range(1, 8)]
    hours = [wanted.hours is None or (hour < HOURS - 1 and hour in wanted.hours) for hour in range(HOURS)]
    return np.logical_and.outer(weekdays, hours).ravel()
