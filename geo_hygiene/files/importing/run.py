"""Import a file: read, understand, check, store, all in one transaction."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray
from psycopg2.extras import Json
from sqlalchemy import Connection, Engine, exists, select, text

from geo_hygiene.cases.places import place_cases, place_cases_of_targets
from geo_hygiene.china_offset import OFFSETS, offset_named
from geo_hygiene.coverage.duties import today
from geo_hygiene.database import Base
from geo_hygiene.errors import GeoHygieneError
from geo_hygiene.files.findings import Code, Finding, FindingLevel, has_errors, rejected_rows, with_level
from geo_hygiene.files.importing import activities, cases, letters, lists, roster, tables, treatments, works, zones
from geo_hygiene.files.importing.area_tree import tree_findings
from geo_hygiene.files.importing.awareness import survey_findings
from geo_hygiene.files.importing.batch import Batch, Progress
from geo_hygiene.files.importing.campaigns import campaign_findings
from geo_hygiene.files.importing.case_numbers import number_findings
from geo_hygiene.files.importing.cleaning import CleanRows, clean_rows
from geo_hygiene.files.importing.extent import office_extent, outside_extent
from geo_hygiene.files.importing.features import store_features
from geo_hygiene.files.importing.honours import honour_findings
from geo_hygiene.files.importing.keys import attribute_hashes, doubled_keys, geometry_hashes, row_keys
from geo_hygiene.files.importing.lane_places import no_place_columns, place_on_lanes
from geo_hygiene.files.importing.mapping import FieldMap, map_fields
from geo_hygiene.files.importing.offset import looks_shifted
from geo_hygiene.files.importing.opening import open_file
from geo_hygiene.files.importing.options import ImportOptions
from geo_hygiene.files.importing.rejected import write_rejected
from geo_hygiene.files.importing.report import ImportReport, Stored
from geo_hygiene.files.importing.staging import empty_staging
from geo_hygiene.files.importing.targets import store_targets
from geo_hygiene.files.importing.work import rule_findings
from geo_hygiene.files.reading import SourceTable
from geo_hygiene.i18n import N_, _
from geo_hygiene.layers import layer_of
from geo_hygiene.layers.activities import Activity
from geo_hygiene.layers.cases import Case
from geo_hygiene.layers.tables import DUTY_ROSTER
from geo_hygiene.layers.treatments import Treatment
from geo_hygiene.layers.works import Work
from geo_hygiene.layerspec import ADDRESS_ROLES, MapLayer, Role
from geo_hygiene.records.claims import Claim, ClaimStretch
from geo_hygiene.records.years import Letter

NOWHERE = shapely.Point(0, 0)

IMPORT_LOCK = 4_326_002
"""Advisory lock that lets one file be stored at a time."""


class NoImportError(GeoHygieneError):
    """The layer's records do not come from files of their own, or not in this way."""


def quiet(_step: str, _done: int, _total: int | None) -> None:
    """Tell nobody about the progress."""


def import_file(
    bind: Engine | Connection,
    layer_key: str,
    path: Path,
    options: ImportOptions | None = None,
    progress: Progress = quiet,
) -> ImportReport:
    """Store the rows of a file in a layer, or nothing.

    With any error nothing is stored, unless ``options.skip_rejected``: then the rows without errors are.

    Parameters
    ----------
    bind
        Of the service role. Of an engine a transaction is taken and committed; with a connection the caller commits,
        and a refused or tried import leaves its transaction as it was.
    progress
        Called at every step.

    Raises
    ------
    GeoHygieneError
        If the layer, or a field that an option names, does not exist.
    """
    begun = time.monotonic()
    asked = options or ImportOptions()
    layer = _importable(layer_key, asked)
    table = open_file(bind, Path(path), asked, progress, layer=layer)
    return _stored_in_one(bind, _Import(layer, Path(path).name, table, asked, progress, begun))


