"""Who may open which address: every view declares what it needs, and nothing is answered before that is checked."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import Flask, Response, current_app, g, redirect, request
from flask_security import current_user

from geo_hygiene.accounts import store
from geo_hygiene.accounts.store import AccountRecord
from geo_hygiene.accounts.viewer import ALONE, STRANGER, Viewer
from geo_hygiene.errors import GeoHygieneError
from geo_hygiene.i18n import _
from geo_hygiene.permissions import Areas, Permission
from geo_hygiene.web.connections import connections
from geo_hygiene.web.security import MACHINE_PATHS, READING_METHODS
from geo_hygiene.web.sessions import SignedIn
from geo_hygiene.web.tile_keys import TileRights

FOR_OTHERS = "GEO_HYGIENE_FOR_OTHERS"

View = TypeVar("View", bound=Callable[..., Any])


class Door(Enum):
    """What a view may need instead of a permission."""

    OPEN = "open"
    SIGNED_IN = "signed in"


class NotSignedInError(GeoHygieneError):
    """The address is for people who are signed in."""


class ForbiddenError(GeoHygieneError):
    """The asker's roles do not allow this."""


class UndeclaredViewError(TypeError):
    """A view declares no permission: a mistake of the program, found when it starts."""


def needs(permission: Permission | Door) -> Callable[[View], View]:
    """Declare what somebody needs to have a view answered."""

    def declare(view: View) -> View:
        view.needs = permission  # type: ignore[attr-defined]
        return view

    return declare


def need_of(app: Flask, endpoint: str) -> Permission | Door:
    """Return what the view behind an endpoint declares.

    Raises
    ------
    UndeclaredViewError
        If it declares nothing.
    """
    if endpoint == "static":
        return Door.OPEN
    declared = getattr(app.view_functions[endpoint], "needs", None)
    if not isinstance(declared, Permission | Door):
        raise UndeclaredViewError(f"the view {endpoint} declares no permission")
    return declared


def viewer() -> Viewer:
    """Return who asks."""
    if "viewer" not in g:
        g.viewer = _find_viewer()
    found: Viewer = g.viewer
    return found


def _find_viewer() -> Viewer:
    signed_in = current_user._get_current_object()
    if isinstance(signed_in, SignedIn):
        return Viewer.of(signed_in.account)
    is_open = not current_app.config[FOR_OTHERS] and not connections().who(store.are_there_any)
    return ALONE if is_open else STRANGER


def areas_of(permission: Permission) -> Areas:
    """Return the areas in which the asker has a permission."""
    return viewer().areas_of(permission)


def tile_rights() -> TileRights:
    """Return which tiles the asker may see; the view is named by what it shows beside the map."""
    return TileRights("campaigns" if viewer().may(Permission.CAMPAIGNS_READ) else "map", "all")


def _check() -> Response | None:
    if request.endpoint is None:
        return None  # routing refuses it
    need = need_of(current_app, request.endpoint)
    if need is Door.OPEN:
        return None
    asking = viewer()
    is_page = not request.path.startswith(MACHINE_PATHS) and request.method in READING_METHODS
    if asking.account is None and (need is Door.SIGNED_IN or not asking.permissions):
        if is_page:
            return _led_to("accounts.sign_in")
        raise NotSignedInError(_("Sign in first: this address is not open to everybody."))
    if asking.account is not None and asking.account.is_temporary and need is not Door.SIGNED_IN:
        if is_page:
            return _led_to("accounts.own_account")
        raise ForbiddenError(_("Choose a password of your own first."))
    if isinstance(need, Permission):
        demand(need)
    return None


def asker() -> AccountRecord:
    """Return the account of who asks, in a view that only people who are signed in may open."""
    account = viewer().account
    if account is None:
        raise TypeError("the view is not guarded")
    return account


def job_actor() -> str:
    """Return for whom a job is that whoever reads may ask for; the user of a machine without accounts has no name."""
    account = viewer().account
    return "" if account is None else account.email


def demand(permission: Permission) -> None:
    """Refuse somebody who has not a permission.

    Raises
    ------
    ForbiddenError
        If the asker has it nowhere.
    """
    if viewer() is ALONE and permission not in ALONE.permissions:
        raise ForbiddenError(
            _("Nobody has an account yet. The first is made by: geo-hygiene user add EMAIL --role admin")
        )
    if not viewer().may(permission):
        raise ForbiddenError(_("Your roles do not allow this. Ask the administrator of your office."))


def _led_to(endpoint: str) -> Response:
    here = request.full_path.rstrip("?")
    address = f"{current_app.url_for(endpoint)}?{urlencode({'next': here})}"
    return current_app.make_response(redirect(address, 303))


def guard_views(app: Flask, *, is_for_others: bool) -> None:
    """Check every request before its view; fail now if a view declares nothing.

    Parameters
    ----------
    is_for_others
        Whether other machines reach the application: then nobody sees anything without an account.

    Raises
    ------
    UndeclaredViewError
        If a view declares no permission.
    """
    for endpoint in app.view_functions:
        need_of(app, endpoint)
    app.config[FOR_OTHERS] = is_for_others
    app.before_request(_check)
