"""Rounds of a truck: places in the order in which they are driven to, each round within what the truck holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo_hygiene.crs import metres_per_degree
from geo_hygiene.works.due import Due

MOST_PLACES = 500
"""Of one question: the way between them is improved pair by pair."""

LEAST_GAIN = 1e-6
"""Of metres: rounding turns nothing back."""

Metres = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Batch:
    """One round.

    Attributes
    ----------
    load
        Cubic metres, as the volumes of its tanks are stored; a tank without one counts as nothing.
    metres
        As the crow flies, from its first place to its last.
    is_over
        Whether its one tank holds more than the truck: it is driven to more than once.
    """

    places: tuple[Due, ...]
    load: float
    metres: float
    is_over: bool


def batches(places: Sequence[Due], capacity: float) -> list[Batch]:
    """Return rounds over the places; ``capacity`` is what the truck holds, in cubic metres."""
    if not places:
        return []
    spots = _in_metres(places)
    rounds: list[list[int]] = [[]]
    load = 0.0
    for at in _tour(spots):
        volume = places[at].volume_m3 or 0.0
        if rounds[-1] and load + volume > capacity:
            rounds.append([])
            load = 0.0
        rounds[-1].append(at)
        load += volume
    return [_batch(places, spots, chosen, capacity) for chosen in rounds]


def _batch(places: Sequence[Due], spots: Metres, chosen: Sequence[int], capacity: float) -> Batch:
    load = sum(places[at].volume_m3 or 0.0 for at in chosen)
    metres = float(np.hypot(*np.diff(spots[list(chosen)], axis=0).T).sum())
    return Batch(tuple(places[at] for at in chosen), load, metres, load > capacity)


def _in_metres(places: Sequence[Due]) -> Metres:
    """Return places in metres of a plane around their middle."""
    lon, lat = np.array([place.lon for place in places]), np.array([place.lat for place in places])
    east, north = metres_per_degree(np.array([lat.mean()]))
    return np.column_stack(((lon - lon.mean()) * east[0], (lat - lat.mean()) * north[0]))


def _tour(spots: Metres) -> list[int]:
    """Return a short way over all spots, from the western-most: the nearest next, then without crossings (2-opt)."""
    between = np.hypot(*(spots[:, None] - spots[None]).transpose(2, 0, 1))
    left = np.ones(len(spots), dtype=bool)
    tour = [int(spots[:, 0].argmin())]
    left[tour] = False
    while left.any():
        tour.append(int(np.where(left, between[tour[-1]], np.inf).argmin()))
        left[tour[-1]] = False
    return _uncrossed(tour, between)


def _uncrossed(tour: list[int], between: Metres) -> list[int]:
    """Turn stretches of a way around for as long as that makes it shorter; its first place stays."""
    order = np.array(tour)
    count = len(order)
    improved = True
    while improved:
        improved = False
        for at in range(count - 2):
            here, after = order[at], order[at + 1]
            ends, behind = order[at + 2 :], np.append(order[at + 3 :], -1)
            gain = between[here, after] - between[here, ends]
            gain = gain + np.where(behind < 0, 0.0, between[ends, behind] - between[after, behind])
            best = int(gain.argmax())
            if gain[best] > LEAST_GAIN:
                order[at + 1 : at + 3 + best] = order[at + 1 : at + 3 + best][::-1].copy()
                improved = True
    return [int(at) for at in order]
