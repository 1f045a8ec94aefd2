"""The JSON API under ``/api/v1``; its description is ``/openapi.json``."""

from flask_openapi3.blueprint import APIBlueprint

from geo_hygiene.web.api import (
    campaigns,
    cases,
    cover,
    drafts,
    jobs,
    records,
    uploads,
    workload,
    works,
    zone_drawing,
    zone_editing,
)


def blueprints() -> tuple[APIBlueprint, ...]:
    """Return the parts of the API."""
    parts = cover, records, campaigns, cases, zone_editing, zone_drawing, drafts, works, jobs, uploads, workload
    return tuple(part.blueprint for part in parts)
