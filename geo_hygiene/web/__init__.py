"""HTTP: pages, JSON, vector tiles. Views parse, ask what is below, and answer."""

from __future__ import annotations

from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix

from geo_hygiene.settings import Settings
from geo_hygiene.web import (
    access,
    accounts,
    answers,
    api,
    assets,
    base_map,
    case_counts,
    errors,
    health,
    imports,
    kept_tiles,
    language,
    logs,
    pages,
    people,
    record_lists,
    report_templates,
    reports,
    security,
    sessions,
    tile_views,
    workload,
    works,
)
from geo_hygiene.web.connections import Connections


def create_app(
    settings: Settings | None = None, *, connections: Connections | None = None, check_answers: bool = False
) -> OpenAPI:
    """Return the application.

    Parameters
    ----------
    settings
        What the environment says when missing; its ``service_url`` names the database, its home keeps keys and tiles.
    connections
        Where questions are asked; made from the settings when missing.
    check_answers
        Compare every JSON answer with its declared form and fail where it differs (for tests).
    """
    settings = settings or Settings.load()
    app = OpenAPI(
        __name__,
        info=Info(title="geo_hygiene", version=health.release()),
        doc_ui=False,
        validation_error_model=errors.Problem,
        validation_error_callback=errors.answer_mistake,
        validate_response=check_answers,
    )
    app.url_map.merge_slashes = False
    app.jinja_env.undefined = StrictUndefined
    app.extensions["geo_hygiene"] = connections = connections or Connections(settings.service_url)
    case_counts.keep_counts(app, settings)
    logs.start_logging(app)
    language.speak(app, locale=settings.locale)
    security.guard(app, settings)
    sessions.keep_sessions(app, settings)
    app.json = answers.StrictJSON(app)
    errors.register(app)
    assets.serve(app)
    base_map.offer(app, settings)
    pages.frame_pages(app)
    app.register_blueprint(health.blueprint)
    app.register_blueprint(pages.blueprint)
    app.register_blueprint(base_map.blueprint)
    app.register_blueprint(accounts.blueprint)
    app.register_blueprint(workload.blueprint)
    app.register_blueprint(works.blueprint)
    app.register_blueprint(record_lists.blueprint)
    app.register_blueprint(people.blueprint)
    app.register_blueprint(reports.blueprint)
    app.register_blueprint(report_templates.blueprint)
    imports.offer(app, settings)
    for blueprint in (*api.blueprints(), tile_views.blueprint):
        app.register_api(blueprint)
    kept_tiles.serve(app, settings, connections)
    access.guard_views(app, is_for_others=settings.is_for_others)
    if settings.behind_proxy:
        # one hop: what the proxy was told by others is not believed, and its Host is that of the browser
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=0, x_port=0)  # type: ignore[method-assign] # as Flask's documentation wraps it
    return app
