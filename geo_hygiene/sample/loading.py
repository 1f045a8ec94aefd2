"""Bring the sample town into a database, through the same import as any file, and take it out again."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

from sqlalchemy import Connection, Engine, exists, func, select

from geo_hygiene.database import engine
from geo_hygiene.errors import GeoHygieneError
from geo_hygiene.files.importing import ImportOptions, ImportReport, import_file
from geo_hygiene.files.importing.run import IMPORT_LOCK
from geo_hygiene.i18n import _
from geo_hygiene.layers import layer_of
from geo_hygiene.layers.areas import Area
from geo_hygiene.records.claims import Claim
from geo_hygiene.records.imports import SAMPLE, ImportRun
from geo_hygiene.records.targets import Target
from geo_hygiene.sample.county import FirstTown
from geo_hygiene.sample.multiplying import TABLES, Ids, Multiplier
from geo_hygiene.sample.write import Progress, file_of, write, write_towns
from geo_hygiene.sample.write import quiet as unwatched

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
    with bind.begin() as connection:
        return [report for _key, report in _import_files(connection, directory or STORED_FILES, ORDER, tell)]


def _import_files(
    connection: Connection, folder: Path, keys: Iterable[str], tell: Tell
) -> Iterator[tuple[str, ImportReport]]:
    for key in keys:
        path = file_of(folder, key)
        if not path.exists():
            raise SampleRefusedError(_("There is no file %(file)s; “sample write” makes it.", file=path))
        tell(_("Loading the sample town: %(layer)s", layer=_(layer_of(key).title)))
        report = import_file(connection, key, path, ImportOptions(origin=SAMPLE))
        if report.refused:
            raise SampleRefusedError(_refusal(report))
        # in the same transaction the planner knows nothing of what came, and would be ten times slower
        connection.execute(select(func.refresh_statistics()))
        yield key, report


def load_towns(
    bind: Engine,
    first: FirstTown,
    *,
    only: Collection[str] = ORDER,
    tell: Tell = quiet,
    progress: Progress = unwatched,
) -> int:
    """Load a county into a database without records; return how many records the sample has.

    Parameters
    ----------
    first
        Is imported from files; the other towns are copies of it, such as the import would store them.
    only
        Layers and tables to load; those that these name must be among them.

    Raises
    ------
    SampleRefusedError
        If the database holds records, or if what is loaded names what is not.
    """
    with bind.connect() as connection:
        _refuse_unless_empty(connection)
    size = first.size
    keys = [key for key in ORDER if key in only]
    with tempfile.TemporaryDirectory(prefix="geo-hygiene-sample-") as made, bind.begin() as connection:
        folder = Path(made)
        write_towns(folder, first, lambda: [size.town(1)])
        connection.execute(select(func.pg_advisory_xact_lock(IMPORT_LOCK)))
        _refuse_unless_empty(connection)
        ids = Ids(connection)
        for key, _report in _import_files(connection, folder, keys, tell):
            ids.note(key)
        copies = Multiplier(connection, first, ids, {key: file_of(folder, key) for key in keys})
        for key in filter(TABLES.__contains__, keys):
            tell(_("Copying it to the other towns: %(layer)s", layer=_(layer_of(key).title)))
            for town in size.all_towns():
                if town.number > 1 and size.has(key, town.number):
                    copies.copy(key, town)
                    progress(key, town.number, size.towns)
        tell(_("Working out who covers what"))
        return copies.finish()


def _refuse_unless_empty(connection: Connection) -> None:
    if any(connection.scalar(select(exists().select_from(model))) for model in (ImportRun, Area, Target, Claim)):
        raise SampleRefusedError(_("A county goes only into a home without records; name an empty one: --home DIR"))


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
