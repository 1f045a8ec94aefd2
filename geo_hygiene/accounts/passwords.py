"""Passwords: which are good enough, how they are kept, and such as are made for somebody's first sign-in."""

from __future__ import annotations

import re
import secrets

from argon2 import PasswordHasher
from zxcvbn import zxcvbn

from geo_hygiene.errors import GeoHygieneError
from geo_hygiene.i18n import _

SHORTEST, LONGEST = 12, 128
WEAKEST = 3
"""Of the strengths 0 to 4 that zxcvbn tells."""

FEWEST_OF_ITS_OWN = 8
"""Characters of a password besides what is known of the person."""

LONGEST_MEASURED = 72
"""zxcvbn takes no more."""

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""No letter of a made password can be taken for another."""


class WeakPasswordError(GeoHygieneError):
    """A password that is too short or easily guessed."""


def check_strength(password: str, *, about: tuple[str, ...] = ()) -> None:
    """Refuse a password that somebody could guess.

    Parameters
    ----------
    about
        What is known of the person, such as the name and the e-mail address.

    Raises
    ------
    WeakPasswordError
        If it has fewer than 12 or more than 128 characters, or is easily guessed.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise WeakPasswordError(
            _("A password has between %(shortest)s and %(longest)s characters.", shortest=SHORTEST, longest=LONGEST)
        )
    known = [re.escape(word) for told in about for word in re.split(r"[\W_]+", told) if word]
    own = re.sub("|".join(known), "", password, flags=re.IGNORECASE) if known else password
    if len(own) < FEWEST_OF_ITS_OWN or zxcvbn(password[:LONGEST_MEASURED])["score"] < WEAKEST:
        raise WeakPasswordError(_("This password is easily guessed: take several words that do not belong together."))


def hashed(password: str) -> str:
    """Return a password as it is kept (Argon2id)."""
    return PasswordHasher().hash(password)


def made_up() -> str:
    """Return a password for a first sign-in, in groups that can be read out on the telephone."""
    return "-".join("".join(secrets.choice(LETTERS) for _letter in range(4)) for _group in range(4))