def import_table(
    bind: Engine | Connection,
    layer_key: str,
    table: SourceTable,
    options: ImportOptions | None = None,
    progress: Progress = quiet,
) -> ImportReport:
    """Store rows that were read already; see :func:`import_file`."""
    asked = options or ImportOptions()
    layer = _importable(layer_key, asked)
    return _stored_in_one(bind, _Import(layer, table.name, table, asked, progress, time.monotonic()))


def _importable(layer_key: str, options: ImportOptions) -> MapLayer:
    layer = layer_of(layer_key)
    if not layer.imports:
        raise NoImportError(
            _("“%(key)s” are made by importing %(made_by)s.", key=layer.key, made_by=layer.made_by or "")
        )
    if options.replace and layer.is_event:
        raise NoImportError(
            _("What “%(key)s” tell happened once and does not end: they can not be replaced.", key=layer.key)
        )
    return layer


def _stored_in_one(bind: Engine | Connection, work: _Import) -> ImportReport:
    """Run an import in a transaction (or in a savepoint of the caller's), and undo it unless it stored something."""
    with bind.begin() if isinstance(bind, Engine) else nullcontext(bind) as connection:
        step = connection.begin_nested()
        with step:
            report = work.run(connection)
            if report.status != "imported":
                step.rollback()
        return report


@dataclass(frozen=True)
class _Names:
    """How the file itself calls its columns and its rows, and what fields are called that it does not have."""

    headings: Mapping[str, str]
    titles: Mapping[str, str]
    records: Mapping[int, str]

    def told(self, finding: Finding) -> Finding:
        """Return what is said of a row in the words of the file: its number there, and the heading of the column."""
        if finding.row is None:
            return finding
        ours = finding.field or ""
        heading = self.headings.get(ours, finding.field)
        title = finding.title or self.titles.get(ours)
        return replace(finding, field=heading, title=title, record=self.records.get(finding.row))


def _names_of(layer: MapLayer, table: SourceTable, mapping: FieldMap, clean: CleanRows) -> _Names:
    """Return the headings by field, the titles of fields without one, and the numbers of what happened by row."""
    numbers = clean.values[layer.key_field] if layer.is_event else []
    rows = zip(table.row_numbers.tolist(), numbers, strict=False)
    lacking = {field.name: field.title for field in layer if field.name not in {*mapping.columns, *table.fields}}
    return _Names(mapping.columns, lacking, {row: str(number) for row, number in rows if number is not None})


