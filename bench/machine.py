"""On what the figures were measured: the machine and the versions."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyogrio
import shapely
from sqlalchemy import Connection, text

LIBRARIES = ("geo_hygiene", "flask", "folium", "geopandas", "gunicorn", "numpy", "psycopg2-binary", "pyproj", "shapely")


def machine() -> dict[str, Any]:
    """Return processor, cores, memory (GiB), system, and how many processes wanted to run in the last minute."""
    return {
        "cpu": _first_value(Path("/proc/cpuinfo"), "model name") or platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30, 1),
        "system": platform.freedesktop_os_release().get("PRETTY_NAME", platform.system()),
        "kernel": platform.release(),
        "load": round(os.getloadavg()[0], 1),
    }


def _first_value(file: Path, name: str) -> str | None:
    for line in file.read_text().splitlines():
        key, _separator, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return None


def versions(connection: Connection) -> dict[str, str]:
    """Return the versions of the database with its libraries, of Python and of what the program uses."""
    database = connection.execute(
        text(
            "select current_setting('server_version') as postgresql, postgis_lib_version() as postgis,"
            " postgis_geos_version() as geos, postgis_proj_version() as proj"
        )
    ).one()
    return {
        "PostgreSQL": database.postgresql.split()[0],
        "PostGIS": database.postgis,
        "GEOS (database)": database.geos.split("-")[0],
        "PROJ (database)": database.proj.split()[0],
        "Python": platform.python_version(),
        "GEOS (shapely)": shapely.geos_version_string,
        "GDAL (pyogrio)": pyogrio.__gdal_version_string__,
        **{name: version(name) for name in LIBRARIES},
    }
