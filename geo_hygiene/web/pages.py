"""Pages for people: start, map, table, the description of the API, and the switch of language."""

from __future__ import annotations

import time
from typing import IO, Any

from flask import Blueprint, Flask, Response, current_app, g, jsonify, render_template, request, send_file
from flask_openapi3.openapi import OpenAPI
from sqlalchemy.exc import SQLAlchemyError

from geo_hygiene import features, maps
from geo_hygiene.accounts.viewer import STRANGER, Viewer
from geo_hygiene.errors import GeoHygieneError
from geo_hygiene.layers import LAYERS
from geo_hygiene.permissions import Permission
from geo_hygiene.web import (
    asset_page_data,
    campaign_page_data,
    case_page_data,
    page_data,
    print_page_data,
    start_page_data,
    work_page_data,
)
from geo_hygiene.web import campaign_list as campaign_lists
from geo_hygiene.web import duty_list as duty_lists
from geo_hygiene.web.access import Door, areas_of, demand, needs, tile_rights, viewer
from geo_hygiene.web.api.cases import CasePath
from geo_hygiene.web.assets import asset
from geo_hygiene.web.base_map import map_approval, with_base_map
from geo_hygiene.web.case_counts import kept_counts
from geo_hygiene.web.connections import connections
from geo_hygiene.web.kept_tiles import tile_keys
from geo_hygiene.web.language import current_tag, switch_addresses, switched
from geo_hygiene.web.navigation import PAGE_LINKS
from geo_hygiene.web.parameters import Language
from geo_hygiene.web.security import nonce
from geo_hygiene.zoning.proposal_jobs import areas_to_share

blueprint = Blueprint("pages", __name__)


@blueprint.get("/")
@needs(Permission.MAP_READ)
def start() -> str:
    """Show how each duty is covered today, what a campaign reached, and what people complain of."""
    found = connections().read(start_page_data.start, kept_counts(), viewer())
    return render_template(
        "start.html", page="start", start=found, states=_states(), campaign_states=maps.CAMPAIGN_STATES
    )


@blueprint.get("/map")
@needs(Permission.MAP_READ)
def show_map() -> str:
    """Show the map that an address describes."""
    asked = {name: request.args[name] for name in request.args}
    found = connections().read(page_data.map_page, asked)
    parts = map_parts(found.extent)
    duty, on = found.config["duty"], found.config["on"]
    works = work_page_data.panel_words() if viewer().may(Permission.WORKS_READ) else None
    config = with_base_map(found.config) | {"works": works}
    return render_template("map.html", page="map", parts=parts, config=config, duty=duty, on=on)


@blueprint.get("/map/print")
@needs(Permission.MAP_READ)
def print_map() -> str:
    """Show the map that an address describes on a sheet of paper."""
    return _sheet(connections().read(print_page_data.duty_sheet, request.args.to_dict()))


def _table_asked() -> page_data.TableParameters:
    """Return what the address asks of the table; who asks for a person must be allowed to read of people."""
    asked = page_data.TableParameters.model_validate(request.args.to_dict())
    if asked.person is not None:
        demand(Permission.PEOPLE_READ)
    return asked


@blueprint.get("/map/table")
@needs(Permission.MAP_READ)
def show_table() -> str:
    """Show everything of the map in rows, for those who do not use a pointer."""
    asked = _table_asked()
    table = connections().read(page_data.table, asked, areas_of(Permission.PEOPLE_READ))
    return render_template("table.html", page="table", table=table, asked=asked, states=_states())


@blueprint.get("/map/table.csv")
@needs(Permission.MAP_READ)
def table_list() -> Response:
    """Give all rows of the table that fit its filters as a file."""
    asked = _table_asked()
    return _list(*connections().read(duty_lists.duty_list, asked, areas_of(Permission.PEOPLE_READ)))


@blueprint.get("/zones")
@needs(Permission.ZONES_WRITE)
def edit_zones() -> str:
    """Show the zones of a duty on a map where drafts of a plan are drawn."""
    asked = {name: request.args[name] for name in request.args}
    found = connections().read(page_data.map_page, asked)
    areas = connections().read(areas_to_share, areas_of(Permission.ZONES_WRITE))
    parts = map_parts(found.extent, drawing=True)
    config = with_base_map(found.config) | {"areas": areas}
    return render_template("zones.html", page="zones", parts=parts, config=config)


@blueprint.get("/assets")
@needs(Permission.ASSETS_WRITE)
def edit_assets() -> str:
    """Show what is looked after on a map where it is drawn and changed by hand."""
    asked = {name: request.args[name] for name in request.args}
    found = connections().read(asset_page_data.asset_page, asked)
    parts = map_parts(found.extent, drawing=True)
    return render_template("assets.html", page="assets", parts=parts, config=with_base_map(found.config))


@blueprint.get("/campaigns")
@needs(Permission.CAMPAIGNS_READ)
def show_campaigns() -> str:
    """List the campaigns and how far each came."""
    listed = connections().read(campaign_page_data.campaigns)
    return render_template("campaigns.html", page="campaigns", campaigns=listed, states=maps.CAMPAIGN_STATES)


@blueprint.get("/campaigns/<campaign>")
@needs(Permission.CAMPAIGNS_READ)
def show_campaign(campaign: str) -> str:
    """Show what a campaign treated and what it did not, on a map."""
    asked = {name: request.args[name] for name in request.args}
    found = connections().read(campaign_page_data.campaign_page, campaign, asked)
    parts = map_parts(found.extent, campaign=True)
    return render_template("campaign.html", page="campaigns", parts=parts, config=with_base_map(found.config))


