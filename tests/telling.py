"""What commands and tiles tell of a home or a database, so that two can be compared."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from mapbox_vector_tile import decode
from sqlalchemy import text

from geo_hygiene.cli import main
from geo_hygiene.database import engine
from geo_hygiene.web.connections import Connections
from tests.conftest import TestDatabase
from tests.web.conftest import application


def environment(database: TestDatabase | None, home: Path | None = None) -> dict[str, str | None]:
    """Return what lets a command use a database, or that of its home."""
    return {
        "GEO_HYGIENE_DATABASE_URL": database and database.owner_url,
        "GEO_HYGIENE_SERVICE_URL": database and database.service_url,
        "GEO_HYGIENE_HOME": home and str(home),
        "GEO_HYGIENE_LOCALE": "en",
    }


def run(*words: object, database: TestDatabase | None = None, code: int = 0) -> Result:
    done = CliRunner().invoke(main, [str(word) for word in words], env=environment(database))
    assert done.exit_code == code, (words, done.output, done.exception)
    return done


def answer(*words: object, database: TestDatabase | None = None) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(*words, "--json", database=database).stdout)
    return found


def rows_of(database: TestDatabase) -> dict[str, int]:
    """Return the tables that hold rows, without what migrations fill."""
    owner = engine(database.owner_url)
    try:
        with owner.connect() as connection:
            names = connection.scalars(text("select tablename from pg_tables where schemaname = 'public'")).all()
            counts = {name: connection.scalar(text(f"select count(*) from {name}")) for name in names}
    finally:
        owner.dispose()
    seeded = {"duty", "scope", "data_version", "alembic_version", "spatial_ref_sys", "staging_row", "work_rule"}
    return {name: count for name, count in counts.items() if count and name not in seeded}


EXPORTS = ("street-segments", "duty-zones", "zone-segments", "septic-tanks", "treatments", "cases", "people")
TILES = ("street-segments/14/12974/6701", "cover/13/6487/3350", "duty-zones/13/6487/3350")


def told_of(folder: Path, *options: object, database: TestDatabase | None) -> dict[str, object]:
    """Return what commands tell of a home, as bytes or JSON."""
    told: dict[str, object] = {}
    for duty in ("sweeping", "supervision", "drains", "tanks"):
        for level in ("group", "lane", "person"):
            words = ("cover", "--duty", duty, "--on", "2025-09-01", "--by", level, *options)
            told[f"{duty} {level}"] = answer(*words, database=database)
    told["campaign"] = answer("campaign", "cover", "2025-spring-rodent", *options, database=database)
    for layer in EXPORTS:
        kind = "csv" if layer in ("zone-segments", "cases", "people") else "geojson"
        run("export", layer, folder / f"{layer}.{kind}", *options, database=database)
        told[layer] = (folder / f"{layer}.{kind}").read_bytes()
    return told


def tiles_of(service_url: str) -> dict[str, dict[str, list[str]]]:
    """Return the features of some tiles by layer; their order is the database's."""
    opened = Connections(service_url)
    client = application(None, connections=opened).test_client()
    found = {tile: client.get(f"/tiles/{tile}.mvt?duty=sweeping&on=2025-09-01").data for tile in TILES}
    opened.close()
    return {
        tile: {name: sorted(map(repr, layer["features"])) for name, layer in decode(data).items()}
        for tile, data in found.items()
    }
