"""Which language an answer speaks, and the switch that keeps the page."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from babel import numbers
from flask import Flask, Response, current_app, redirect, request

from geo_hygiene import i18n

COOKIE = "language"
COOKIE_SECONDS = 365 * 24 * 3600

#: Tag in addresses and pages, locale of the catalogue, name in the language itself.
LANGUAGES = (("en", "en", "English"), ("zh-Hans", "zh_Hans", "简体中文"))
FINE_BELOW = 100
ALMOST_ALL = 0.999
SPEAKING = frozenset({"text/html", "application/json", "application/problem+json"})


def _known(tag: str | None) -> str | None:
    """Return the locale of a tag such as ``zh``, ``zh-CN`` or ``en-GB``, or ``None`` when it is not spoken here."""
    language = (tag or "").lower().replace("_", "-").split("-")[0]
    return next((locale for known, locale, _name in LANGUAGES if known.split("-")[0] == language), None)


def wanted_locale() -> str:
    """Return the locale of this request: address, then cookie, then browser, then the setting."""
    spoken = [_known(tag) for tag, quality in request.accept_languages if quality > 0]
    choices = [_known(request.args.get("lang")), _known(request.cookies.get(COOKIE)), *spoken]
    return next((locale for locale in choices if locale), current_app.config["LOCALE"])


def current_tag() -> str:
    """Return the tag of the language that is spoken now, as HTML writes it."""
    return next(tag for tag, locale, _name in LANGUAGES if locale == i18n.current_locale())


def local_address(wanted: str | None) -> str:
    """Return a path of this application to go back to; anything else becomes the start page."""
    address = wanted or "/"
    parts = urlsplit(address.replace("\\", "/"))
    harmless = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if harmless and not parts.scheme and not parts.netloc else "/"


def switched(tag: str, back_to: str | None) -> Response:
    """Return to a page in another language and remember the choice."""
    answer = redirect(local_address(back_to), 303)
    response = Response(answer.get_data(), answer.status_code, headers=answer.headers)
    return _remembered(response, tag)


def _remembered(response: Response, tag: str) -> Response:
    response.set_cookie(
        COOKIE, tag, max_age=COOKIE_SECONDS, httponly=True, samesite="Lax", path="/", secure=request.is_secure
    )
    return response


def switch_addresses() -> list[tuple[str, str, str]]:
    """Return tag, name and address of each language; the address comes back to this page."""
    words = [(name, word) for name, word in request.args.items(multi=True) if name != "lang"]
    here = f"{request.path}?{urlencode(words)}" if words else request.path
    return [(tag, name, f"/language?{urlencode({'to': tag, 'next': here})}") for tag, _locale, name in LANGUAGES]


def format_amount(amount: float) -> str:
    """Return metres or a count as people read them: grouped, with a decimal only below 100."""
    form = "#,##0.#" if amount < FINE_BELOW else "#,##0"
    return numbers.format_decimal(amount, format=form, locale=i18n.current_locale())


def format_share(share: float) -> str:
    """Return a share as a percentage with one decimal, as the map tells it; 100 % is said only of the whole."""
    told = share if share >= 1 else min(share, ALMOST_ALL)
    return numbers.format_percent(told, format="0.0%", locale=i18n.current_locale())


def speak(app: Flask, *, locale: str | None) -> None:
    """Choose the language of every request before anything is said."""
    app.config["LOCALE"] = i18n.negotiate(locale)
    app.jinja_env.globals.update(_=i18n.gettext, ngettext=i18n.ngettext)
    app.jinja_env.filters.update(amount=format_amount, share=format_share)

    @app.before_request
    def choose() -> None:
        i18n.use_locale(wanted_locale())

    @app.after_request
    def name(response: Response) -> Response:
        if response.mimetype in SPEAKING:
            response.headers.setdefault("Content-Language", current_tag())
            response.vary.update(("Accept-Language", "Cookie"))
        # what the page asks for afterwards, and the pages that it leads to, do not repeat the word of its address
        if response.mimetype == "text/html" and _known(request.args.get("lang")):
            _remembered(response, current_tag())
        return response
