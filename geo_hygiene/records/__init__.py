"""Tables that are not layers: targets, claims, kept answers, people, imports."""

from geo_hygiene.records import answers, claims, features, imports, people, staging, targets

__all__ = ["answers", "claims", "features", "imports", "people", "staging", "targets"]