@dataclass
class _Import:
    """One file on its way."""

    layer: MapLayer
    file: str
    table: SourceTable
    options: ImportOptions
    progress: Progress
    begun: float
    findings: list[Finding] = field(default_factory=list)
    shapes: NDArray[np.object_] = field(default_factory=lambda: np.array([], dtype=object))
    said_places: Mapping[int, bytes] = field(default_factory=dict)
    placeless: set[int] = field(default_factory=set)
    """Rows of which it is told already that they do not say where they lie."""
    names: _Names = field(default_factory=lambda: _Names({}, {}, {}))

    def run(self, connection: Connection) -> ImportReport:
        """Check and store the rows; the caller undoes what must not stay."""
        self.options = replace(self.options, today=self.options.today or today(connection))
        self.findings += self._reader_findings()
        if self.table.refused:
            return self._report("refused", Stored(), [])
        mapping = map_fields(self.layer, self.table.fields, self._fields(), self.options.constants)
        self.progress("check", 0, self.table.rows_read)
        clean = clean_rows(
            self.layer,
            self.table,
            mapping,
            constants=self.options.constants,
            date_order=self.options.date_order,
        )
        self.findings += clean.findings
        self.names = _names_of(self.layer, self.table, mapping, clean)
        self.shapes = places(self.layer, self.table, clean, self.options.crs)
        self.findings += self._no_places()
        self.findings += self._place_on_lanes(connection, clean, mapping)
        self.findings += self._place_findings(connection, clean)
        self.findings += self._offset_findings(connection)
        self.findings += period_findings(self.layer, clean, self.table.row_numbers.tolist())
        connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": IMPORT_LOCK})
        batch = self._batch(connection, clean, mapping)
        self.findings += tree_findings(connection, batch) + campaign_findings(connection, batch)
        self.findings += number_findings(batch) + rule_findings(batch)
        self.findings += survey_findings(connection, batch) + honour_findings(connection, batch)
        batch = replace(batch, rows=self._good(batch.rows))
        if self._must_refuse(batch.rows):
            self._look_further(connection, batch)
            return self._report("refused", Stored(), self._good(batch.rows))
        return self._store(connection, batch)

    def _look_further(self, connection: Connection, batch: Batch) -> None:
        """Find what storing would refuse among the good rows of a refused file, so that all errors are told at once.

        Nothing of it stays. Storing targets has no errors of its own, and takes long.
        """
        if batch.rows and not self.layer.is_target and not has_errors(one for one in self.findings if one.row is None):
            stored = store(connection, replace(batch, import_id=self._begin(connection)))
            self.findings += [finding for finding in stored.findings if finding.is_error()]

    def _fields(self) -> Mapping[str, str]:
        """Return what the user says of columns; what tells events apart is their number in the other system."""
        if not self.layer.is_event or self.options.key is None:
            return self.options.fields
        return {self.layer.key_field: self.options.key, **self.options.fields}

    def _reader_findings(self) -> list[Finding]:
        found = self.table.findings
        if self.options.anywhere:
            found = with_level(found, Code.OUTSIDE_EXTENT, FindingLevel.WARNING)
        if self._can_do_without_place():
            found = [finding for finding in found if finding.code is not Code.GEOMETRY_EMPTY]
        return found

    def _can_do_without_place(self) -> bool:
        """Tell whether rows without one are stored: the list of a zone comes as a table of its own."""
        return self.layer.is_event or issubclass(self.layer.model, Claim)

    def _no_places(self) -> list[Finding]:
        """Set aside places that stand for an unknown one, and return a warning for each."""
        if not self.layer.places_by_coordinates:
            return []
        words = N_("0, 0 is what programs write for a place that they do not know; it is set aside.")
        unknown = np.flatnonzero(shapely.equals(self.shapes, NOWHERE)).tolist()
        self.shapes[unknown] = None
        return [Finding(Code.VALUE_CUT, words, int(self.table.row_numbers[at]), value="0, 0") for at in unknown]

    def _place_on_lanes(self, connection: Connection, clean: CleanRows, mapping: FieldMap) -> list[Finding]:
        """Put points for rows that name a lane instead of a place; say so where nothing in the file names one."""
        layer, given = self.layer, {*mapping.columns, *self.options.constants}
        if not layer.places_by_coordinates:
            return []
        ways = {one.name for one in layer if one.role in {Role.LONGITUDE, Role.LATITUDE, *ADDRESS_ROLES}}
        if (
            not given & ways
            and not self._can_do_without_place()
            and len(self.shapes)
            and shapely.is_missing(self.shapes).all()
        ):
            self.placeless |= set(self.table.row_numbers.tolist())
            return [no_place_columns(layer)]
        numbers = self.table.row_numbers.tolist()
        placed = place_on_lanes(connection, layer, clean, self.shapes, numbers, self.options.changes_on)
        self.said_places = placed.hashes
        headings = {mapping.columns.get(name, name) for name in ways}
        told = [*self.findings, *placed.findings]
        self.placeless |= {one.row for one in told if one.row and one.is_error() and one.field in headings | ways}
        return placed.findings

    def _offset_findings(self, connection: Connection) -> list[Finding]:
        """Return a warning for a file whose places look shifted, unless the user says how they are."""
        said = self.options.crs is not None and offset_named(self.options.crs) is not None
        if said or self.layer.geometry is None or self.said_places:
            return []
        return looks_shifted(connection, self.shapes)

    def _place_findings(self, connection: Connection, clean: CleanRows) -> list[Finding]:
        """Return errors for rows that have no place, or one outside the extent of the offices."""
        if self.layer.geometry is None:
            return []
        shapes, numbers = self.shapes, self.table.row_numbers
        wrong, misplaced = rejected_rows(self.findings), rejected_rows(self._reader_findings())
        missing = np.flatnonzero(shapely.is_missing(shapes)).tolist()
        said = {*misplaced, *self.placeless}
        found = [
            Finding(Code.GEOMETRY_EMPTY, row=int(numbers[at]))
            for at in missing
            if int(numbers[at]) not in said and not self._can_do_without_place()
        ]
        rows = [at for at in range(len(numbers)) if int(numbers[at]) not in misplaced]
        offices = []
        if self.layer.with_role(Role.PARENT) is not None:
            levels = clean.values["level"]
            good = [at for at in rows if int(numbers[at]) not in wrong]
            offices = [shapes[at] for at in good if levels[at] == "office" and shapes[at] is not None]
        outside = outside_extent(office_extent(connection, offices), shapes, numbers, rows)
        level = FindingLevel.WARNING if self.options.anywhere else FindingLevel.ERROR
        return found + with_level(outside, Code.OUTSIDE_EXTENT, level)

    def _batch(self, connection: Connection, clean: CleanRows, mapping: FieldMap) -> Batch:
        """Return the rows with their keys; rows whose key came before are errors."""
        table, layer = self.table, self.layer
        keyed = layer.geometry is not None and not layer.is_event and not issubclass(layer.model, Claim)
        hashes = geometry_hashes(self.shapes) if keyed else [None] * len(table.row_numbers)
        said = [self.said_places.get(row, digest) for row, digest in enumerate(hashes)]
        keys, by_geometry = row_keys(layer, table, clean, said, self.options.key) if keyed else ([], False)
        rows = self._good(range(len(table.row_numbers)))
        given = frozenset({*mapping.columns, *self.options.constants})
        if keyed:
            self.findings += doubled_keys(keys, table.row_numbers.tolist(), rows)
            rows = self._good(rows)
        return Batch(
            layer=layer,
            options=self.options,
            clean=clean,
            given=given,
            numbers=table.row_numbers,
            geometries=self.shapes,
            rows=rows,
            keys=keys,
            keyed_by_geometry=by_geometry,
            hashes=hashes,
            attribute_hashes=_by_row(attribute_hashes(clean, sorted(given), rows), rows) if keyed else {},
            first=not connection.scalar(select(exists().select_from(layer.model))),
            import_id=0,
            progress=self.progress,
        )

    def _good(self, rows: Sequence[int]) -> list[int]:
        wrong = rejected_rows(self.findings)
        numbers = self.table.row_numbers.tolist() if wrong else []
        return [row for row in rows if numbers[row] not in wrong] if wrong else list(rows)

    def _must_refuse(self, good: Sequence[int]) -> bool:
        """Tell whether errors keep everything out: those of rows do unless they are to be skipped and others remain."""
        if self.options.skip_rejected and good:
            return has_errors(finding for finding in self.findings if finding.row is None)
        return has_errors(self.findings)

    def _begin(self, connection: Connection) -> int:
        import_id: int = connection.execute(
            text("insert into import_run (layer, file, origin) values (:layer, :file, :origin) returning id"),
            {"layer": self.layer.key, "file": self.file, "origin": self.options.origin},
        ).scalar_one()
        return import_id

    def _store(self, connection: Connection, batch: Batch) -> ImportReport:
        import_id = self._begin(connection)
        stored = store(connection, replace(batch, import_id=import_id))
        self.findings += stored.findings
        rows = self._good(batch.rows)
        if self._must_refuse(rows):
            return self._report("refused", Stored(), rows)
        if stored.changed and self.layer.with_role(Role.PARENT) is not None:
            place_cases(connection)
        elif stored.changed and self.layer.is_target:
            place_cases_of_targets(connection)
        status = "imported" if stored.changed else "unchanged"
        report = self._report("dry-run" if self.options.dry_run else status, stored, rows)
        report = replace(report, number=import_id if report.status == "imported" else None)
        empty_staging(connection)
        connection.execute(
            text("update import_run set report = :report where id = :id"),
            {"report": Json(report.as_json()), "id": import_id},
        )
        return report

    def _report(self, status: str, stored: Stored, rows: Sequence[int]) -> ImportReport:
        rejected = self.table.rows_read - len(rows)
        rejected_file = None
        if self.options.rejected is not None and rejected_rows(self.findings):
            write_rejected(self.options.rejected, self.table, self.findings)
            rejected_file = str(self.options.rejected)
        shapes = self.shapes[np.array(rows, dtype=np.int64)] if len(rows) else np.array([], dtype=object)
        box = shapely.total_bounds(shapes).tolist() if len(shapes) else []
        return ImportReport(
            status=status,
            layer=self.layer.key,
            file=self.file,
            read=self.table.rows_read,
            accepted=len(rows),
            rejected=rejected,
            stored=stored,
            findings=sorted(
                map(self.names.told, self.findings),
                key=lambda finding: (finding.row is not None, not finding.is_error()),
            ),
            encoding=self.table.encoding,
            crs=self.table.crs,
            extent=(box[0], box[1], box[2], box[3]) if box and np.isfinite(box).all() else None,
            rejected_file=rejected_file,
            line_of=self.table.line_of,
            shapes=self.shapes,
            seconds=time.monotonic() - self.begun,
        )


