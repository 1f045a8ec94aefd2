"""Propose how a duty could be shared out anew: connected zones of about equal work, and why they are as they are."""

from __future__ import annotations

import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import numpy as np
import shapely
from scipy.optimize import linear_sum_assignment
from scipy.sparse import block_array, coo_array
from scipy.sparse.csgraph import connected_components
from sqlalchemy import Connection

from geo_hygiene.coverage.duties import DutyRecord
from geo_hygiene.errors import GeoHygieneError
from geo_hygiene.i18n import gettext as _
from geo_hygiene.permissions import EVERYWHERE, Areas
from geo_hygiene.zoning.balancing import Network
from geo_hygiene.zoning.barriers import Barrier
from geo_hygiene.zoning.binding import Binding, binding_of
from geo_hygiene.zoning.ground import Ground, ground_of
from geo_hygiene.zoning.picturing import compartments, draw
from geo_hygiene.zoning.sharing import Progress, Sharing, Wishes, beside, share
from geo_hygiene.zoning.workload import MILLISECONDS

PREFIXES = {"sweeping": "S", "supervision": "V", "drains": "D", "tanks": "T"}
"""Before the numbers of zones where a duty has none yet."""

LOSSES_TOLD = 100
"""Of what changes hands, so many stretches of one zone to another are told, the longest first."""


