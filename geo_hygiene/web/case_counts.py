"""Who counts the complaints of the current application."""

from __future__ import annotations

from flask import Flask, current_app

from geo_hygiene.cases.keeping import KeptCounts
from geo_hygiene.settings import Settings

EXTENSION = "geo_hygiene_case_counts"


def keep_counts(app: Flask, settings: Settings) -> None:
    """Let an application keep what it counts complaints by among the caches of its home."""
    app.extensions[EXTENSION] = KeptCounts(settings.home / "cache" / "cases", settings.service_url)


def kept_counts() -> KeptCounts:
    """Return who counts for the current application."""
    found = current_app.extensions[EXTENSION]
    if not isinstance(found, KeptCounts):
        raise TypeError("the application was not made by create_app")
    return found
