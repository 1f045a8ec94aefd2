"""The JSON API under ``/api/v1``; its description is ``/openapi.json``."""

from flask_openapi3.blueprint import APIBlueprint

from geo_hygiene.web.api import campaigns, cases, cover, records


def blueprints() -> tuple[APIBlueprint, ...]:
    """Return the parts of the API."""
    return (cover.blueprint, records.blueprint, campaigns.blueprint, cases.blueprint)
