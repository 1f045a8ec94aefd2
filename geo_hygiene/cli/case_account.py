"""One complaint in words on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from geo_hygiene.cases.places import is_guessed, told_accuracy
from geo_hygiene.cases.questions import TITLES
from geo_hygiene.cli.context import say
from geo_hygiene.i18n import N_, _
from geo_hygiene.layers.cases import CHANNELS
from geo_hygiene.layers.duty_zones import SHIFTS
from geo_hygiene.layers.tables import ROLES
from geo_hygiene.records.claims import DUTY_TITLES

CHANNEL_TITLES, ROLE_TITLES, SHIFT_TITLES = (
    {choice.value: choice.title for choice in choices} for choices in (CHANNELS, ROLES, SHIFTS)
)


KNOWN = N_("Who answered for the place on %(day)s")
GUESSED = N_("Who probably answered for the place on %(day)s")


def minute(instant: str, *, has_time: bool = True) -> str:
    """Return an instant to the minute, or its day where no time of day is known."""
    return datetime.fromisoformat(instant).strftime("%Y-%m-%d %H:%M" if has_time else "%Y-%m-%d")


def tell_case(case: Mapping[str, Any]) -> None:
    """Say all that is known of a case: itself, its place, who answered for it, and its history."""
    number = f"{case['source']}:{case['external_id']}" if case["external_id"] else case["source"]
    say(f"{number} · {_(TITLES[case['kind']])} · {_(TITLES[case['status']])}")
    for title, value in _facts(case):
        if value:
            say(f"  {title}: {value}")
    say(_(GUESSED if is_guessed(case) else KNOWN, day=case["on"]))
    for line in _answerable(case):
        say(f"  {line}")
    say(_("How it went on"))
    for event in case["events"]:
        say(f"  {_(TITLES[event['status']])}: {_since(event)}")


def _facts(case: Mapping[str, Any]) -> list[tuple[str, str | None]]:
    closed, place, channel = case["closed_at"], case["place"], CHANNEL_TITLES.get(case["channel"])
    return [
        (_("Id"), case["id"]),
        (_("Reported at"), minute(case["reported_at"], has_time=case["has_time"])),
        (_("Closed at"), closed and minute(closed, has_time="T00:00:00" not in closed)),
        (_("Channel"), channel and _(channel)),
        (_("Lane"), case["lane"]),
        (_("House number"), case["house_number"]),
        (_("Community"), _named(case["community_name"], case["community"])),
        (_("Resident group"), _named(case["group_name"], case["group"])),
        (_("Longitude, latitude"), place and f"{place[0]:.6f}, {place[1]:.6f}"),
        (_("Description"), case["description"]),
    ]


def _answerable(case: Mapping[str, Any]) -> Iterator[str]:
    """Yield the nearest target of the place, the duties that nobody did there, and the chain of each other one."""
    if case["place"] is None:
        yield _("The complaint has no place: nobody can be named for it.")
    elif case["segment"] is None:
        yield _("No lane, drain or tank lies within 100 m of the place.")
    else:
        name = case["segment_lane"] or case["segment_name"]
        code = case["segment_lane_code"] or case["segment_code"]
        near = told_accuracy(case) or _("%(metres)s m away", metres=f"{case['distance_m']:,.1f}")
        yield f"{_('Nearest:')} {_named(name, code) or _('without a name')} · {near}"
    for duty in case["gaps"]:
        yield _("%(duty)s: a gap here, nobody looked after this place.", duty=_(DUTY_TITLES[duty]))
    for duty in case["duties"]:
        zone = _named(duty["zone_name"], duty["zone"])
        yield f"{_(DUTY_TITLES[duty['duty']])} · {zone} · {_(SHIFT_TITLES[duty['shift']])}"
        yield from _chain(duty["chain"])
    if case["above"] and not case["duties"]:
        yield _("Who answers for this area")
        yield from _chain(case["above"])


def _chain(posts: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for post in posts:
        yield f"  {_(ROLE_TITLES[post['role']])}: {_named(post['name'], post['code']) or _('no one')}"


def _named(name: str | None, code: str | None) -> str:
    return _("%(name)s (%(code)s)", name=name, code=code) if name and code and name != code else name or code or ""


def _since(event: Mapping[str, Any]) -> str:
    """Return since when a case had a status, as far as any file said so."""
    day = minute(event["at"], has_time=False)
    if event["known"] == "file":
        return _("by %(day)s", day=day)
    if event["known"] == "report":
        heard = minute(event["recorded_at"], has_time=False)
        return _("not before %(day)s, by the file that came on %(heard)s", day=day, heard=heard)
    return minute(event["at"], has_time=event["known"] == "time")
