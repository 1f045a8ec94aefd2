"""What the sample year tells of more than once: the community that a campaign left out, and the town's clock."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone

LEFT_OUT = "QJ04"
"""Community that the spring campaign against rodents hardly reached; its complaints of rats show it."""

CLOCK = timezone(timedelta(hours=8))
"""The town's time: it knows no summer time."""


def at_clock(day: date, minute: int) -> datetime:
    """Return an instant of a day by its minute."""
    return datetime.combine(day, time(), CLOCK) + timedelta(minutes=minute)
