"""How a campaign went on, day by day."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, text

from geo_hygiene.campaigns.catalogue import CampaignRecord
from geo_hygiene.campaigns.pieces import TARGETS, TREATMENTS, asked
from geo_hygiene.coverage.work import work_firsts
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
    values = asked(campaign, on)
    treatments = {row.day: row.treatments for row in connection.execute(text(TREATMENTS_A_DAY), values)}
    found: dict[tuple[date, str], int] = defaultdict(int)
    treated: dict[tuple[date, str], int] = defaultdict(int)
    for part in work_firsts(connection, TARGETS, TREATMENTS, values):
        found[part.found_on, part.kind] += part.extent
        if part.treated_on is not None:
            treated[part.treated_on, part.kind] += part.extent
    length = (campaign.end - campaign.start).days
    window = (campaign.start + timedelta(days=passed) for passed in range(length))
    return [
        {
            "day": day.isoformat(),
            "treatments": treatments.get(day, 0),
            "kinds": [
                {
                    "kind": kind,
                    "unit": layer_of(kind).unit,
                    "found": layer_of(kind).amount(found[day, kind]),
                    "treated": layer_of(kind).amount(treated[day, kind]),
                }
                for kind in campaign.kinds
            ],
        }
        for day in sorted({*window, *treatments})
    ]
