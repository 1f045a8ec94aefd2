"""E-mail addresses, by which accounts are known."""

from __future__ import annotations

import re
import unicodedata

EMAIL = re.compile(r"[!-?A-~]{1,64}@[!-?A-~]{1,190}")
"""ASCII only: no two accounts have addresses that look the same."""


def normalized(email: str) -> str:
    """Return an address as it is kept, sought and counted, however it was typed: one account, one form."""
    return unicodedata.normalize("NFKC", email).strip().casefold()