@blueprint.get("/campaigns/<campaign>/print")
@needs(Permission.CAMPAIGNS_READ)
def print_campaign(campaign: str) -> str:
    """Show the map of a campaign on a sheet of paper."""
    return _sheet(connections().read(print_page_data.campaign_sheet, campaign, request.args.to_dict()), campaign=True)


@blueprint.get("/campaigns/<campaign>/table")
@needs(Permission.CAMPAIGNS_READ)
def show_campaign_table(campaign: str) -> str:
    """Show what a campaign reached and what is left to do in rows, for those who do not use a pointer."""
    given = campaign_page_data.TableParameters.model_validate(request.args.to_dict())
    table, asked = connections().read(campaign_page_data.campaign_table, campaign, given)
    return render_template(
        "campaign_table.html", page="campaigns", table=table, asked=asked, states=maps.CAMPAIGN_STATES
    )


@blueprint.get("/campaigns/<campaign>/list.csv")
@needs(Permission.CAMPAIGNS_READ)
def campaign_list(campaign: str) -> Response:
    """Give what a campaign has left to do as a file."""
    asked = campaign_lists.ListParameters.model_validate(request.args.to_dict())
    return _list(*connections().read(campaign_lists.campaign_list, campaign, asked))


@blueprint.get("/cases")
@needs(Permission.CASES_READ)
def show_cases() -> str:
    """List complaints, the newest first."""
    asked = case_page_data.CaseListParameters.model_validate(request.args.to_dict())
    listed = connections().read(case_page_data.case_list, asked, kept_counts(), areas_of(Permission.CASES_READ))
    return render_template("cases.html", page="heat", listed=listed, asked=asked)


@blueprint.get("/cases/<case>")
@needs(Permission.CASES_READ)
def show_case(case: str) -> str:
    """Show one complaint: what, when and where it was, who answered for its place, and how it went on."""
    asked = case_page_data.CaseListParameters.model_validate(request.args.to_dict())
    named = CasePath.model_validate({"case": case}).case
    found = connections().read(case_page_data.case_page, named, areas_of(Permission.CASES_READ))
    parts, config = None, None
    if found.config is not None:
        config = with_base_map(found.config)
        parts = map_parts(found.extent)
    return render_template("case.html", page="heat", found=found, asked=asked, parts=parts, config=config)


@blueprint.get("/cases/heat")
@needs(Permission.HEAT_READ)
def show_heat() -> str:
    """Show where complaints gather, and when."""
    asked = {name: request.args[name] for name in request.args}
    found = connections().read(case_page_data.heat_page, asked, areas_of(Permission.HEAT_READ))
    parts = map_parts(found.extent, density=True)
    return render_template("heat.html", page="heat", parts=parts, config=with_base_map(found.config))


@blueprint.get("/api/docs")
@needs(Permission.MAP_READ)
def api_docs() -> str:
    """Show the description of the API in a form that can be tried."""
    return render_template("api_docs.html", page="api")


@blueprint.get("/openapi.json")
@needs(Permission.MAP_READ)
def openapi() -> Response:
    """Return the description of the API."""
    app = current_app
    if not isinstance(app, OpenAPI):
        raise TypeError("the application was not made by create_app")
    return jsonify(app.api_doc)


@blueprint.get("/language")
@needs(Door.OPEN)
def switch_language() -> Response:
    """Speak another language from now on and go back to the page."""
    asked = Language.model_validate(request.args.to_dict())
    return switched(asked.to, asked.next)


def tile_address() -> str:
    """Return the address of the tiles that the asker may see, for the style of a map."""
    return f"/tiles/{{layer}}/{{z}}/{{x}}/{{y}}.mvt?key={tile_keys().give(tile_rights(), time.time())}"


def map_parts(extent: features.catalogue.Extent | None, **told: bool) -> maps.MapParts:
    """Return the parts of a map of every layer; ``told`` says what else it is of."""
    return maps.map_page(
        nonce=nonce(), asset=asset, layers=LAYERS.values(), extent=extent, tiles=tile_address(), **told
    )


def _list(name: str, file: IO[bytes]) -> Response:
    return send_file(file, mimetype="text/csv", as_attachment=True, download_name=name)


def _sheet(sheet: print_page_data.Sheet, *, campaign: bool = False) -> str:
    parts = map_parts(sheet.page.extent, campaign=campaign, still=True)
    bare = bool(sheet.total) and sheet.figures.get("covered") == 0
    config = with_base_map(sheet.page.config) | {"back": sheet.back, "bare": bare}
    return render_template("print.html", page="print", parts=parts, config=config, sheet=sheet, approval=map_approval())


def _states() -> dict[str, maps.StateInk]:
    return {ink.state: ink for ink in maps.STATES}


def _is_sample_town() -> bool:
    """Tell whether pages say that the town is made up; when the database can not be asked, they do not."""
    if "is_sample_town" not in g:
        try:
            g.is_sample_town = connections().read(features.is_sample_loaded)
        except (SQLAlchemyError, GeoHygieneError):
            g.is_sample_town = False
    return bool(g.is_sample_town)


def _who() -> Viewer:
    """Return who asks; when the database can not be asked, a stranger."""
    try:
        return viewer()
    except (SQLAlchemyError, GeoHygieneError):
        return STRANGER


def _common_words() -> dict[str, Any]:
    return {
        "page": "",
        "locale": current_tag(),
        "languages": switch_addresses(),
        "csp_nonce": nonce(),
        "sample_town": _is_sample_town(),
        "viewer": _who(),
        "page_links": PAGE_LINKS,
    }


def frame_pages(app: Flask) -> None:
    """Give every template what the frame of a page shows."""
    app.context_processor(_common_words)
