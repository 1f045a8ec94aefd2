"""The campaigns of an office."""

from __future__ import annotations

import uuid as uuid_module
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, text

from geo_hygiene.errors import UnknownRecordError
from geo_hygiene.i18n import N_
from geo_hygiene.i18n import gettext as _

STATUS_TITLES = {"planned": N_("planned"), "running": N_("running"), "ended": N_("ended")}
"""What the statuses of a campaign are called."""

SELECT = """
select id, uuid, code, title, pest, season, valid_from, valid_to, scope, limit_days, version from campaign
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignRecord:
    """A campaign; ``end`` is the day after its last."""

    id: int
    uuid: uuid_module.UUID
    code: str
    title: str
    pest: str
    season: str | None
    start: date
    end: date
    scope: tuple[str, ...]
    limit_days: int | None
    version: int

    @property
    def last_day(self) -> date:
        """Return the last day of the window."""
        return self.end - timedelta(days=1)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return the layer keys of its targets."""
        return tuple(dict.fromkeys(part.partition(":")[0] for part in self.scope))

    def status(self, on: date) -> str:
        """Return ``planned``, ``running`` or ``ended``."""
        if on < self.start:
            return "planned"
        return "running" if on < self.end else "ended"

    def shown_on(self, today: date) -> date:
        """Return the day on which it is looked at: today while it runs, else its last or first."""
        return min(max(today, self.start), self.last_day)

    def as_json(self, on: date) -> dict[str, Any]:
        """Return the public form; ``to`` is exclusive, as everywhere."""
        return {
            "id": str(self.uuid),
            "code": self.code,
            "title": self.title,
            "pest": self.pest,
            "season": self.season,
            "from": self.start.isoformat(),
            "to": self.end.isoformat(),
            "kinds": list(self.kinds),
            "limit_days": self.limit_days,
            "status": self.status(on),
        }


def all_campaigns(connection: Connection) -> list[CampaignRecord]:
    """Return every campaign, the newest first."""
    rows = connection.execute(text(f"{SELECT} order by valid_from desc, code"))
    return [_record(row) for row in rows]


def campaign_of(connection: Connection, code_or_id: str) -> CampaignRecord:
    """Return a campaign by its code or id.

    Raises
    ------
    UnknownRecordError
        With the codes that exist.
    """
    row = connection.execute(
        text(f"{SELECT} where code = :given or cast(uuid as text) = lower(:given) order by code = :given desc"),
        {"given": code_or_id},
    ).first()
    if row is None:
        codes = ", ".join(campaign.code for campaign in all_campaigns(connection)[:20])
        raise UnknownRecordError(
            _("There is no campaign “%(code)s”. Campaigns: %(codes)s.", code=code_or_id, codes=codes or "–")
        )
    return _record(row)


def _record(row: Any) -> CampaignRecord:
    return CampaignRecord(
        id=row.id,
        uuid=row.uuid,
        code=row.code,
        title=row.title,
        pest=row.pest,
        season=row.season,
        start=row.valid_from,
        end=row.valid_to,
        scope=tuple(row.scope),
        limit_days=row.limit_days,
        version=row.version,
    )
