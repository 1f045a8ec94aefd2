"""The rules of the work model: read, made, changed from a day on, corrected and ended."""

from __future__ import annotations

import uuid as uuid_module
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from geo_hygiene.accounts import audit
from geo_hygiene.coverage.versions import bump
from geo_hygiene.errors import UnknownRecordError
from geo_hygiene.i18n import N_, _
from geo_hygiene.layers import LAYERS
from geo_hygiene.layers.areas import ZONE_CLASSES
from geo_hygiene.layers.tables import PEOPLE, WORK_CATEGORIES, WORK_KINDS, WORK_RULES
from geo_hygiene.zoning.mistakes import StaleVersionError, WrongRuleError
from geo_hygiene.zoning.records import open_day

NO_KIND = N_("The work model has no rules for “%(value)s”. It has for: %(known)s.")
NO_ZONE_CLASS = N_("There is no zone class “%(value)s”. Zone classes: %(known)s.")
NO_CLASS = N_("“%(value)s” is no class of “%(kind)s”. Classes: %(known)s.")
NO_CLASSES = N_("“%(kind)s” have no classes that rules could name.")
NO_WIDTH = N_("Only street segments have a width.")
NO_AREA = N_("A working day is the same in all areas.")
WIDTHS_TURNED = N_("The width ends before it begins; width_to_m is the first that is too wide.")
TOO_LONG = N_("A day has 1,440 minutes.")
NOT_DAILY = N_("A working day is told once a day.")

LONGEST_DAY = 1440

LOCK = "lock table work_rule in share row exclusive mode"

RULES = """
select
    id, uuid, kind, category, zone_class, width_from_m::float8, width_to_m::float8, minutes::float8, times::float8,
    days, valid_from, valid_to, version
from work_rule
where cast(:uuid as uuid) is null or uuid = :uuid
order by
    array_position(cast(:kinds as text[]), kind), array_position(cast(:categories as text[]), category),
    zone_class nulls last, width_from_m, width_to_m, valid_from desc
"""

OVERLAPPING = """
select one.id, other.id as other_id
from work_rule as one
join work_rule as other on one.id < other.id and one.kind = other.kind
    and one.category is not distinct from other.category and one.zone_class is not distinct from other.zone_class
    and one.valid_from < other.valid_to and other.valid_from < one.valid_to
    and (num_nonnulls(one.width_from_m, one.width_to_m) = 0) = (num_nonnulls(other.width_from_m, other.width_to_m) = 0)
    and coalesce(one.width_from_m, 0) < coalesce(other.width_to_m, 'infinity')
    and coalesce(other.width_from_m, 0) < coalesce(one.width_to_m, 'infinity')
order by one.id, other.id
"""
"""Rules of which nothing tells which one holds: as much is said by both, of the same targets and days."""

INSERT = """
insert into work_rule (
    kind, category, zone_class, width_from_m, width_to_m, minutes, times, days, valid_from, valid_to
)
values (
    :kind, :category, :zone_class, :width_from_m, :width_to_m, :minutes, :times, :days,
    coalesce(cast(:valid_from as date), '-infinity'), coalesce(cast(:valid_to as date), 'infinity')
)
returning uuid
"""

UPDATE = """
update work_rule
set minutes = :minutes, times = :times, days = :days, valid_to = coalesce(cast(:valid_to as date), 'infinity'),
    version = version + 1
where id = :id
"""

KEEP = """
insert into record_history (layer, record, version, content)
select :layer, uuid, version, to_jsonb(work_rule) from work_rule where id = :id
"""

