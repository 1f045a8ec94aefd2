"""The JSON API under ``/api/v1``; its description is ``/openapi.json``."""

from flask_openapi3.blueprint import APIBlueprint

from geo_hygiene.web.api import (
    assets,
    campaigns,
    cases,
    cover,
    drafts,
    jobs,
    people,
    proposals,
    record_lists,
    records,
    uploads,
    workload,
    works,
    zone_drawing,
    zone_editing,
)


def blueprints() -> tuple[APIBlueprint, ...]:
    """Return the parts of the API."""
    reading = cover, records, people, campaigns, cases
    parts = (
        *reading,
        proposals,
        zone_editing,
        zone_drawing,
        assets,
        drafts,
        works,
        record_lists,
        jobs,
        uploads,
        workload,
    )
    return tuple(part.blueprint for part in parts)
