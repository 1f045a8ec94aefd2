"""Bring the sample town into a database, through the same import as any file, and take it out again."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Engine, exists, func, select

from geo_hygiene.database import engine
from geo_hygiene.errors import GeoHygieneError
from geo_hygiene.files.importing import ImportOptions, ImportReport, import_file
from geo_hygiene.i18n import _
from geo_hygiene.layers import layer_of
from geo_hygiene.layers.areas import Area
from geo_hygiene.records.targets import Target
from geo_hygiene.sample.write import write

ORDER = (
    "areas",
    "water-bodies",
    "green-spaces",
    "buildings",
    "people",
    "posts",
    "street-segments",
    "drain-segments",
    "septic-tanks",
    "facilities",
    "duty-zones",
    "zone-segments",
    "assignments",
    "campaigns",
    "treatments",
    "cases",
)
"""Layers and tables so that each finds what it names."""

ORIGIN = "sample"
"""Mark of the import runs that brought the sample town."""

STORED_FILES = Path(__file__).parents[2] / "data" / "shapefiles"
"""The town as files in a checkout, which saves making it."""

Tell = Callable[[str], None]


class SampleRefusedError(GeoHygieneError):
    """Files that are not a sample town, or records in the database that contradict it."""


def quiet(_message: str) -> None:
    """Tell nobody."""


def load(bind: Engine, directory: Path | None = None, *, tell: Tell = quiet) -> list[ImportReport]:
    """Load a sample town; all of it is stored, or nothing.

    Parameters
    ----------
    bind
        Of the service role.
    directory
        Holds the files that :func:`write` makes; by default the town of seed 1.
    tell
        Called with a sentence at each step.

    Raises
    ------
    SampleRefusedError
        If a file is missing or refused.
    """
    if directory is None and not (STORED_FILES / "areas.shp").exists():
        with tempfile.TemporaryDirectory(prefix="geo-hygiene-sample-") as made:
            tell(_("Making the sample town"))
            write(Path(made))
            return load(bind, Path(made), tell=tell)
    folder = directory or STORED_FILES
    reports = []
    with bind.begin() as connection:
        for key in ORDER:
            layer = layer_of(key)
            path = folder / f"{key}.{'csv' if layer.geometry is None or layer.is_event else 'shp'}"
            if not path.exists():
                raise SampleRefusedError(_("There is no file %(file)s; “sample write” makes it.", file=path))
            tell(_("Loading the sample town: %(layer)s", layer=_(layer.title)))
            report = import_file(connection, key, path, ImportOptions(origin=ORIGIN))
            if report.refused:
                raise SampleRefusedError(_refusal(report))
            reports.append(report)
            # in the same transaction the planner knows nothing of what came, and would be ten times slower
            connection.execute(select(func.refresh_statistics()))
    return reports


def _refusal(report: ImportReport) -> str:
    """Return what kept a file out, in one sentence."""
    wrong = next((finding for finding in report.findings if finding.is_error()), None)
    reason = wrong.message() if wrong is not None else report.status
    return _("The sample town was not loaded, because of %(file)s: %(reason)s", file=report.file, reason=reason)


def load_into_empty(service_url: str, tell: Tell = quiet) -> bool:
    """Load the sample town into a database without areas and targets; tell whether it was loaded."""
    connections = engine(service_url)
    try:
        with connections.connect() as connection:
            if connection.scalar(select(exists(select(Area.id)) | exists(select(Target.id)))):
                return False
        load(connections, tell=tell)
        return True
    finally:
        connections.dispose()
