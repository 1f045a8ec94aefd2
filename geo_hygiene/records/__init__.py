"""Tables that are not layers: targets, claims, kept answers, campaigns, people, imports."""

from geo_hygiene.records import answers, campaigns, claims, features, imports, people, staging, targets

__all__ = ["answers", "campaigns", "claims", "features", "imports", "people", "staging", "targets"]
