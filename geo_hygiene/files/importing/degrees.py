"""Longitude and latitude as people write them: 105.08, 105.08°E, 东经105°4′48″, N31°5'24.5"."""

from __future__ import annotations

import re
from unicodedata import normalize

_SIDE = "东经|西经|北纬|南纬|[EWNS]"
_DEGREES = re.compile(
    rf"(?P<before>{_SIDE})?\s*(?P<degrees>-?\d+(?:\.\d+)?)\s*(?:[°º度]\s*)?"
    r"(?:(?<=[°º度])\s*(?P<minutes>\d+(?:\.\d+)?)\s*[′'’分]\s*(?:(?P<seconds>\d+(?:\.\d+)?)\s*(?:″|\"|”|''|′′|秒)\s*)?)?"
    rf"(?P<behind>{_SIDE})?",
    re.IGNORECASE,
)
_PLAIN = re.compile(r"[+-]?\d+(?:\.\d*)?(?:[Ee][+-]?\d+)?", re.ASCII)
_NEGATIVE = frozenset({"西经", "南纬", "W", "S"})
_PER_DEGREE = 60


def read_degrees(written: str) -> float:
    """Return degrees.

    Raises
    ------
    ValueError
        If it is no such number, or has sixty minutes or seconds.
    """
    if _PLAIN.fullmatch(written.strip()):
        return float(written)
    # NFKC makes two primes of a double one
    found = _DEGREES.fullmatch(normalize("NFKC", written.replace("°", "度").replace("º", "度")).strip())
    if found is None:
        raise ValueError(written)
    minutes, seconds = float(found["minutes"] or 0), float(found["seconds"] or 0)
    if minutes >= _PER_DEGREE or seconds >= _PER_DEGREE:
        raise ValueError(written)
    degrees = float(found["degrees"])
    value = abs(degrees) + minutes / _PER_DEGREE + seconds / _PER_DEGREE**2
    side = (found["before"] or found["behind"] or "").upper()
    return -value if degrees < 0 or side in _NEGATIVE else value
