"""What the pages of the work model and of the work of people show, asked in one reading of the database each."""

from __future__ import annotations

import uuid as uuid_module
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import IO, Any

from sqlalchemy import Connection

from geo_hygiene import features
from geo_hygiene.coverage.duties import DutyRecord, all_duties, duty_of, in_office, office_timezone, today
from geo_hygiene.errors import UnknownRecordError
from geo_hygiene.i18n import N_, _
from geo_hygiene.layers.areas import ZONE_CLASSES
from geo_hygiene.layers.tables import EMPLOYMENTS, PEOPLE, WORK_CATEGORIES, WORK_KINDS, WORKED
from geo_hygiene.layerspec import Attribute
from geo_hygiene.permissions import Areas
from geo_hygiene.web.list_file import list_file
from geo_hygiene.web.page_data import titles
from geo_hygiene.web.parameters import Day, Limit, RowNumber, Spoken, Text, Word
from geo_hygiene.web.spread_chart import Chart, chart_of
from geo_hygiene.zoning.drafts import DraftRecord, all_drafts, draft_of_duty
from geo_hygiene.zoning.loads import Load
from geo_hygiene.zoning.work_rules import Rule, rules_of, versions_of
from geo_hygiene.zoning.workloads import Burden, By, Workload, loads_of_burdens, workloads

ROWS = 100
AT_ONCE = 500

LIST = (
    Attribute(name="code", title=N_("Code")),
    Attribute(name="name", title=N_("Name")),
    Attribute(name="employment", title=N_("Employment")),
    Attribute(name="community", title=N_("Community")),
    Attribute(name="beside", title=N_("Zones or holders")),
    Attribute(name="amount", title=N_("Metres or places")),
    Attribute(name="amount_a_day", title=N_("Metres or places a day")),
    Attribute(name="residents", title=N_("Residents")),
    Attribute(name="tanks", title=N_("Septic tanks")),
    Attribute(name="minutes", title=N_("Minutes a day")),
    Attribute(name="day_min", title=N_("Working day"), unit="min"),
)


class WorkloadWords(Spoken, extra="ignore"):
    """What the address of the page says."""

    duty: Word = "sweeping"
    on: Day | None = None
    by: By = By.PERSON
    within: Text | None = None
    draft: Text | None = None
    limit: Limit = ROWS
    after: Text | None = None
    row: RowNumber = 1

    def words(self, **changes: Any) -> dict[str, str]:
        """Return what an address says of these words after changes; ``None`` takes a word out."""
        kept = self.model_dump(mode="json", exclude_defaults=True) | {"duty": self.duty} | changes
        if kept.get("after") is None:
            kept["row"] = None
        return {name: str(value) for name, value in kept.items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class WorkloadPage:
    """How work is spread, with what the forms offer; ``drafts`` are of those who may see them."""

    found: Workload
    published: Workload | None
    chart: Chart | None
    rows: Sequence[Burden]
    loads: Mapping[str, Load]
    next: str | None
    first: int
    duties: Sequence[DutyRecord]
    drafts: Sequence[DraftRecord]
    communities: Mapping[str, str]
    employments: Mapping[str, str]

    @property
    def last(self) -> int:
        """Return the number of the last row of the page."""
        return self.first + len(self.rows) - 1


def _asked(
    connection: Connection, asked: WorkloadWords, within: Areas, *, may_see_drafts: bool
) -> tuple[Workload, Workload | None]:
    duty = duty_of(connection, asked.duty)
    wanted = asked.draft if may_see_drafts else None
    draft = None if wanted is None else draft_of_duty(connection, duty, wanted)
    return workloads(connection, duty, asked.on, asked.by, draft=draft, area=asked.within, within=within)


def workload_page(connection: Connection, asked: WorkloadWords, within: Areas, *, may_see_drafts: bool) -> WorkloadPage:
    """Return a page of those who work, and how the work of all is spread."""
    found, published = _asked(connection, asked, within, may_see_drafts=may_see_drafts)
    rows, after = found.page(asked.after, asked.limit)
    return WorkloadPage(
        found=found,
        published=published,
        chart=chart_of(found.distribution, None if published is None else published.distribution),
        rows=rows,
        loads=loads_of_burdens(connection, found.duty, found.on, rows),
        next=after,
        first=asked.row,
        duties=all_duties(connection),
        drafts=all_drafts(connection, found.duty) if may_see_drafts else (),
        communities=features.communities(connection, found.on),
        employments=titles(EMPLOYMENTS),
    )


def workload_list(
    connection: Connection, asked: WorkloadWords, within: Areas, *, may_see_drafts: bool
) -> tuple[str, IO[bytes]]:
    """Return the name of the file and the file."""
    found, _published = _asked(connection, asked, within, may_see_drafts=may_see_drafts)
    name = "-".join(("workload", found.duty.code, found.by.value, found.on.isoformat()))
    told = {"employment": titles(EMPLOYMENTS)}
    return f"{name}.csv", list_file(LIST, _listed(connection, found), told)


def _listed(connection: Connection, found: Workload) -> Iterator[dict[str, Any]]:
    beside = "zones" if found.by is By.PERSON else "holders"
    for start in range(0, len(found.burdens), AT_ONCE):
        some = found.burdens[start : start + AT_ONCE]
        loads = loads_of_burdens(connection, found.duty, found.on, some)
        for one in some:
            row = one.as_json(found.duty, loads[one.code], beside)
            yield row | {"beside": _(", ").join(row[beside])}


@dataclass(frozen=True, kw_only=True)
class ModelPage:
    """The rules of the work model: those of today, the others, and the one that is changed.

    ``units`` say by kind what minutes are for: ``m``, ``count`` or ``day``.
    """

    today: date
    rules: Sequence[Rule]
    chosen: Rule | None
    former: Sequence[Any]
    kinds: Mapping[str, str]
    units: Mapping[str, str]
    categories: Mapping[str, Mapping[str, str]]
    zone_classes: Mapping[str, str]

    @property
    def current(self) -> list[Rule]:
        """Return the rules that hold today."""
        return [rule for rule in self.rules if rule.holds_on(self.today)]

    @property
    def others(self) -> list[Rule]:
        """Return the rules of other days."""
        return [rule for rule in self.rules if not rule.holds_on(self.today)]


def model_page(connection: Connection, chosen: uuid_module.UUID | None) -> ModelPage:
    """Return the rules, with what one of them said before.

    Raises
    ------
    UnknownRecordError
        If there is no rule with the id that is chosen.
    """
    rules = rules_of(connection)
    rule = next((one for one in rules if one.uuid == chosen), None)
    if chosen is not None and rule is None:
        raise UnknownRecordError(_("There is no rule “%(name)s”.", name=str(chosen)))
    zone = office_timezone(connection)
    former = versions_of(connection).get(rule.uuid, []) if rule is not None else []
    return ModelPage(
        today=today(connection),
        rules=rules,
        chosen=rule,
        former=[row._asdict() | {"until": in_office(row.recorded_at, zone)} for row in former],
        kinds=titles(WORK_KINDS),
        units={PEOPLE.key: "day"} | {layer.key: layer.unit for layer in WORKED},
        categories={kind: titles(choices) for kind, choices in WORK_CATEGORIES.items()},
        zone_classes=titles(ZONE_CLASSES),
    )
