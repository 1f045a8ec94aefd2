"""The JSON API under ``/api/v1``; its description is ``/openapi.json``."""

from flask_openapi3.blueprint import APIBlueprint

from geo_hygiene.web.api import campaigns, cases, cover, jobs, records, uploads


def blueprints() -> tuple[APIBlueprint, ...]:
    """Return the parts of the API."""
    parts = cover, records, campaigns, cases, jobs, uploads
    return tuple(part.blueprint for part in parts)