EVENTS: Mapping[type[Base], Callable[[Connection, Batch], Stored]] = {
    Case: cases.store,
    Treatment: treatments.store,
    Work: works.store,
    Activity: activities.store,
    Letter: letters.store,
}
"""What happened, each kind stored in its own way."""


def store(connection: Connection, batch: Batch) -> Stored:
    """Store the rows of a batch by what the records of its layer are."""
    layer, numbers = batch.layer, batch.numbers.tolist()
    if layer.is_target:
        return store_targets(connection, batch)
    if layer.model in EVENTS:
        return EVENTS[layer.model](connection, batch)
    if layer.geometry is None:
        return _store_table(connection, batch)
    if issubclass(layer.model, Claim):
        shapes = batch.geometries
        return zones.store(connection, batch.clean, shapes, batch.rows, numbers, batch.options, batch.import_id)
    return store_features(connection, batch)


def _store_table(connection: Connection, batch: Batch) -> Stored:
    layer, clean, rows, numbers = batch.layer, batch.clean, batch.rows, batch.numbers.tolist()
    if layer is DUTY_ROSTER:
        return roster.store(connection, clean, rows, numbers, batch.options, batch.import_id)
    if layer.model is ClaimStretch:
        return lists.store(connection, clean, rows, numbers)
    return tables.store(connection, layer, clean, rows, numbers, batch.options, batch.import_id)


