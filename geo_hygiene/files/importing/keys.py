"""What tells the rows of a file apart, now and at the next import of a newer file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, time
from itertools import islice, repeat
from typing import Any
from uuid import UUID

import numpy as np
import shapely
from numpy.typing import NDArray

from geo_hygiene.files.findings import Code, Finding
from geo_hygiene.files.importing.cleaning import LONGEST_NAME, CleanRows, clean_text
from geo_hygiene.files.importing.mapping import UnknownFieldError, fold
from geo_hygiene.files.reading import SourceTable
from geo_hygiene.i18n import N_, _
from geo_hygiene.layerspec import MapLayer

KEPT_DECIMALS = 9
"""Decimals of a degree (a tenth of a millimetre) up to which geometries are equal: exports write no fewer."""


BY_GEOMETRY = "geometry:"
"""Beginning of the key of a row that is told apart by its geometry alone."""


def geometry_hashes(geometries: NDArray[np.object_]) -> list[bytes | None]:
    """Return the SHA-256 of each geometry's WKB, rounded to the decimals that every export keeps."""
    # Rounding is by multiplying, which the numbers of a row that lies nowhere on earth, and is refused, may not allow.
    with np.errstate(over="ignore"):
        rounded = shapely.transform(geometries, lambda coords: np.round(coords, KEPT_DECIMALS) + 0.0)
    return [None if wkb is None else hashlib.sha256(wkb).digest() for wkb in shapely.to_wkb(rounded, byte_order=1)]


def attribute_hashes(clean: CleanRows, names: Sequence[str], rows: Sequence[int]) -> list[bytes]:
    """Return the SHA-256 of the values that the file gives for each row, with what no field took."""
    encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, default=_plain).encode
    pieces: list[Iterable[str]] = [repeat("[{")]
    for name in sorted(names):
        pieces += [repeat(f"{', ' if len(pieces) > 1 else ''}{encode(name)}: ")]
        pieces += [_encoded([clean.values[name][row] for row in rows], encode)]
    extras = (clean.extra[row] for row in rows)
    pieces += [repeat("}, "), (encode(extra) if extra else "{}" for extra in extras), repeat("]")]
    return [hashlib.sha256("".join(said).encode()).digest() for said in islice(zip(*pieces, strict=False), len(rows))]


def _encoded(values: Sequence[Any], encode: Callable[[Any], str]) -> list[str]:
    """Return each value as JSON; each distinct one is worked out once where equal values are written alike."""
    if set(map(type, values)) <= {str, int, type(None)}:
        known = {value: encode(value) for value in set(values)}
        return [known[value] for value in values]
    return [encode(value) for value in values]


def _plain(value: object) -> str:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return str(value.astimezone(UTC))  # one instant is one, whatever offset it is written with
    if isinstance(value, date | time | UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} is no value of a field")


def row_keys(
    layer: MapLayer, table: SourceTable, clean: CleanRows, hashes: Sequence[bytes | None], wanted: str | None
) -> tuple[list[str], bool]:
    """Return the key of every row, and whether keys come from the geometry alone.

    Parameters
    ----------
    hashes
        Of the source geometries.
    wanted
        Field of the file, or of ours, that the user named.

    Raises
    ------
    UnknownFieldError
        If the file has no such field.
    """
    values = _key_values(layer, table, clean, wanted)
    keys: list[str] = []
    seen: dict[str, int] = {}
    for row, (value, digest) in enumerate(zip(values, hashes, strict=True)):
        key = _written(value)
        if len(key) > LONGEST_NAME:
            key = f"{key[:LONGEST_NAME]}…{hashlib.sha256(key.encode()).hexdigest()}"
        if not key:
            key = BY_GEOMETRY + (digest.hex()[:40] if digest else str(row))
            # things at one place are told apart by their order in the file
            seen[key] = seen.get(key, 0) + 1
            key = f"{key}#{seen[key]}" if seen[key] > 1 else key
        keys.append(key)
    return keys, all(value is None for value in values)


def _key_values(layer: MapLayer, table: SourceTable, clean: CleanRows, wanted: str | None) -> Sequence[Any]:
    if wanted is None:
        return clean.values[layer.key_field]
    for heading in table.fields:
        if heading == wanted or fold(heading) == fold(wanted):
            column: list[Any] = table.rows[heading].to_pylist()
            return column
    for name, values in clean.values.items():
        if fold(name) == fold(wanted):
            return values
    raise UnknownFieldError(
        _(
            "The file has no column “%(heading)s”. Columns: %(headings)s.",
            heading=wanted,
            headings=", ".join(table.fields),
        )
    )


def _written(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return clean_text(str(value))


def doubled_keys(keys: Sequence[str], numbers: Sequence[int], rows: Sequence[int]) -> list[Finding]:
    """Return an error for each row whose key stands in an earlier row."""
    first: dict[str, int] = {}
    findings = []
    for row in rows:
        earlier = first.setdefault(keys[row], row)
        if earlier != row:
            findings.append(
                Finding(
                    Code.DUPLICATE_KEY,
                    N_("Row %(earlier)s has the same key."),
                    row=int(numbers[row]),
                    value=keys[row],
                    values={"earlier": int(numbers[earlier])},
                )
            )
    return findings


def doubled_geometries(hashes: Sequence[bytes | None], numbers: Sequence[int], rows: Sequence[int]) -> list[Finding]:
    """Return a warning for each row whose geometry stands in an earlier row."""
    first: dict[bytes, int] = {}
    findings = []
    for row in rows:
        digest = hashes[row]
        earlier = first.setdefault(digest, row) if digest is not None else row
        if earlier != row:
            findings.append(
                Finding(
                    Code.DUPLICATE_FEATURE,
                    N_("The row has the same geometry as row %(earlier)s."),
                    row=int(numbers[row]),
                    values={"earlier": int(numbers[earlier])},
                )
            )
    return findings
