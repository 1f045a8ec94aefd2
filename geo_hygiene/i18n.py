"""Words in the user's language: gettext for the terminal and the web alike."""

from __future__ import annotations

import gettext as gettext_module
from contextvars import ContextVar
from functools import cache
from pathlib import Path

LOCALES = ("en", "zh_Hans")
"""The languages that are complete at every landing."""

DIRECTORY = Path(__file__).parent / "translations"

_locale: ContextVar[str] = ContextVar("locale", default="en")


@cache
def _catalogue(locale: str) -> gettext_module.NullTranslations:
    return gettext_module.translation("messages", DIRECTORY, [locale], fallback=True)


def negotiate(wanted: str | None) -> str:
    """Return the offered locale that fits a tag such as ``zh-CN``, ``zh_CN.UTF-8`` or ``en_GB``."""
    return "zh_Hans" if (wanted or "").lower().startswith("zh") else "en"


def use_locale(locale: str) -> None:
    """Speak this language in the current context (a request, a command) from now on."""
    _locale.set(locale if locale in LOCALES else negotiate(locale))


def current_locale() -> str:
    """Return the language of the current context."""
    return _locale.get()


def translated(message: str, locale: str) -> str:
    """Return a message in a language, whatever is spoken in this context."""
    return _catalogue(locale).gettext(message) if message else ""


def gettext(message: str, **values: object) -> str:
    """Translate a message and fill its ``%(name)s`` places."""
    text = _catalogue(_locale.get()).gettext(message) if message else ""
    return text % values if values else text


def ngettext(singular: str, plural: str, count: int, **values: object) -> str:
    """Translate a message that counts something; ``%(count)s`` is filled with the count, grouped by thousands."""
    return _catalogue(_locale.get()).ngettext(singular, plural, count) % {"count": f"{count:,}", **values}


def N_(message: str) -> str:  # noqa: N802 - the customary name of the gettext marker
    """Mark a message of a declaration; it is translated where it is shown."""
    return message


_ = gettext
