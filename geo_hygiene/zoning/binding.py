"""What keeps a proposal from being more even, and what was tied to be shared out at all, in words."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from geo_hygiene.coverage.duties import DutyRecord
from geo_hygiene.i18n import gettext as _
from geo_hygiene.zoning.ground import Ground
from geo_hygiene.zoning.hindering import Hindrance, Reason
from geo_hygiene.zoning.sharing import BARRIER, BORDER, Sharing
from geo_hygiene.zoning.tying import Tie
from geo_hygiene.zoning.workload import MILLISECONDS

HINDERED_TOLD = 20
"""Of so many zones that have too much it is told why, the worst first."""


@dataclass(frozen=True, slots=True)
class Binding:
    """What keeps a proposal from being more even: which wish, where, and in the user's words."""

    constraint: str
    where: str | None
    text: str


def binding_of(
    duty: DutyRecord, ground: Ground, sharing: Sharing, codes: Mapping[int, str], works: Mapping[str, int]
) -> list[Binding]:
    """Return what keeps a proposal from being more even, and what was tied to be shared out at all.

    Parameters
    ----------
    codes
        Of the parts of the sharing.
    works
        Of all zones by code, those that stay as they are among them.
    """
    mean = sum(works.values()) / max(len(works), 1)
    is_met = max(works.values(), default=0) <= mean * (1 + sharing.tolerance + 1e-9)
    stay = {code: work for code, work in works.items() if code not in codes.values()}
    uneven = [] if is_met else [*_uneven(ground, sharing, codes), *_told_locks(sharing, stay, mean)]
    ties = sorted(sharing.ties, key=lambda tie: -sum(ground.pieces[number].extent_mm for number in tie.members))
    return [*uneven, *(_told_tie(duty, ground, tie) for tie in ties)]


def _uneven(ground: Ground, sharing: Sharing, codes: Mapping[int, str]) -> list[Binding]:
    """Return what keeps the parts of a sharing from being as even as wished."""
    found = []
    most = sharing.mean * (1 + sharing.tolerance)
    for number in sorted(number for part in sharing.parts for number in part):
        piece = ground.pieces[number]
        if piece.work > most:
            words = _(
                "“%(title)s” alone takes %(minutes)s min, more than a zone may: it would have to be cut.",
                title=piece.title or piece.uuid,
                minutes=round(piece.work / MILLISECONDS, 1),
            )
            found.append(Binding("segment", str(piece.uuid), words))
    if not sharing.is_even:
        found += _told_borders(ground, sharing)
        found += _told_barriers(ground, sharing)
        found += _told_hindered(ground, sharing, codes, tells_whole=not found)
    if sharing.is_short:
        words = _("More would have to change hands than the share that is to be kept leaves.")
        found.append(Binding("keep", None, words))
    return found


def _told_locks(sharing: Sharing, stay: Mapping[str, int], mean: float) -> Iterator[Binding]:
    """Yield the zones that stay with more than is tolerated, and that they leave the others more than the mean."""
    for code, work in sorted(stay.items(), key=lambda one: (-one[1], one[0]))[:HINDERED_TOLD]:
        if work > mean * (1 + sharing.tolerance):
            words = _(
                "Zone %(zone)s stays as it is, with %(share)s of the mean.", zone=code, share=f"{work / mean:.0%}"
            )
            yield Binding("lock", code, words)
    if stay and sharing.mean > mean * (1 + 1e-9):
        words = _(
            "The zones that stay have less than the mean: the others share what is left, %(share)s of the mean each.",
            share=f"{sharing.mean / mean:.0%}",
        )
        yield Binding("lock", None, words)


def _told_hindered(
    ground: Ground, sharing: Sharing, codes: Mapping[int, str], *, tells_whole: bool
) -> Iterator[Binding]:
    """Yield why parts keep more than is tolerated, the heaviest first; of what hangs together, only where wished."""
    owner = {number: codes[at] for at, part in enumerate(sharing.parts) for number in part}
    wholes = set[tuple[int, int]]()
    worst = sorted(sharing.hindered, key=lambda part: (-sharing.works[part], codes[part]))
    for part in worst[:HINDERED_TOLD]:
        one = sharing.hindered[part]
        if one.whole is None and one.reason is not Reason.SINGLE:
            yield _told_hindrance(codes[part], one, sharing, sorted(owner[number] for number in one.neighbours))
        elif tells_whole and one.whole is not None and one.whole not in wholes:
            wholes.add(one.whole)
            yield _told_whole(ground, min(sharing.parts[part]), *one.whole, sharing.mean)
    kept = [part for part in worst if sharing.bordered.issuperset(sharing.parts[part])]
    if any(sharing.hindered[part].whole is None for part in kept):
        words = _("Borders of communities are kept: nothing was given across them.")
        yield Binding("borders", None, words)


