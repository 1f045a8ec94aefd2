"""Random edits of zones and of who holds them, and of plans that are drafted, published and taken back."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from faults.desk import UNCHANGED, Act, Desk
from faults.planner import Answer


def make(desk: Desk) -> Answer:
    """Make a zone."""
    body = {"duty": desk.duty, "valid_from": desk.day, "segments": desk.some_stretches()}
    if desk.happens(0.5):
        body["valid_to"] = desk.later()
    return desk.asker.send("/zones", body)


def draw(desk: Desk) -> Answer:
    """Make a zone of the list that a polygon proposes."""
    middle = desk.dice.choice(desk.targets)
    width, height = (desk.dice.uniform(0.001, 0.004) for _side in range(2))
    west, south = float(middle.lon) - width / 2, float(middle.lat) - height / 2
    ring = [[west, south], [west + width, south], [west + width, south + height], [west, south + height]]
    polygon = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
    seen = desk.asker.send("/zones/preview", {"duty": desk.duty, "on": desk.day, "polygon": polygon})
    if seen.status != HTTPStatus.OK:
        return seen
    segments = [{name: row[name] for name in ("segment", "from_m", "to_m")} for row in seen.told["segments"]]
    return desk.asker.send(
        "/zones", {"duty": desk.duty, "valid_from": desk.day, "segments": segments, "picture": polygon}
    )


def change(desk: Desk) -> Answer:
    """Let a zone have another list from the day on, or correct it."""
    path, zone = desk.a_zone()
    kept = desk.dice.sample(_list(zone), k=len(_list(zone)) * 3 // 4)
    return desk.asker.send(path, {"segments": [*kept, *desk.some_stretches(3)], **desk.since()}, zone.tag)


def _list(zone: Answer) -> list[dict[str, Any]]:
    if zone.status != HTTPStatus.OK:
        return []
    rows = zone.told["properties"]["segments"]
    return [{name: row[name] for name in ("segment", "from_m", "to_m")} for row in rows]


def split(desk: Desk) -> Answer:
    """Cut a zone by a line through one of its targets."""
    path, zone = desk.a_zone()
    names = {row["segment"] for row in _list(zone)}
    places = [one for one in desk.targets if one.segment in names]
    place = desk.dice.choice(places or desk.targets)
    lean, lon, lat = desk.dice.uniform(-0.02, 0.02), float(place.lon), float(place.lat)
    line = {"type": "LineString", "coordinates": [[lon - lean, lat - 0.02], [lon + lean, lat + 0.02]]}
    return desk.asker.send(f"{path}/split", {"from": desk.day, "line": line}, zone.tag)


def merge(desk: Desk) -> Answer:
    """Let a zone take over another."""
    path, zone = desk.a_zone()
    other_path, other = desk.a_zone()
    version = other.told["properties"]["version"] if other.status == HTTPStatus.OK else 1
    body = {"from": desk.day, "zone": other_path.rpartition("/")[2], "version": version}
    return desk.asker.send(f"{path}/merge", body, zone.tag)


def assign(desk: Desk) -> Answer:
    """Give a zone to somebody, or to nobody, for good or for a time."""
    path, zone = desk.a_zone()
    body = {**desk.some_time(), "person": desk.dice.choice([None, *desk.dice.sample(desk.people, 3)])}
    return desk.asker.send(f"{path}/assign", body, zone.tag)


def end(desk: Desk) -> Answer:
    """End a zone."""
    path, zone = desk.a_zone()
    return desk.asker.send(f"{path}/end", {"from": desk.day}, zone.tag)


def undo(desk: Desk) -> Answer:
    """Let a zone be as it was in one of its versions."""
    path, zone = desk.a_zone()
    known = desk.asker.read(f"{path}/history").told.get("versions") or [{"version": 1}]
    return desk.asker.send(f"{path}/undo", {"version": desk.dice.choice(known)["version"]}, zone.tag)


def late(desk: Desk) -> Answer:
    """Change a zone for a version that is no longer the newest."""
    path, zone = desk.a_zone()
    body = {"correct": True, "name": f"late {desk.mark}"}
    desk.asker.send(path, body, zone.tag)
    return desk.asker.send(path, body, zone.tag)


def plan(desk: Desk) -> Answer:
    """Draft a plan, publish it from a day to come, and take it back or not."""
    name = f"plan-{desk.mark}"
    begun = desk.asker.send("/drafts", {"name": name, "duty": desk.duty, "on": desk.day})
    path, zone = desk.a_zone()
    person = desk.dice.choice([None, *desk.dice.sample(desk.people, 2)])
    zones: list[dict[str, Any]] = [{"zone": f"N{desk.mark}", "segments": desk.some_stretches(), "person": person}]
    if zone.status == HTTPStatus.OK:
        otherwise = desk.dice.choice(({"ends": True}, {"segments": desk.some_stretches()}, {"person": person}))
        zones.append({"zone": path.rpartition("/")[2], **otherwise})
    put = desk.asker.send(f"/drafts/{name}/zones", {"zones": zones}, begun.tag)
    if put.status != HTTPStatus.OK:
        return put
    makes = desk.asker.read(f"/drafts/{name}/cover?on={desk.day}").told["changed"]["makes"]
    answer = desk.asker.send(f"/drafts/{name}/publish", {"from": desk.day}, put.tag)
    if answer.status == HTTPStatus.OK and desk.happens(0.5):
        answer = desk.asker.send(f"/drafts/{name}/take-back", None, answer.tag)
        makes = UNCHANGED
    return answer._replace(told={**answer.told, "makes": makes})


ACTS = (
    Act("a zone is made of a list", make, 3),
    Act("a zone is drawn", draw, 3),
    Act("a zone gets another list", change, 3),
    Act("a zone is split", split, 3),
    Act("zones are merged", merge, 3),
    Act("a zone is given to somebody", assign, 3),
    Act("a zone ends", end, 3),
    Act("a zone is as it was", undo, 3),
    Act("a zone is changed too late", late, 2, is_late=True),
    Act("a plan is drafted, published, taken back", plan, 4, comes=True),
)
