"""Bring the sample town into a database, through the same import as any file, and take it out again."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, datetime
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
from geo_hygiene.sample.write import Progress, file_of, write, write_towns, write_year
from geo_hygiene.sample.write import quiet as unwatched
from geo_hygiene.sample.year_tables import YEAR_ORDER

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
"""Layers and tables so that each finds what it names: those of the town, of which a county has many."""

WITH_YEAR = (*(key for key in ORDER if key != "cases"), *YEAR_ORDER, "cases")
"""The town and what its office did in the year. Complaints come last: doors tell where they are."""

STORED_FILES = Path(__file__).parents[2] / "data" / "shapefiles"
"""The town as files in a checkout, which saves making it; its year is made from them."""

NUMBERS_KEY = b"sample"
"""By which the numbers on adverts are hashed: nobody's, so that the key is no secret."""

Tell = Callable[[str], None]


class SampleRefusedError(GeoHygieneError):
    """Files that are not a sample town, or records in the database that contradict it."""


def quiet(_message: str) -> None:
    """Tell nobody."""


def load(
    bind: Engine, directory: Path | None = None, *, only: Collection[str] = WITH_YEAR, tell: Tell = quiet
) -> list[ImportReport]:
    """Load a sample town; all of it is stored, or nothing.

    Parameters
    ----------
    bind
        Of the service role.
    directory
        Holds the files that :func:`write` makes; those of a county have no year. By default the town of seed 1, whose
        year is made from its files, up to the day of the clock.
    only
        Layers and tables to load; what these name must be among them or there already.
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
            return load(bind, Path(made), only=only, tell=tell)
    town = directory or STORED_FILES
    files = {key: file_of(town, key) for key in ORDER}
    _refuse_missing(files)
    with tempfile.TemporaryDirectory(prefix="geo-hygiene-sample-") as made, bind.begin() as connection:
        if directory is None and set(YEAR_ORDER) & set(only):
            write_year(Path(made), town, until=datetime.now(UTC).date())
        files |= {key: path for key in YEAR_ORDER if (path := file_of(directory or Path(made), key)).exists()}
        asked = {key: files[key] for key in WITH_YEAR if key in only and key in files}
        return [report for _key, report in _import_files(connection, asked, tell)]


def _refuse_missing(files: Mapping[str, Path]) -> None:
    for path in files.values():
        if not path.exists():
            raise SampleRefusedError(_("There is no file %(file)s; “sample write” makes it.", file=path))


def _import_files(connection: Connection, files: Mapping[str, Path], tell: Tell) -> Iterator[tuple[str, ImportReport]]:
    for key, path in files.items():
        tell(_("Loading the sample town: %(layer)s", layer=_(layer_of(key).title)))
        report = import_file(connection, key, path, ImportOptions(origin=SAMPLE, secret=lambda: NUMBERS_KEY))
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
    with tempfile.TemporaryDirectory(prefix="geo-hygiene-sample-") as made, bind.begin() as connection:
        folder = Path(made)
        write_towns(folder, first, lambda: [size.town(1)])
        connection.execute(select(func.pg_advisory_xact_lock(IMPORT_LOCK)))
        _refuse_unless_empty(connection)
        ids = Ids(connection)
        files = {key: file_of(folder, key) for key in ORDER if key in only}
        _refuse_missing(files)
        for key, _report in _import_files(connection, files, tell):
            ids.note(key)
        copies = Multiplier(connection, first, ids, files)
        for key in filter(TABLES.__contains__, files):
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


def load_into_empty(service_url: str, tell: Tell = quiet, *, only: Collection[str] = WITH_YEAR) -> bool:
    """Load the sample town into a database without areas and targets; tell whether it was loaded."""
    connections = engine(service_url)
    try:
        with connections.connect() as connection:
            if connection.scalar(select(exists(select(Area.id)) | exists(select(Target.id)))):
                return False
        load(connections, only=only, tell=tell)
        return True
    finally:
        connections.dispose()
