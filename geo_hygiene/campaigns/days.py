"""How a campaign went on, day by day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, text

from geo_hygiene.campaigns.catalogue import CampaignRecord
from geo_hygiene.campaigns.pieces import asked
from geo_hygiene.coverage.reached import Gain, gains
from geo_hygiene.layers import layer_of

TREATMENTS_A_DAY = """
select claim.valid_from as day, count(*) as treatments
from treatment
join claim using (id)
where treatment.campaign_id = :campaign_id and claim.valid_from <= :on
group by claim.valid_from
"""


def campaign_days(connection: Connection, campaign: CampaignRecord, on: date) -> list[dict[str, Any]]:
    """Return for each day of the window the number of treatments, and what was found and treated for the first time.

    The sums up to a day are what :func:`geo_hygiene.campaigns.cover.campaign_cover` says of that day.
    """
    rows = connection.execute(text(TREATMENTS_A_DAY), asked(campaign, on))
    treatments = {row.day: row.treatments for row in rows}
    gained = {(gain.day, gain.kind): gain for gain in gains(connection, campaign.id, on)}
    length = (campaign.end - campaign.start).days
    window = (campaign.start + timedelta(days=passed) for passed in range(length))
    return [
        {
            "day": day.isoformat(),
            "treatments": treatments.get(day, 0),
            "kinds": [_of_kind(kind, gained.get((day, kind))) for kind in campaign.kinds],
        }
        for day in sorted({*window, *treatments})
    ]


def _of_kind(kind: str, gained: Gain | None) -> dict[str, Any]:
    layer = layer_of(kind)
    return {
        "kind": kind,
        "unit": layer.unit,
        "found": layer.amount(gained.found if gained else 0),
        "treated": layer.amount(gained.treated if gained else 0),
    }
