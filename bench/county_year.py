"""The year of each town of a county, of which the sample has none: what its first town did, done in all of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from geo_hygiene.sample.county import SIZES, Town
from geo_hygiene.sample.ground import Ground
from geo_hygiene.sample.loading import STORED_FILES
from geo_hygiene.sample.year_tables import YEAR_ORDER, year_tables

LAYERS = ("works", "activities", "awareness-surveys", "honours")
"""What is imported; the doors of a county, over a million, and their letters are left out."""

CODES = frozenset({"external_id", "segment", "lane", "facility", "area", "holder"})
LISTS = frozenset({"areas", "lanes"})


def write_county_year(folder: Path, size: str, layers: Collection[str] = LAYERS) -> Mapping[str, Path]:
    """Write the year of all towns of a county as the tables that an import reads; return them in their order."""
    tables = {table.key: table for table in year_tables(Ground.of_folder(STORED_FILES)) if table.key in layers}
    files = {key: folder / f"{key}.csv" for key in YEAR_ORDER if key in layers}
    for key, file in files.items():
        first = pd.DataFrame(tables[key].columns, dtype=object)
        towns = [first.apply(lambda column, town=town: _of(column, town)) for town in SIZES[size].all_towns()]
        pd.concat(towns).to_csv(file, index=False)
    return files


def _of(column: pd.Series[Any], town: Town) -> pd.Series[Any]:
    """Return what a field of the first town says in another one."""
    change = _change(str(column.name), town)
    return column if change is None else column.map(change, na_action="ignore")


def _change(name: str, town: Town) -> Callable[[Any], Any] | None:
    changes: dict[str, Callable[[Any], Any]] = {"id": town.id, "lon": town.east.__add__, "lat": town.north.__add__}
    if name in LISTS:
        return lambda codes: ";".join(town.prefix + code for code in codes.split(";"))
    return town.prefix.__add__ if name in CODES else changes.get(name)
