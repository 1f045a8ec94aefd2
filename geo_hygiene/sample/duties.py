"""All duty zones of the sample town: sweeping, supervision, drains and tanks, in two plans."""

# ruff: noqa: PLR2004 - metres, degrees and shares that shape a synthetic town stand where they are used

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import networkx as nx
import numpy as np
from shapely import MultiPoint, MultiPolygon, dwithin, prepare

from geo_hygiene.sample.areas import AreaPlan
from geo_hygiene.sample.assets import Tank
from geo_hygiene.sample.drains import DrainSegment
from geo_hygiene.sample.parameters import PLAN_CHANGE, YEAR_FROM, Staff, Town
from geo_hygiene.sample.partition import partition, share_out
from geo_hygiene.sample.pictures import as_multi, draw_zones, join_groups
from geo_hygiene.sample.river import River
from geo_hygiene.sample.segments import Segment
from geo_hygiene.sample.shapes import middle_of
from geo_hygiene.sample.zones import Divider, Faults, Lists, spoil

PERIODS: tuple[tuple[date, date | None], ...] = ((YEAR_FROM, PLAN_CHANGE), (PLAN_CHANGE, None))
REDRAWN = (0, 2, 4)
"""Communities, by number, whose zones the second plan draws anew."""
SWEEPING_FAULTS = Faults(gap=0.046, overlap=0.042, part_gaps=9, part_overlaps=6)
SUPERVISION_FAULTS = Faults(gap=0.035, overlap=0.035, part_gaps=4, part_overlaps=3)
CORE = "core"


@dataclass(frozen=True, kw_only=True)
class Zone:
    """A duty zone in one plan.

    Attributes
    ----------
    community
        Code of the community that it lies in.
    stretches
        Code of the target, metres from, metres to (``None`` for its end).
    """

    code: str
    name: str
    duty: str
    shift: str
    community: str
    valid_from: date
    valid_to: date | None
    stretches: tuple[tuple[str, float, float | None], ...]
    shape: MultiPolygon