class ImpossibleProposalError(GeoHygieneError):
    """What is wished can not be; ``place`` is the wish."""

    def __init__(self, place: str, message: str) -> None:
        super().__init__(message)
        self.place = place


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedZone:
    """A zone of a proposal; ``members`` are numbers of the ground's pieces."""

    code: str
    members: tuple[int, ...]
    work: int
    extent_mm: int
    holder: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evenness:
    """How even the work of zones is; ratios of nothing are ``None``."""

    zones: int
    mean: float
    most: float | None
    least: float | None

    @classmethod
    def of(cls, works: Sequence[int]) -> Evenness:
        """Return it of the works of zones in milliseconds; the mean is in minutes."""
        mean = sum(works) / len(works) if works else 0.0
        known = mean > 0
        return cls(
            zones=len(works),
            mean=mean / MILLISECONDS,
            most=max(works) / mean if known else None,
            least=min(works) / mean if known else None,
        )

    def as_json(self) -> dict[str, Any]:
        """Return the public form."""
        return {
            "zones": self.zones,
            "mean": round(self.mean, 2),
            "max_over_mean": None if self.most is None else round(self.most, 4),
            "min_over_mean": None if self.least is None else round(self.least, 4),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Zones that a duty could have, and what is to be said of them."""

    duty: DutyRecord
    on: date
    wishes: Wishes
    ground: Ground
    zones: Sequence[ProposedZone]
    before: Evenness
    after: Evenness
    broken: int
    crossing: int
    unassigned: int
    share_kept: float | None
    moved: Sequence[tuple[str, str, int]]
    binding: Sequence[Binding]
    seconds: float

    @property
    def is_met(self) -> bool:
        """Whether no zone has more to do than is tolerated."""
        return self.after.most is not None and self.after.most <= 1 + self.wishes.tolerance + 1e-9

    @property
    def lists(self) -> dict[str, list[UUID]]:
        """Return what each zone would hold, by code."""
        return {zone.code: [self.ground.pieces[member].uuid for member in zone.members] for zone in self.zones}

    def pictures(self) -> dict[str, shapely.Geometry]:
        """Return the picture of each zone (EPSG:4326), by code."""
        return pictures_of(self.ground, self.lists)

    @property
    def work_of_nobody(self) -> float:
        """Return the minutes a day of what no zone of the day holds."""
        return sum(piece.work for piece in self.ground.pieces if piece.zone is None) / MILLISECONDS

    def as_json(self) -> dict[str, Any]:
        """Return the public form, as ``zones propose --json`` prints it where it is in no draft."""
        pieces, even = self.ground.pieces, self.after.as_json()
        return {
            "draft": None,
            "duty": self.duty.code,
            "on": self.on.isoformat(),
            "count": self.wishes.count,
            "tolerance": self.wishes.tolerance,
            "borders": self.wishes.borders.value,
            "barriers": sorted(self.wishes.barriers),
            "met": self.is_met,
            "workload_unit": "min",
            "mean": even["mean"],
            "max_over_mean": even["max_over_mean"],
            "min_over_mean": even["min_over_mean"],
            "before": self.before.as_json(),
            "broken": self.broken,
            "crossing": self.crossing,
            "unassigned": self.unassigned,
            "share_kept": None if self.share_kept is None else round(self.share_kept, 4),
            "seconds": round(self.seconds, 3),
            "binding": [{"constraint": one.constraint, "where": one.where, "text": one.text} for one in self.binding],
            "moved": [
                {"from": old, "to": new, "length_m": self.duty.amount(extent)} for old, new, extent in self.moved
            ],
            "zones": [
                {
                    "code": zone.code,
                    "workload": round(zone.work / MILLISECONDS, 2),
                    "length_m": self.duty.amount(zone.extent_mm),
                    "holder": zone.holder,
                    "segments": [str(pieces[member].uuid) for member in zone.members],
                }
                for zone in self.zones
            ],
        }


def pictures_of(ground: Ground, lists: Mapping[str, Sequence[UUID]]) -> dict[str, shapely.Geometry]:
    """Return the picture of each zone (EPSG:4326), by code, from the targets of all zones of the ground."""
    codes = list(lists)
    owner = {segment: number for number, code in enumerate(codes) for segment in lists[code]}
    shapes = np.array([piece.shape for piece in ground.pieces], dtype=object)
    grounds = compartments(shapes, [piece.community for piece in ground.pieces], ground.areas, ground.water)
    drawn = draw(shapes, [owner.get(piece.uuid, -1) for piece in ground.pieces], grounds)
    numbers = [number for number in drawn if number >= 0]
    placed = ground.plane.in_degrees(np.array([drawn[number] for number in numbers], dtype=object))
    return {codes[number]: shape for number, shape in zip(numbers, placed, strict=True)}


def propose(
    connection: Connection,
    duty: DutyRecord,
    on: date,
    wishes: Wishes,
    *,
    within: Areas = EVERYWHERE,
    progress: Progress = lambda _done, _all: None,
) -> Proposal:
    """Return how a duty could be shared out from its targets and zones of a day; nothing is written.

    Raises
    ------
    ImpossibleProposalError
        If there is nothing to share out, or too little for so many zones.
    UnknownRecordError
        If the area is not among those of the caller.
    """
    begun = time.monotonic()
    demand_sense(duty, wishes)
    ground = ground_of(connection, duty, on, wishes.area, within, wishes.barriers)
    free = _free(ground, wishes)
    sharing = share(ground, free, wishes, progress)
    return _told(duty, on, wishes, ground, sharing, begun)


def demand_sense(duty: DutyRecord, wishes: Wishes) -> None:
    """Refuse wishes that mean nothing for a duty.

    Raises
    ------
    ImpossibleProposalError
        If there are such.
    """
    if Barrier.MAIN_ROAD in wishes.barriers and duty.target_kind == "drain-segments":
        raise ImpossibleProposalError("barriers", _("Drains run under main roads, which are no barrier to them."))


def _free(ground: Ground, wishes: Wishes) -> list[int]:
    """Return the pieces to share out: those of no locked zone."""
    if not ground.pieces:
        raise ImpossibleProposalError("within", _("There is nothing here that this duty looks after."))
    there = {piece.zone for piece in ground.pieces}
    for code in sorted(wishes.locked):
        if code not in there:
            raise ImpossibleProposalError("lock", _("The zone “%(code)s” holds nothing here.", code=code))
    free = [number for number, piece in enumerate(ground.pieces) if piece.zone not in wishes.locked]
    count = wishes.count - len(wishes.locked)
    if count < bool(free) or count > len(free):
        words = _(
            "Here is work for %(least)s to %(most)s zones, the locked ones among them; not for %(count)s.",
            least=len(wishes.locked) + bool(free),
            most=len(wishes.locked) + len(free),
            count=wishes.count,
        )
        raise ImpossibleProposalError("count", words)
    return free


def _told(duty: DutyRecord, on: date, wishes: Wishes, ground: Ground, sharing: Sharing, begun: float) -> Proposal:
    """Return a proposal with its zones named, and all that is to be said of it."""
    groups = dict(enumerate(sharing.parts))
    codes = _codes(duty, ground, groups)
    locked: dict[str, list[int]] = defaultdict(list)
    for number, piece in enumerate(ground.pieces):
        if piece.zone in wishes.locked and piece.zone is not None:
            locked[piece.zone].append(number)
    members = {**locked, **{codes[part]: group for part, group in groups.items()}}
    zones = [_zone(ground, code, members[code]) for code in sorted(members)]
    meeting = beside(len(ground.pieces), [*ground.joined, *ground.parted])
    whole = Network([piece.work for piece in ground.pieces], meeting)
    held = Counter[str]()
    moved = Counter[tuple[str, str]]()
    for zone in zones:
        for number in zone.members:
            piece = ground.pieces[number]
            if piece.zone is not None:
                held[piece.zone] += piece.extent_mm
                if piece.zone != zone.code:
                    moved[piece.zone, zone.code] += piece.extent_mm
    former: dict[str, int] = defaultdict(int)
    for piece in ground.pieces:
        if piece.zone is not None:
            former[piece.zone] += piece.work
    all_held = sum(held.values())
    return Proposal(
        duty=duty,
        on=on,
        wishes=wishes,
        ground=ground,
        zones=zones,
        before=Evenness.of(list(former.values())),
        after=Evenness.of([zone.work for zone in zones]),
        broken=sum(len(whole.pieces(zone.members)) > 1 for zone in zones),
        crossing=sum(len({ground.pieces[number].community for number in zone.members}) > 1 for zone in zones),
        unassigned=len(ground.pieces) - sum(len(zone.members) for zone in zones),
        share_kept=1 - sum(moved.values()) / all_held if all_held else None,
        moved=[
            (*two, extent) for two, extent in sorted(moved.items(), key=lambda one: (-one[1], one[0]))[:LOSSES_TOLD]
        ],
        binding=binding_of(duty, ground, sharing, codes, {zone.code: zone.work for zone in zones}),
        seconds=time.monotonic() - begun,
    )


def _zone(ground: Ground, code: str, members: Sequence[int]) -> ProposedZone:
    return ProposedZone(
        code=code,
        members=tuple(members),
        work=sum(ground.pieces[number].work for number in members),
        extent_mm=sum(ground.pieces[number].extent_mm for number in members),
        holder=ground.holders.get(code),
    )


def _codes(duty: DutyRecord, ground: Ground, groups: Mapping[int, Sequence[int]]) -> dict[int, str]:
    """Return a code for each part: of today's zones each goes on as the part with most of what it holds."""
    parts = sorted(groups, key=lambda part: _corner(ground, groups[part]))
    column = {number: at for at, part in enumerate(parts) for number in groups[part]}
    zones = sorted({ground.pieces[number].zone or "" for number in column} - {""})
    row = {zone: at for at, zone in enumerate(zones)}
    both = [(row[zone], at, number) for number, at in column.items() if (zone := ground.pieces[number].zone) in row]
    rows, columns = np.array([one[:2] for one in both], dtype=np.int64).reshape(-1, 2).T
    extents = np.array([ground.pieces[number].extent_mm for _row, _column, number in both], dtype=np.float64)
    shared = coo_array((extents, (rows, columns)), shape=(len(zones), len(parts)))
    codes = {parts[at]: zones[zone] for zone, at in _matched(shared)}
    fresh = _fresh_codes(duty, ground.codes)
    return {part: codes[part] if part in codes else next(fresh) for part in parts}


def _matched(shared: coo_array) -> Iterator[tuple[int, int]]:
    """Yield which zone goes on as which part, so that they share most; those that share nothing are not compared."""
    shared = shared.tocsr()
    zones = shared.shape[0]
    links = block_array([[None, shared], [shared.T, None]])
    count, label = connected_components(links, directed=False) if shared.nnz else (0, np.zeros(0))
    order = np.argsort(label, kind="stable")
    for together in np.split(order, np.cumsum(np.bincount(label, minlength=count))[:-1]) if count else []:
        own, new = together[together < zones], together[together >= zones] - zones
        block = shared[own][:, new].toarray()
        for at, other in zip(*linear_sum_assignment(-block), strict=True):
            if block[at, other]:
                yield int(own[at]), int(new[other])


def _corner(ground: Ground, members: Sequence[int]) -> tuple[str, float, int]:
    """Return by what zones are ordered: their community, then from the north-west."""
    x, y = shapely.get_coordinates(shapely.centroid([ground.pieces[number].shape for number in members])).mean(axis=0)
    return min(ground.pieces[number].community or "" for number in members), float(x - 1.5 * y), min(members)


def _fresh_codes(duty: DutyRecord, taken: Sequence[str]) -> Iterator[str]:
    """Yield codes that no zone ever had, as the zones of the duty are numbered."""
    numbered = [match.groups() for code in taken if (match := re.fullmatch(r"(.*?)(\d{1,9})", code))]
    prefix, width, last = PREFIXES[duty.code], 3, 0
    if numbered:
        prefix = Counter(front for front, _digits in numbered).most_common(1)[0][0]
        digits = [number for front, number in numbered if front == prefix]
        width, last = len(digits[0]), max(map(int, digits))
    while True:
        last += 1
        yield f"{prefix}{last:0{width}d}"