def _told_hindrance(code: str, one: Hindrance, sharing: Sharing, others: list[str]) -> Binding:
    told = {"zone": code, "share": f"{one.load / sharing.mean:.1%}"}
    if one.reason is Reason.HOLDING:
        words = _(
            "Zone %(zone)s has %(share)s of the mean: whatever it gave away at its rim, the rest would fall apart.",
            **told,
        )
        return Binding("contiguity", code, words)
    told["others"] = ", ".join(others)
    if one.reason is Reason.FULL:
        words = _(
            "Zone %(zone)s has %(share)s of the mean: the least that it can give takes %(minutes)s min, for which "
            "%(others)s beside it have no room.",
            minutes=round((one.smallest or 0) / MILLISECONDS, 1),
            **told,
        )
        return Binding("neighbours", code, words)
    words = _(
        "Zone %(zone)s has %(share)s of the mean: no exchange with %(others)s beside it was found that evens it out.",
        **told,
    )
    return Binding("search", code, words)


def _told_whole(ground: Ground, first: int, work: int, count: int, mean: float) -> Binding:
    piece = ground.pieces[first]
    words = _(
        "What hangs together around “%(title)s” in community %(community)s has work for %(zones)s zones of the mean, "
        "and has %(count)s.",
        title=piece.title or piece.uuid,
        community=piece.community or "-",
        zones=round(work / mean, 2),
        count=count,
    )
    return Binding("network", str(piece.uuid), words)


def _told_tie(duty: DutyRecord, ground: Ground, tie: Tie) -> Binding:
    pieces = [ground.pieces[number] for number in tie.members]
    extent = duty.amount(sum(piece.extent_mm for piece in pieces))
    told = {
        "amount": f"{extent:,.0f} m" if duty.unit == "m" else f"{extent:,}",
        "community": pieces[0].community or "-",
    }
    if tie.across == BARRIER:
        words = _(
            "In community %(community)s a river or main road cuts %(amount)s off from the rest, too little for zones "
            "of their own: a zone from beyond takes them.",
            **told,
        )
        return Binding("barrier", str(pieces[0].uuid), words)
    if tie.across == BORDER:
        words = _(
            "In community %(community)s %(amount)s are cut off from the rest, too little for zones of their own: "
            "a zone from beyond the border takes them.",
            **told,
        )
        return Binding("border", pieces[0].community, words)
    words = _(
        "In community %(community)s %(amount)s meet nothing else, too little for zones of their own: the nearest zone "
        "takes them.",
        **told,
    )
    return Binding("apart", str(pieces[0].uuid), words)


def _told_barriers(ground: Ground, sharing: Sharing) -> list[Binding]:
    """Return the ground between barriers whose zones can not be as even as wished among themselves."""
    found = []
    for members, count in sharing.towns if ground.parted else ():
        work = sum(ground.pieces[number].work for number in members) / sharing.mean
        if abs(work / count - 1) > sharing.tolerance:
            first = ground.pieces[min(members)]
            words = _(
                "What barriers cut off around “%(title)s” in community %(community)s has work for %(zones)s zones of "
                "the mean, and has %(count)s.",
                title=first.title or first.uuid,
                community=first.community or "-",
                zones=round(work, 2),
                count=count,
            )
            found.append(Binding("barrier", str(first.uuid), words))
    return found


def _told_borders(ground: Ground, sharing: Sharing) -> list[Binding]:
    """Return the communities whose zones can not be as even as wished among themselves."""
    works, parts = Counter[str](), defaultdict[str, set[int]](set)
    for at, part in enumerate(sharing.parts):
        for number in sharing.bordered.intersection(part):
            community = ground.pieces[number].community or "-"
            works[community] += ground.pieces[number].work
            parts[community].add(at)
    found = []
    for community in sorted(works):
        share = works[community] / len(parts[community]) / sharing.mean
        if abs(share - 1) > sharing.tolerance:
            words = _(
                "Community %(community)s has work for %(zones)s zones of the mean, and has %(count)s.",
                community=community,
                zones=round(works[community] / sharing.mean, 2),
                count=len(parts[community]),
            )
            found.append(Binding("borders", community, words))
    return found