class Planner:
    """Draws the zones of all duties."""

    def __init__(
        self, town: Town, segments: Sequence[Segment], areas: AreaPlan, river: River, rng: np.random.Generator
    ) -> None:
        self.town, self.segments, self.areas, self.river, self.rng = town, segments, areas, river, rng
        self.communities = areas.level("community")
        self.short = {area.code: area.name.removesuffix("社区") for area in self.communities}

    def sweeping(self) -> list[Zone]:
        """Return the sweeping zones: the fringe's first, then the core's."""
        fringe = self._street_zones(
            "sweeping", "SW", 1, self.town.cleaners, lambda n: self.areas.zone_class_of(n) != CORE, SWEEPING_FAULTS
        )
        first = 1 + self.town.cleaners.zones + self.town.cleaners.doubled
        core = self._street_zones("sweeping", "SW", first, self.town.estate_cleaners, self._is_core, SWEEPING_FAULTS)
        return fringe + core

    def supervision(self) -> list[Zone]:
        """Return the supervision zones, all in the core."""
        return self._street_zones("supervision", "SV", 1, self.town.supervisors, self._is_core, SUPERVISION_FAULTS)

    def _is_core(self, n: int) -> bool:
        return self.areas.zone_class_of(n) == CORE

    def _street_zones(
        self, duty: str, prefix: str, first: int, staff: Staff, chosen: Callable[[int], bool], faults: Faults
    ) -> list[Zone]:
        divider = Divider(self.segments, self.areas, chosen)
        lists = divider.divide(staff.zones, prefix, first, self.rng)
        doubled = self._busiest(lists, staff.doubled)
        extra = {zone: f"{prefix}{first + staff.zones + i:03d}" for i, zone in enumerate(doubled)}
        redrawn = [self.communities[i].code for i in REDRAWN]
        graph = divider.whole()
        zones: list[Zone] = []
        for period, plan in zip(PERIODS, (lists, divider.redivide(lists, redrawn, self.rng)), strict=True):
            spoiled = spoil(plan, graph, self.segments, faults, self.rng)
            shapes = draw_zones(spoiled, self.segments, self.areas, self.river)
            zones += self._finished(duty, period, spoiled, shapes, extra)
        return zones

    def _busiest(self, lists: Lists, count: int) -> list[str]:
        """Return the zones with the largest part of main streets."""

        def share(zone: str) -> float:
            metres: dict[bool, float] = defaultdict(float)
            for n in lists[zone]:
                metres[self.segments[n].category in ("arterial", "street")] += self.segments[n].line.length
            return metres[True] / (metres[True] + metres[False])

        return sorted(sorted(lists), key=share, reverse=True)[:count]

    def _finished(
        self,
        duty: str,
        period: tuple[date, date | None],
        lists: Lists,
        shapes: Mapping[str, MultiPolygon],
        extra: Mapping[str, str],
    ) -> list[Zone]:
        title = {"sweeping": "保洁", "supervision": "市容"}[duty]
        zones = []
        for code, stretches in sorted(lists.items()):
            community = self.areas.community_of[next(iter(stretches))]
            listed = tuple(self._stretch(n, part) for n, part in sorted(stretches.items()))
            shifts = [(code, "all-day", "")] if code not in extra else []
            if code in extra:
                shifts = [(code, "morning", "早班"), (extra[code], "afternoon", "中班")]
            for name, shift, word in shifts:
                zones.append(
                    Zone(
                        code=name,
                        name=f"{self.short[community]}{title}{code[2:]}段{word}",
                        duty=duty,
                        shift=shift,
                        community=community,
                        valid_from=period[0],
                        valid_to=period[1],
                        stretches=listed,
                        shape=shapes[code],
                    )
                )
        return sorted(zones, key=lambda zone: zone.code)

    def _stretch(self, n: int, part: tuple[float, float]) -> tuple[str, float, float | None]:
        length = self.segments[n].line.length
        return self.segments[n].code, round(part[0], 3), None if part[1] >= length else round(part[1], 3)

    def drains(self, drains: Sequence[DrainSegment]) -> list[Zone]:
        """Return the zones of drains, along the trees."""
        at: dict[str, list[int]] = defaultdict(list)
        graph: nx.Graph[int] = nx.Graph()
        graph.add_nodes_from(range(len(drains)))
        home = {i: self._drain_home(drains, i) for i in range(len(drains))}
        for i, drain in enumerate(drains):
            for node in (drain.from_node, drain.to_node):
                graph.add_edges_from((i, other) for other in at[node] if home[other] == home[i])
                at[node].append(i)
        place = {i: middle_of(drain.line) for i, drain in enumerate(drains)}
        work = {i: drain.line.length for i, drain in enumerate(drains)}
        codes = sorted(set(home.values()))
        shares = share_out([sum(work[i] for i in work if home[i] == code) for code in codes], self.town.drain_zones)
        parts: dict[tuple[str, int], list[int]] = defaultdict(list)
        for code, share in zip(codes, shares, strict=True):
            own = nx.Graph(graph.subgraph([i for i in graph if home[i] == code]))
            self._tie(own, place)
            for i, part in partition(own, work, place, share, self.rng).items():
                parts[code, part].append(i)
        return [zone for number in (0, 1) for zone in self._drain_plan(drains, dict(sorted(parts.items())), number)]

    def _drain_home(self, drains: Sequence[DrainSegment], i: int) -> str:
        """Return the community of a drain; an outfall belongs where its last drain does."""
        if drains[i].street >= 0:
            return self.areas.community_of[drains[i].street]
        above = next(k for k, drain in enumerate(drains) if drain.street >= 0 and drain.to_node == drains[i].from_node)
        return self.areas.community_of[drains[above].street]

    @staticmethod
    def _tie(graph: nx.Graph[int], place: Mapping[int, tuple[float, float]]) -> None:
        """Join trees of drains that have no common node at their nearest places."""
        while True:
            parts = sorted((sorted(part) for part in nx.connected_components(graph)), key=len)
            if len(parts) == 1:
                return
            rest = [i for part in parts[1:] for i in part]
            pairs = [(float(np.hypot(*np.subtract(place[a], place[b]))), a, b) for a in parts[0] for b in rest]
            _, a, b = min(pairs)
            graph.add_edge(a, b)

    def _drain_plan(
        self, drains: Sequence[DrainSegment], parts: Mapping[tuple[str, int], list[int]], number: int
    ) -> list[Zone]:
        held = {key: dict.fromkeys(members, (0.0, None)) for key, members in parts.items()}
        keys = list(held)
        ends = [i for i, drain in enumerate(drains) if not any(d.to_node == drain.from_node for d in drains)]
        spoilt = [int(i) for i in self.rng.permutation(ends)[:7]]
        stretches: dict[tuple[str, int], dict[int, tuple[float, float | None]]] = {k: dict(v) for k, v in held.items()}
        for place, i in enumerate(spoilt):
            key = next(k for k in keys if i in parts[k])
            if place < 3 and len(stretches[key]) > 2:  # nobody's
                del stretches[key][i]
            elif place == 3 and drains[i].line.length > 40:  # only its lower half is looked after
                stretches[key][i] = (float(round(drains[i].line.length / 2)), None)
            else:
                others = [k for k in keys if k[0] == key[0] and k != key]
                if others:
                    near = min(others, key=lambda k: min(drains[i].line.distance(drains[j].line) for j in parts[k]))
                    stretches[near][i] = (0.0, None)
        streets: Lists = {
            f"DR{n:02d}": {drains[i].street: (0.0, 0.0) for i in sorted(stretches[key]) if drains[i].street >= 0}
            for n, key in enumerate(keys, start=1)
        }
        shapes = draw_zones(streets, self.segments, self.areas, self.river)
        for n, key in enumerate(keys, start=1):  # drains that meet only in a junction still make one picture
            joints = MultiPoint([drains[i].line.coords[-1] for i in sorted(stretches[key])]).buffer(3.0, quad_segs=2)
            shapes[f"DR{n:02d}"] = as_multi(shapes[f"DR{n:02d}"].union(joints))
        return [
            Zone(
                code=f"DR{n:02d}",
                name=f"{self.short[key[0]]}阴沟{n:02d}段",
                duty="drains",
                shift="all-day",
                community=key[0],
                valid_from=PERIODS[number][0],
                valid_to=PERIODS[number][1],
                stretches=tuple((drains[i].code, *part) for i, part in sorted(stretches[key].items())),
                shape=shapes[f"DR{n:02d}"],
            )
            for n, key in enumerate(keys, start=1)
        ]

    def tanks(self, tanks: Sequence[Tank]) -> list[Zone]:
        """Return the zones of septic tanks, made of whole resident groups."""
        groups = self.areas.level("group")
        graph: nx.Graph[int] = nx.Graph()
        graph.add_nodes_from(range(len(groups)))
        number = {group.code: i for i, group in enumerate(groups)}
        for cells in self.areas.graphs.values():
            for a, b in cells.edges:
                one, other = number[self.areas.group_of[a]], number[self.areas.group_of[b]]
                if one != other:
                    graph.add_edge(one, other)
        work = {i: 1.0 + sum(tank.group == group.code for tank in tanks) for i, group in enumerate(groups)}
        place = {i: middle_of(group.shape) for i, group in enumerate(groups)}
        shares = share_out(
            [sum(work[i] for i, g in enumerate(groups) if g.parent == c.code) for c in self.communities],
            self.town.tank_zones,
        )
        members: list[list[str]] = []
        for community, share in zip(self.communities, shares, strict=True):
            own = graph.subgraph([i for i, group in enumerate(groups) if group.parent == community.code])
            parts: dict[int, list[str]] = defaultdict(list)
            for i, part in partition(own, work, place, share, self.rng).items():
                parts[part].append(groups[i].code)
            members += [sorted(parts[part]) for part in sorted(parts)]
        codes = {f"TK{n:02d}": group for n, group in enumerate(members, start=1)}
        return [zone for plan in (0, 1) for zone in self._tank_plan(tanks, codes, plan)]

    def _tank_plan(self, tanks: Sequence[Tank], codes: Mapping[str, list[str]], plan: int) -> list[Zone]:
        held = {code: {tank.code for tank in tanks if tank.group in groups} for code, groups in codes.items()}
        shapes = join_groups(codes, self.areas)
        for shape in shapes.values():
            prepare(shape)
        order = [tanks[int(i)] for i in self.rng.permutation(len(tanks))]
        missed, shared = order[:22], order[22:]
        for own in held.values():
            own.difference_update(tank.code for tank in missed)
        count = 0
        for tank in shared:
            if count == 14:  # tanks that two teams have on their list
                break
            near = [code for code in codes if tank.code not in held[code] and dwithin(shapes[code], tank.place, 25)]
            if near:
                held[near[0]].add(tank.code)
                count += 1
        return [
            Zone(
                code=code,
                name=f"{self.short[groups[0][:4]]}化粪池{code[2:]}片",
                duty="tanks",
                shift="all-day",
                community=groups[0][:4],
                valid_from=PERIODS[plan][0],
                valid_to=PERIODS[plan][1],
                stretches=tuple((tank, 0.0, None) for tank in sorted(held[code])),
                shape=shapes[code],
            )
            for code, groups in codes.items()
        ]
