"""What a leader sees first: cover, open gaps, the campaign, the latest complaints; no request is known here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection

from geo_hygiene import features
from geo_hygiene.accounts.viewer import Viewer
from geo_hygiene.campaigns.catalogue import CampaignRecord, all_campaigns
from geo_hygiene.cases.filters import CaseFilter
from geo_hygiene.cases.keeping import KeptCounts
from geo_hygiene.cases.questions import count_by_kind, days_of_cases
from geo_hygiene.coverage import questions
from geo_hygiene.coverage.duties import DutyRecord, all_duties, today
from geo_hygiene.coverage.junctions import with_lanes
from geo_hygiene.coverage.summary import Level, Summary, summarize
from geo_hygiene.layers.cases import KINDS
from geo_hygiene.permissions import NOWHERE, Areas, Permission
from geo_hygiene.web.campaign_page_data import CampaignHeadline, headline
from geo_hygiene.web.page_data import TABLE_AREAS, titles

FORTNIGHT = timedelta(days=14)
GAPS = 6
KINDS_TOLD = 6


@dataclass(frozen=True, kw_only=True)
class Headline:
    """The figures of one duty."""

    duty: DutyRecord
    summary: Summary

    @property
    def share(self) -> float | None:
        """Return the covered share, ``None`` where there is nothing to cover."""
        sums = self.summary.sums
        return sums.covered / sums.total if sums.total else None


@dataclass(frozen=True, kw_only=True)
class Complaints:
    """The complaints of a fortnight by kind, the most first; ``end`` is the day after its last.

    Attributes
    ----------
    is_current
        Whether it ends today; else nobody complained since, and it ends with the latest complaint.
    kinds
        Value, title, how many, and how many in the fortnight before.
    """

    begin: date
    end: date
    is_current: bool
    kinds: list[tuple[str, str, int, int]]

    @property
    def total(self) -> int:
        """Return how many there are."""
        return sum(count for _kind, _title, count, _before in self.kinds)

    @property
    def foremost(self) -> list[tuple[str, str, int, int]]:
        """Return the kinds that have a row of their own: one left over has its own too."""
        return self.kinds if len(self.kinds) <= KINDS_TOLD + 1 else self.kinds[:KINDS_TOLD]

    @property
    def others(self) -> list[tuple[str, str, int, int]]:
        """Return the kinds that share a row."""
        return self.kinds[len(self.foremost) :]

    @property
    def before(self) -> int:
        """Return how many there were in the fortnight before."""
        return sum(before for _kind, _title, _count, before in self.kinds)

    @property
    def begin_before(self) -> date:
        """Return the first day of the fortnight before."""
        return self.begin - FORTNIGHT

    @property
    def last_day(self) -> date:
        """Return the last day."""
        return self.end - timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Start:
    """The start page; the first duty is told by community."""

    on: date
    headlines: list[Headline]
    gaps: list[dict[str, Any]]
    campaign: CampaignHeadline | None
    next_campaign: CampaignRecord | None
    complaints: Complaints | None
    is_empty: bool


def start(connection: Connection, kept: KeptCounts, asking: Viewer) -> Start:
    """Return the figures of today that somebody may see."""
    on = today(connection)
    duties = all_duties(connection)
    headlines = [
        Headline(
            duty=duty,
            summary=summarize(
                connection, duty, on, None if place else Level.COMMUNITY, outside=False, limit=TABLE_AREAS
            ),
        )
        for place, duty in enumerate(duties)
    ]
    longest = questions.pieces(connection, duties[0], on, wanted=questions.PieceFilter(state="gap"), limit=GAPS)
    campaigns = all_campaigns(connection) if asking.may(Permission.CAMPAIGNS_READ) else []
    campaign = _campaign(campaigns, on)
    return Start(
        on=on,
        headlines=headlines,
        gaps=with_lanes(connection, duties[0].layer, on, longest.rows),
        campaign=None if campaign is None else headline(connection, campaign, on),
        next_campaign=_next(campaigns, on),
        complaints=_complaints(connection, kept, on, asking.areas_of(Permission.CASES_READ)),
        is_empty=features.extent(connection, on) is None,
    )


def _campaign(campaigns: list[CampaignRecord], on: date) -> CampaignRecord | None:
    """Return the campaign that runs, else the one that ended last, else the next."""
    begun = [campaign for campaign in campaigns if campaign.start <= on]
    if begun:
        return max(begun, key=lambda campaign: (campaign.end, campaign.start))
    return _next(campaigns, on)


def _next(campaigns: list[CampaignRecord], on: date) -> CampaignRecord | None:
    """Return the campaign that begins next."""
    ahead = [campaign for campaign in campaigns if campaign.start > on]
    return min(ahead, key=lambda campaign: campaign.start, default=None)


def _complaints(connection: Connection, kept: KeptCounts, on: date, within: Areas) -> Complaints | None:
    """Return the last fortnight, or the one up to the latest complaint where none came since."""
    days = days_of_cases(connection, within=within) if within != NOWHERE else None
    if days is None:
        return None
    last = days[1] if days[1] <= on - FORTNIGHT else on
    end = last + timedelta(days=1)
    begin = end - FORTNIGHT
    counts = count_by_kind(kept.of(connection), CaseFilter(begin=begin - FORTNIGHT, end=end, within=within), begin)
    words = titles(KINDS)
    kinds = [(kind, words[kind], since, before) for kind, since, before in counts]
    return Complaints(begin=begin, end=end, is_current=last == on, kinds=kinds)