VERSIONS = """
select version, recorded_at, (content ->> 'minutes')::float8 as minutes, (content ->> 'times')::float8 as times,
    (content ->> 'days')::int as days, (content ->> 'valid_from')::date as valid_from,
    (content ->> 'valid_to')::date as valid_to, record as uuid
from record_history
where layer = :layer
order by record, version desc, id desc
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a rule speaks of; nothing said is any other."""

    kind: str
    category: str | None = None
    zone_class: str | None = None
    width_from_m: float | None = None
    width_to_m: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """Minutes each time, and how many times in so many days."""

    minutes: float
    times: float = 1
    days: int = 1


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule; an open end of its period is the first or last day that there is."""

    id: int
    uuid: uuid_module.UUID
    subject: Subject
    effort: Effort
    valid_from: date
    valid_to: date
    version: int

    def holds_on(self, day: date) -> bool:
        """Tell whether it holds on a day."""
        return self.valid_from <= day < self.valid_to

    @property
    def minutes_a_day(self) -> float:
        """Return the minutes a day of a metre or place, or of somebody."""
        return self.effort.minutes * self.effort.times / self.effort.days

    def as_json(self) -> dict[str, Any]:
        """Return the public form."""
        first, last = open_day(self.valid_from), open_day(self.valid_to)
        return {
            "id": str(self.uuid),
            **asdict(self.subject),
            **asdict(self.effort),
            "minutes_a_day": round(self.minutes_a_day, 6),
            "valid_from": None if first is None else first.isoformat(),
            "valid_to": None if last is None else last.isoformat(),
            "version": self.version,
        }


@dataclass(frozen=True, slots=True)
class Mistake:
    """What of a rule can not be: in which field, and why."""

    field: str
    words: str
    values: Mapping[str, str]


def mistakes_of(subject: Subject, effort: Effort) -> Iterator[Mistake]:
    """Yield what of a rule can not be, each value for itself being a possible one."""
    if subject.kind not in WORK_CATEGORIES:
        told = {"value": subject.kind, "known": ", ".join(WORK_CATEGORIES)}
        yield Mistake("kind", NO_KIND, told)
        return
    classes = [choice.value for choice in ZONE_CLASSES]
    if subject.zone_class not in {None, *classes}:
        yield Mistake("zone_class", NO_ZONE_CLASS, {"value": str(subject.zone_class), "known": ", ".join(classes)})
    known = [choice.value for choice in WORK_CATEGORIES[subject.kind]]
    if subject.category is not None and subject.category not in known:
        title = next(choice.title for choice in WORK_KINDS if choice.value == subject.kind)
        told = {"value": subject.category, "kind": _(title), "known": ", ".join(known)}
        yield Mistake("category", NO_CLASS if known else NO_CLASSES, told)
    banded = [name for name in ("width_from_m", "width_to_m") if getattr(subject, name) is not None]
    if banded and LAYERS[subject.kind].width is None:
        yield Mistake(banded[0], NO_WIDTH, {})
    elif subject.width_to_m is not None and subject.width_to_m <= (subject.width_from_m or 0):
        yield Mistake("width_to_m", WIDTHS_TURNED, {})
    if subject.kind == PEOPLE.key:
        if subject.zone_class is not None:
            yield Mistake("zone_class", NO_AREA, {})
        if effort.minutes > LONGEST_DAY:
            yield Mistake("minutes", TOO_LONG, {})
        if (effort.times, effort.days) != (1, 1):
            yield Mistake("times", NOT_DAILY, {})


def rules_of(connection: Connection, uuid: uuid_module.UUID | None = None) -> list[Rule]:
    """Return all rules of all days, or the one with an id."""
    asked = {
        "uuid": uuid,
        "kinds": list(WORK_CATEGORIES),
        "categories": [choice.value for choices in WORK_CATEGORIES.values() for choice in choices],
    }
    return [
        Rule(
            row.id,
            row.uuid,
            Subject(
                kind=row.kind,
                category=row.category,
                zone_class=row.zone_class,
                width_from_m=row.width_from_m,
                width_to_m=row.width_to_m,
            ),
            Effort(minutes=row.minutes, times=row.times, days=row.days),
            row.valid_from,
            row.valid_to,
            row.version,
        )
        for row in connection.execute(text(RULES), asked)
    ]


def overlapping(connection: Connection) -> list[tuple[int, int]]:
    """Return the ids of each two rules of which nothing tells which one holds."""
    return [(row.id, row.other_id) for row in connection.execute(text(OVERLAPPING))]


def versions_of(connection: Connection) -> dict[uuid_module.UUID, list[Any]]:
    """Return what rules said before, by their ids, the newest first."""
    found: dict[uuid_module.UUID, list[Any]] = {}
    for row in connection.execute(text(VERSIONS), {"layer": WORK_RULES.key}):
        found.setdefault(row.uuid, []).append(row)
    return found


def add(
    connection: Connection, actor: str, subject: Subject, effort: Effort, start: date | None, end: date | None
) -> Rule:
    """Make a rule that holds in a period.

    Raises
    ------
    WrongRuleError
        If something of it can not be, or another rule says the same of some of its days.
    """
    connection.execute(text(LOCK))
    if start is not None and end is not None and end <= start:
        raise WrongRuleError("valid_to", _("The period ends before it begins; valid_to is the day after the last."))
    _check(subject, effort)
    return _added(connection, actor, subject, effort, start, end, None)


def change(
    connection: Connection, actor: str, uuid: uuid_module.UUID, *, version: int, effort: Effort, start: date | None
) -> Rule:
    """Let a rule say something else from a day on; without a day it is corrected for its whole period.

    Raises
    ------
    UnknownRecordError
        If there is no such rule.
    StaleVersionError
        If somebody else has changed it since.
    WrongRuleError
        If something of it can not be, or it does not hold on the day.
    """
    rule = _rule_to_change(connection, uuid, version)
    _check(rule.subject, effort)
    if start is None or start == rule.valid_from:
        _update(connection, rule, effort, rule.valid_to)
        return _noted(connection, actor, "work-rule.change", rule, uuid)
    _day_within(rule, start)
    _update(connection, rule, rule.effort, start)
    return _added(connection, actor, rule.subject, effort, start, open_day(rule.valid_to), rule)


def end(connection: Connection, actor: str, uuid: uuid_module.UUID, *, version: int, day: date) -> Rule:
    """Let a rule hold no longer from a day on.

    Raises
    ------
    UnknownRecordError, StaleVersionError, WrongRuleError
        As for :func:`change`.
    """
    rule = _rule_to_change(connection, uuid, version)
    _day_within(rule, day)
    _update(connection, rule, rule.effort, day)
    return _noted(connection, actor, "work-rule.end", rule, uuid)


def _rule_to_change(connection: Connection, uuid: uuid_module.UUID, version: int) -> Rule:
    connection.execute(text(LOCK))
    found = rules_of(connection, uuid)
    if not found:
        raise UnknownRecordError(_("There is no rule “%(name)s”.", name=str(uuid)))
    (rule,) = found
    if rule.version != version:
        raise StaleVersionError(
            _("Somebody else changed the rule meanwhile; it is shown as it is now."), current=rule.version
        )
    return rule


def _check(subject: Subject, effort: Effort) -> None:
    for mistake in mistakes_of(subject, effort):
        raise WrongRuleError(mistake.field, _(mistake.words, **mistake.values))


def _day_within(rule: Rule, day: date) -> None:
    if day <= rule.valid_from:
        raise WrongRuleError("from", _("The rule begins only on %(day)s.", day=rule.valid_from.isoformat()))
    if day >= rule.valid_to:
        raise WrongRuleError("from", _("The rule ends on %(day)s.", day=rule.valid_to.isoformat()))


def _update(connection: Connection, rule: Rule, effort: Effort, until: date) -> None:
    connection.execute(text(KEEP), {"layer": WORK_RULES.key, "id": rule.id})
    connection.execute(text(UPDATE), {"id": rule.id, **asdict(effort), "valid_to": open_day(until)})


def _added(
    connection: Connection,
    actor: str,
    subject: Subject,
    effort: Effort,
    start: date | None,
    end: date | None,
    before: Rule | None,
) -> Rule:
    values = {**asdict(subject), **asdict(effort), "valid_from": start, "valid_to": end}
    uuid = connection.execute(text(INSERT), values).scalar_one()
    (rule,) = rules_of(connection, uuid)
    if any(rule.id in pair for pair in overlapping(connection)):
        raise WrongRuleError(
            "valid_from", _("Another rule says the same of some of these days or widths. Change or end it first.")
        )
    return _noted(connection, actor, "work-rule.add" if before is None else "work-rule.change", before, uuid)


def _noted(connection: Connection, actor: str, action: str, before: Rule | None, uuid: uuid_module.UUID) -> Rule:
    """Write into the audit what a rule was and is, and say that the model is another one."""
    (rule,) = rules_of(connection, uuid)
    audit.record(
        connection,
        actor=actor,
        action=action,
        subject=" ".join(filter(None, (rule.subject.kind, rule.subject.category, rule.subject.zone_class))),
        before=None if before is None else before.as_json(),
        after=rule.as_json(),
    )
    bump(connection, [WORK_RULES.key])
    return rule
