"""Tables that are not layers: targets, claims, drafts, kept answers, campaigns, people, imports."""

from geo_hygiene.records import answers, campaigns, claims, drafts, features, imports, people, staging, targets

__all__ = ["answers", "campaigns", "claims", "drafts", "features", "imports", "people", "staging", "targets"]
