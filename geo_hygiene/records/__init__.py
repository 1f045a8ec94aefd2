"""Tables that are not layers: targets, claims, drafts, kept answers, campaigns, people, imports, work, reports."""

from geo_hygiene.records import (
    answers,
    campaigns,
    claims,
    drafts,
    features,
    imports,
    people,
    reports,
    staging,
    targets,
    work_rules,
    works,
)

__all__ = [
    "answers",
    "campaigns",
    "claims",
    "drafts",
    "features",
    "imports",
    "people",
    "reports",
    "staging",
    "targets",
    "work_rules",
    "works",
]
