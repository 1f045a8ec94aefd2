"""Random edits of people: what is said of them, which zones they hold, for whom they stand in, and who leaves."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from faults.desk import Act, Desk, done
from faults.planner import Answer

ROLES = ("cleaner", "supervisor", "estate_cleaner", "volunteer")
MOST_ZONES = 4


def add(desk: Desk) -> Answer:
    """Add a person, or one whose code somebody has already."""
    code = f"X{desk.mark}" if desk.happens(0.9) else desk.dice.choice(desk.people)
    body = {"code": code, "name": code, "role": desk.dice.choice(ROLES), "community": _a_community(desk)}
    answer = desk.asker.send("/people", body)
    desk.look()
    return done(desk, answer)


def _a_community(desk: Desk) -> str | None:
    return desk.dice.choice([None, *desk.communities])


def change(desk: Desk) -> Answer:
    """Say something else of a person."""
    path, person = desk.a_person()
    body = desk.dice.choice(({"name": f"name {desk.mark}"}, {"community": _a_community(desk)}, {"employment": None}))
    return done(desk, desk.asker.send(path, body, person.tag))


def late(desk: Desk) -> Answer:
    """Change a person for a version that is no longer the newest."""
    path, person = desk.a_person()
    body = {"name": f"late {desk.mark}"}
    desk.asker.send(path, body, person.tag)
    return desk.asker.send(path, body, person.tag)


def give(desk: Desk) -> Answer:
    """Give some zones to somebody, or to nobody, for good or for a time."""
    rows = desk.asker.read(f"/zones?duty={desk.duty}&on={desk.day}").told["zones"]
    chosen = desk.dice.sample(rows, min(len(rows), desk.dice.randint(1, MOST_ZONES)))
    person = desk.dice.choice([None, *desk.dice.sample(desk.people, 3)])
    zones = [{"zone": row["code"], "person": person, "version": row["version"]} for row in chosen]
    return _handed(desk, desk.asker.send("/holders", {"zones": zones, **desk.some_time()}))


def give_late(desk: Desk) -> Answer:
    """Give a zone to somebody in a version that is no longer the newest."""
    path, zone = desk.a_zone()
    version = zone.told["properties"]["version"] if zone.status == HTTPStatus.OK else 1
    desk.asker.send(path, {"correct": True, "name": f"late {desk.mark}"}, zone.tag)
    gift = {"zone": path.rpartition("/")[2], "person": desk.dice.choice(desk.people), "version": version}
    return desk.asker.send("/holders", {"zones": [gift], "from": desk.day})


def substitute(desk: Desk) -> Answer:
    """Let somebody stand in for a holder, on all zones or on one."""
    path, person = desk.a_person(f"duty={desk.duty}")
    held = person.told["zones"] if person.status == HTTPStatus.OK else []
    body: dict[str, Any] = {"from": desk.day, "to": desk.later(), "person": desk.dice.choice(desk.people)}
    if held and desk.happens(0.3):
        body["zones"] = [desk.dice.choice(held)["code"]]
    return _handed(desk, desk.asker.send(f"{path}/substitute", body, person.tag))


def end_substitution(desk: Desk) -> Answer:
    """Let a holder hold the zones again."""
    path, person = desk.a_person("show=away")
    return _handed(desk, desk.asker.send(f"{path}/substitute/end", {"from": desk.day}, person.tag))


def leave(desk: Desk) -> Answer:
    """Let a holder leave, and hand some of the zones over."""
    path, person = desk.a_person(f"duty={desk.duty}")
    held = person.told["zones"] if person.status == HTTPStatus.OK else []
    given = [zone["code"] for zone in held if desk.happens(0.5)]
    body = {"from": desk.day, "hand_over": {zone: desk.dice.choice(desk.people) for zone in given}}
    return _handed(desk, desk.asker.send(f"{path}/leave", body, person.tag))


def come_back(desk: Desk) -> Answer:
    """Let somebody who has left be there again."""
    path, person = desk.a_person("show=left")
    return done(desk, desk.asker.send(f"{path}/return", {}, person.tag))


def appoint(desk: Desk) -> Answer:
    """Let somebody answer for an area."""
    path, person = desk.a_person()
    body = {"area": desk.dice.choice(desk.areas), "kind": desk.dice.choice(("leader", "cadre")), **desk.some_time()}
    return done(desk, desk.asker.send(f"{path}/posts", body, person.tag))


def end_post(desk: Desk) -> Answer:
    """Let somebody answer for an area no longer."""
    path, person = desk.a_person("role=cadre")
    posts = person.told["posts"] if person.status == HTTPStatus.OK else []
    post = desk.dice.choice(posts or [{"role": "cadre", "code": desk.dice.choice(desk.areas)}])
    body = {"area": post["code"], "kind": post["role"], "from": desk.day}
    return done(desk, desk.asker.send(f"{path}/posts/end", body, person.tag))


def _handed(desk: Desk, answer: Answer) -> Answer:
    """Say what an act on holders says that it makes of the duty."""
    if answer.status != HTTPStatus.OK:
        return answer
    before, after = (answer.told["vacant"][name].get(desk.duty, 0.0) for name in ("before", "after"))
    return done(desk, answer, {"vacant": after - before})


ACTS = (
    Act("a person is added", add),
    Act("a person is described otherwise", change),
    Act("a person is changed too late", late, is_late=True),
    Act("zones are given to somebody", give, 3),
    Act("a zone is given too late", give_late, is_late=True),
    Act("somebody stands in", substitute, 3),
    Act("a substitution ends", end_substitution, 2),
    Act("somebody leaves", leave, 2),
    Act("somebody is there again", come_back, 2),
    Act("somebody gets a post", appoint),
    Act("a post ends", end_post),
)
