"""Random edits of what is looked after: tanks, streets and drains."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from faults.desk import UNCHANGED, Act, Desk, done
from faults.planner import Answer

MEASURES = {"septic-tanks": "households", "street-segments": "width_m", "drain-segments": "depth_mm"}
"""A field of each layer that is a number, whole or not."""
GROUPS = {"street-segments": ("lanes", "lane_code"), "drain-segments": ("drains", "drain_code")}
"""Of which segments are, and the field that says it."""
NEAR = 0.001
"""Degrees around a line in which others may meet it."""


def put(desk: Desk) -> Answer:
    """Make a tank, a street or a drain near another."""
    near = desk.dice.choice(desk.targets)
    places = [[float(near.lon) + desk.dice.uniform(0, 0.001), float(near.lat)] for _end in range(2)]
    if desk.duty == "tanks":
        shape: dict[str, Any] = {"type": "Point", "coordinates": places[0]}
    else:
        places[1][1] += desk.dice.uniform(0.0002, 0.001)
        shape = {"type": "LineString", "coordinates": places}
    body = {"geometry": shape, "fields": {"code": f"X{desk.mark}"}, "from": desk.day}
    return _changed(desk, desk.asker.send(f"/targets/{desk.kind}", body))


def move(desk: Desk) -> Answer:
    """Draw a target elsewhere from the day on, or correct where it is."""
    path, target = desk.a_target()
    if target.status != HTTPStatus.OK:
        return target
    shape = target.told["geometry"]
    lines = [shape["coordinates"]] if shape["type"] == "Point" else shape["coordinates"]
    lean = desk.dice.uniform(-0.0002, 0.0002)
    moved = [[lon + lean, lat] for lon, lat, *_more in lines]
    drawn = {"type": shape["type"], "coordinates": moved[0] if shape["type"] == "Point" else moved}
    return _changed(desk, desk.asker.send(path, {"geometry": drawn, **desk.since()}, target.tag))


def say(desk: Desk) -> Answer:
    """Say something else of a target, from the day on or as a correction."""
    path, target = desk.a_target()
    body = {"fields": {MEASURES[desk.kind]: desk.dice.randint(1, 9)}, **desk.since()}
    return _changed(desk, desk.asker.send(path, body, target.tag))


def cut(desk: Desk) -> Answer:
    """Split a line somewhere."""
    path, target = desk.a_target()
    length = target.told["properties"]["length_m"] if target.status == HTTPStatus.OK else None
    body = {"at_m": round(desk.dice.uniform(0, length or 1), 3), **desk.since()}
    return _changed(desk, desk.asker.send(f"{path}/split", body, target.tag))


def join(desk: Desk) -> Answer:
    """Join a line with one that meets it, and is of its lane or becomes so; or the two parts into which it was cut."""
    path, target = desk.a_target()
    if target.status != HTTPStatus.OK or target.told["geometry"]["type"] == "Point":
        return desk.asker.send(f"{path}/join", {"other": path[-36:], "version": 1, "from": desk.day}, target.tag)
    if desk.happens(0.5):
        return _join_again(desk, path, target)
    (west, south), (east, north) = _corners(target.told)
    box = f"west={west - NEAR}&south={south - NEAR}&east={east + NEAR}&north={north + NEAR}"
    around = desk.asker.read(f"/targets/{desk.kind}?{box}&on={desk.day}").told["features"]
    others = [one for one in around if one["id"] != target.told["id"]]
    meeting = [one for one in others if _ends(one) & _ends(target.told)]
    other = desk.dice.choice(meeting or others or [target.told])
    body: dict[str, Any] = {"other": other["id"], "version": other["properties"]["version"], **desk.since()}
    _groups, field = GROUPS[desk.kind]
    lane = other["properties"]["fields"][field]
    if lane is not None and desk.happens(0.7):
        body["fields"] = {field: lane}
    return _changed(desk, desk.asker.send(f"{path}/join", body, target.tag))


def _join_again(desk: Desk, path: str, target: Answer) -> Answer:
    since = desk.since()
    half = round(target.told["properties"]["length_m"] / 2, 3)
    cut = _changed(desk, desk.asker.send(f"{path}/split", {"at_m": half, **since}, target.tag))
    if cut.status != HTTPStatus.OK:
        return cut
    one, other = cut.told["targets"]
    body = {"other": other["id"], "version": other["properties"]["version"], **since}
    return _changed(desk, desk.asker.send(f"/targets/{desk.kind}/{one['id']}/join", body, cut.tag))


def _ends(feature: dict[str, Any]) -> set[tuple[float, float]]:
    places = feature["geometry"]["coordinates"]
    return {(round(lon, 7), round(lat, 7)) for lon, lat, *_more in (places[0], places[-1])}


def _corners(feature: dict[str, Any]) -> tuple[tuple[float, float], tuple[float, float]]:
    lons, lats = ([place[axis] for place in feature["geometry"]["coordinates"]] for axis in (0, 1))
    return (min(lons), min(lats)), (max(lons), max(lats))


def rename(desk: Desk) -> Answer:
    """Call the lane or drain of a target otherwise; a tank is of none, and gets a name itself."""
    path, target = desk.a_target()
    if desk.kind not in GROUPS or target.status != HTTPStatus.OK:
        body = {"fields": {"name": f"tank {desk.mark}"}, "correct": True}
        return _changed(desk, desk.asker.send(path, body, target.tag))
    groups, field = GROUPS[desk.kind]
    path = f"/groups/{groups}/{target.told['properties']['fields'][field]}"
    answer = desk.asker.send(path, {"name": f"lane {desk.mark}"}, desk.asker.read(path).tag)
    if answer.status == HTTPStatus.OK:
        desk.note(answer.told["change"])
    return done(desk, answer)


def remove(desk: Desk) -> Answer:
    """Let a target be no more from the day on."""
    path, target = desk.a_target()
    return _changed(desk, desk.asker.send(f"{path}/end", {"from": desk.day}, target.tag))


def late(desk: Desk) -> Answer:
    """Say something of a target for a version that is no longer the newest."""
    path, target = desk.a_target()
    fields = {"correct": True, "fields": {"code": f"late {desk.mark}"}}
    first = desk.asker.send(path, fields, target.tag)
    answer = desk.asker.send(path, {"correct": True, "fields": {"code": "later"}}, target.tag)
    if first.status == HTTPStatus.OK:
        desk.note(first.told["change"])
    return answer


def take_back(desk: Desk) -> Answer:
    """Undo one of the changes of targets."""
    answer = desk.asker.send(f"/changes/{desk.a_change()}/undo", {})
    desk.look()
    return answer


def _changed(desk: Desk, answer: Answer) -> Answer:
    """Note a change of targets, and what it says that it makes of the duty."""
    if answer.status != HTTPStatus.OK:
        return answer
    desk.note(answer.told["change"])
    makes = {one["duty"]: one["makes"] for one in answer.told["duties"]}.get(desk.duty, {})
    return answer._replace(told={**answer.told, "makes": {**UNCHANGED, **makes}})


ACTS = (
    Act("a target is made", put, 3),
    Act("a target is moved", move, 3),
    Act("a target is described otherwise", say, 2),
    Act("a line is cut", cut, 3),
    Act("lines are joined", join, 3),
    Act("a lane, drain or tank is renamed", rename, 2),
    Act("a target ends", remove, 2),
    Act("a target is changed too late", late, 2, is_late=True),
    Act("a change of a target is undone", take_back, 3),
)