def places(layer: MapLayer, table: SourceTable, clean: CleanRows, system: str | None = None) -> NDArray[np.object_]:
    """Return the geometry of each row; where it has none, the point that its longitude and latitude say.

    These are WGS 84, unless ``system`` names the offset of a web map.
    """
    if not layer.places_by_coordinates:
        return table.geometry
    shapes = table.geometry.copy()
    said = np.array([clean.values["lon"], clean.values["lat"]], dtype=np.float64)
    missing = shapely.is_missing(shapes) & np.isfinite(said).all(axis=0)
    offset = None if system is None else offset_named(system)
    lon, lat = said[:, missing]
    shapes[missing] = shapely.points(*((lon, lat) if offset is None else OFFSETS[offset](lon, lat)))
    return shapes


def period_findings(layer: MapLayer, clean: CleanRows, numbers: Sequence[int]) -> list[Finding]:
    """Return an error for each row whose period ends before it begins."""
    begin, end = layer.with_role(Role.VALID_FROM), layer.with_role(Role.VALID_TO)
    if begin is None or end is None:
        return []
    return [
        Finding(
            Code.VALUE_INVALID,
            N_("The period ends before it begins; valid_to is the day after the last."),
            row=int(numbers[row]),
            field=end.name,
            value=str(last),
        )
        for row, (first, last) in enumerate(zip(clean.values[begin.name], clean.values[end.name], strict=True))
        if first is not None and last is not None and last <= first
    ]


def _by_row(values: Sequence[bytes], rows: Sequence[int]) -> dict[int, bytes]:
    return dict(zip(rows, values, strict=True))
