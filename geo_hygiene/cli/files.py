"""``geo-hygiene import`` and ``geo-hygiene layers``: files in, and what can come in."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

import click

from geo_hygiene.cli.context import Function, home_option, open_home, say
from geo_hygiene.cli.cover import Day
from geo_hygiene.coverage.duties import today
from geo_hygiene.features import describe_layers
from geo_hygiene.files.findings import SHOWN_PER_CODE, Code, Finding, FindingLevel, rejected_rows
from geo_hygiene.files.importing import STEP_TITLES, ImportOptions, ImportReport, import_file
from geo_hygiene.i18n import N_, _, ngettext
from geo_hygiene.keys import NUMBERS, key

REFUSED = 1
"""Exit code of a file that was not stored."""

SHOWN = {FindingLevel.ERROR: 20, FindingLevel.WARNING: 3, FindingLevel.INFORMATION: 3}
"""Sentences of one code that a terminal shows; the JSON answer has more, and every error has to be mended."""

ROWS_SHOWN = 3
"""Rows that a terminal names where several have the same finding."""

KEYS_SHOWN = 20
"""Records that the file lacks and that a terminal names."""

BAR = 24
"""Characters of the progress bar."""


class Pair(click.ParamType[tuple[str, str]]):
    """Two words joined by an equals sign."""

    name = "pair"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """Split at the first equals sign."""
        if isinstance(value, tuple):
            return value
        ours, sign, theirs = value.partition("=")
        if not sign or not ours:
            self.fail(_("“%(value)s” is not of the form FIELD=VALUE.", value=value), param, ctx)
        return ours.strip(), theirs.strip()


@click.command(
    name="layers",
    help=N_("List the layers and tables, how much they hold, and the fields that files can bring."),
    epilog=N_("Example: geo-hygiene layers --json"),
)
@home_option
@click.option("--json", "as_json", is_flag=True, help=N_("Print one JSON object."))
def layers(home: Path | None, *, as_json: bool) -> None:
    """Describe every layer of the home."""
    with open_home(home) as opened, opened.connections.connect() as connection:
        described = describe_layers(connection, today(connection))
    if as_json:
        click.echo(json.dumps(described, ensure_ascii=False))
        return
    for layer in described["layers"]:
        ways = ", ".join(word for word, can in ((_("in"), layer["import"]), (_("out"), layer["export"])) if can)
        click.echo(f"{layer['key']:<16} {layer['count']:>9,}  {ways:<8} {layer['title']}")
        click.echo("    " + " ".join(field["name"] for field in layer["fields"]))


OPTIONS = (
    home_option,
    click.option(
        "--crs",
        metavar="EPSG",
        help=N_(
            "Coordinate system of the file, as EPSG:4523, where it does not say; GCJ-02 or BD-09 for places of Chinese "
            "web maps, which are moved back."
        ),
    ),
    click.option("--encoding", metavar="NAME", help=N_("Encoding of the text, as GBK, where it does not say.")),
    click.option("--table", metavar="NAME", help=N_("Which table of a file that holds several.")),
    click.option(
        "--field",
        "fields",
        type=Pair(),
        multiple=True,
        metavar="FIELD=COLUMN",
        help=N_("Take one of our fields from this column."),
    ),
    click.option(
        "--set",
        "constants",
        type=Pair(),
        multiple=True,
        metavar="FIELD=VALUE",
        help=N_("Value of a field for the rows that say none."),
    ),
    click.option(
        "--key", metavar="FIELD", help=N_("Column that tells rows apart. [default: the layer's key, else the place]")
    ),
    click.option(
        "--date-order",
        type=click.Choice(["mdy", "dmy", "ymd"]),
        help=N_("Order of dates that end in their year. [default: what a day over 12 in the file shows]"),
    ),
    click.option("--skip-rejected", is_flag=True, help=N_("Store the good rows although others have errors.")),
    click.option(
        "--rejected",
        type=click.Path(dir_okay=False, path_type=Path),
        help=N_("Write the rows with errors to this CSV file."),
    ),
    click.option("--replace", is_flag=True, help=N_("End the records that the file lacks.")),
    click.option(
        "--correct",
        is_flag=True,
        help=N_("The file corrects mistakes: its values hold from the beginning of each record."),
    ),
    click.option("--anywhere", is_flag=True, help=N_("Accept places far from the offices.")),
    click.option("--dry-run", is_flag=True, help=N_("Tell what would happen and store nothing.")),
    click.option("--json", "as_json", is_flag=True, help=N_("Print one JSON object.")),
)
"""What a user can ask of any import."""


FIRST_DAY = N_("First day on which changes hold. [default: today]")


def import_options(day: str = FIRST_DAY) -> Callable[[Function], Function]:
    """Give a command the file to import and the options of every import; ``day`` is what its day means."""

    def give(function: Function) -> Function:
        for option in reversed((*OPTIONS, click.option("--from", "day", type=Day(), help=day))):
            function = option(function)
        return click.argument("file", type=click.Path(exists=True, path_type=Path))(function)

    return give


@click.command(
    name="import",
    help=N_(
        "Store the rows of a file in a layer: all of them, or nothing.\n\n"
        "FILE is a shapefile (.shp, its folder or a .zip), a GeoPackage, GeoJSON, or a CSV for tables. "
        "A newer file of the same layer changes what it names and leaves the rest."
    ),
    epilog=N_(
        "Examples: geo-hygiene import street-segments roads.zip --encoding GBK · "
        "geo-hygiene import areas communities.shp --set level=community --field name=SQMC · "
        "geo-hygiene import street-segments roads-2026.gpkg --key code --replace --from 2026-01-01"
    ),
)
@click.argument("layer")
@import_options()
@click.option("--duty", default="sweeping", help=N_("Duty of zones that name none. [default: sweeping]"))
def import_(layer: str, file: Path, home: Path | None, **asked: Any) -> None:
    """Import one file; exit code 1 when nothing was stored because of errors."""
    run_import(layer, file, home, **asked)


def run_import(
    layer: str,
    file: Path,
    home: Path | None,
    fields: Sequence[tuple[str, str]],
    constants: Sequence[tuple[str, str]],
    *,
    as_json: bool,
    **asked: Any,
) -> None:
    """Store a file, tell what happened, and end with exit code 1 when errors kept it out."""
    with open_home(home) as opened:
        folder = opened.settings.home
        options = ImportOptions(
            fields=dict(fields),
            constants=dict(constants),
            scratch=folder / "tmp",
            secret=partial(key, folder, NUMBERS),
            **asked,
        )
        with Bar() as bar:
            report = import_file(opened.connections, layer, file, options, bar)
    if as_json:
        click.echo(json.dumps(report.as_json(), ensure_ascii=False))
    _summarize(report, to_stderr=as_json)
    if report.refused:
        sys.exit(REFUSED)


class Bar:
    """The progress of an import as one line on a terminal; nothing where nobody watches."""

    def __init__(self) -> None:
        self._watched = sys.stderr.isatty()
        self._shown = ""

    def __enter__(self) -> Bar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._show("")

    def __call__(self, step: str, done: int, total: int | None) -> None:
        """Show a step and how far it is."""
        self.show(_(STEP_TITLES[step]), done, total)

    def show(self, title: str, done: int, total: int | None) -> None:
        """Show what is done and how far it is."""
        if total and done:
            full = min(BAR, BAR * done // total)
            self._show(f"[{'#' * full}{'-' * (BAR - full)}] {title} {min(done, total):,} / {total:,}")
        elif total:
            self._show(f"{title} ({total:,}) …")
        else:
            self._show(f"{title} …")

    def _show(self, line: str) -> None:
        if self._watched and line != self._shown:
            click.echo("\r\x1b[2K" + line, nl=False, err=True)
            self._shown = line


def _summarize(report: ImportReport, *, to_stderr: bool) -> None:
    """Tell in words what happened: the outcome as data, doubts and errors as messages."""
    answer = report.as_json()
    outcome = {
        "imported": _("Stored"),
        "refused": _("Refused: nothing was stored"),
        "dry-run": _("Tried: nothing was stored"),
        "unchanged": _("Unchanged"),
    }[report.status]
    lines = [f"{report.file} → {report.layer}: {outcome}", *_rows_and_records(report)]
    if answer["records"]["without_place"]:
        lines.append(_("  place     %(count)s without one", count=f"{answer['records']['without_place']:,}"))
    if answer["encoding"] and answer["encoding"]["used"]:
        lines.append(_("  encoding  %(used)s (from %(from)s)", **answer["encoding"]))
    if answer["crs"] and answer["crs"]["used"]:
        lines.append(_("  system    %(used)s (from %(from)s)", **answer["crs"]))
    if answer["length_m"] is not None:
        lines.append(_("  length    %(metres)s m", metres=f"{answer['length_m']:,.1f}"))
    if answer["split"] and answer["split"]["crossings"]:
        lines.append(_("  split     at %(crossings)s crossings into %(pieces)s pieces", **_grouped(answer["split"])))
    if answer["components"]:
        lines.append(_network(answer["components"]))
    lacking = answer["lacking"]
    if lacking["count"]:
        said = ngettext(
            "  lacking   %(count)s record is not in the file and stays: %(keys)s",
            "  lacking   %(count)s records are not in the file and stay: %(keys)s",
            lacking["count"],
            keys=", ".join(lacking["keys"][:KEYS_SHOWN]),
        )
        lines.append(said)
    if report.rejected_file:
        lines.append(_("  rejected  rows are in %(path)s", path=report.rejected_file))
    for line in lines:
        say(line, err=to_stderr)
    _tell_findings(report)


def _network(components: Mapping[str, int | None]) -> str:
    """Return of how many connected parts the lines are, and of how many they came where that is another number."""
    after, before = components["after"] or 0, components["before"]
    told = ngettext("  network   %(count)s connected part", "  network   %(count)s connected parts", after)
    return (
        told
        if before in (None, after)
        else _("%(network)s, %(before)s in the file", network=told, before=f"{before:,}")
    )


def _rows_and_records(report: ImportReport) -> list[str]:
    """Return the numbers: of a refused file, which made no record, how many of its rows are wrong."""
    if report.refused:
        wrong = len(rejected_rows(report.findings))
        counted = _grouped({"read": report.read, "wrong": wrong})
        return [_("  rows      %(read)s read, %(wrong)s with errors", **counted)] if report.read and wrong else []
    answer = report.as_json()
    return [
        _("  rows      %(read)s read, %(accepted)s accepted, %(rejected)s rejected", **_grouped(answer["rows"])),
        _(
            "  records   %(created)s created, %(updated)s updated, %(unchanged)s unchanged, %(ended)s ended",
            **_grouped(answer["records"]),
        ),
    ]


def _grouped(numbers: Mapping[str, Any]) -> dict[str, str]:
    return {name: "–" if number is None else f"{number:,}" for name, number in numbers.items()}


def _tell_findings(report: ImportReport) -> None:
    """Say what was found by level and code: one sentence for rows of which the same is said, a few of many."""
    words = {"error": _("error"), "warning": _("warning"), "information": _("note")}
    hinted: set[str | None] = {None}
    for (weight, code), sentences in _by_code(report.findings).items():
        head = f"{words[weight]} {code}"
        if len(sentences) > SHOWN[weight]:
            count = sum(map(len, sentences))
            told = ngettext(
                "%(count)s finding, such as these; --json tells up to %(most)s of a kind",
                "%(count)s findings, such as these; --json tells up to %(most)s of a kind",
                count,
                most=SHOWN_PER_CODE,
            )
            say(f"{head}: {told}", err=True)
            head = "  -"
        else:
            head += ":"
        _tell_sentences(head, sentences[: SHOWN[weight]], report, hinted)


def _tell_sentences(
    head: str, sentences: Sequence[Sequence[Finding]], report: ImportReport, hinted: set[str | None]
) -> None:
    """Say each sentence with its rows, and what can be done; of doubts that are alike this once, of each error."""
    for alike in sentences:
        finding, shown = alike[0], alike[0].as_json()
        fields = ", ".join(dict.fromkeys(_field_of(one) for one in alike))
        about = ", ".join(part for part in (_rows_of(alike, report), fields, shown["value"]) if part)
        say(f"{head} {about + ': ' if about else ''}{shown['message']}", err=True)
        hint = shown["hint"] if finding.is_error() else finding.hint
        if hint not in hinted:
            hinted.add(hint)
            say(f"    {shown['hint']}", err=True)


def _by_code(findings: Sequence[Finding]) -> Mapping[tuple[FindingLevel, Code], Sequence[Sequence[Finding]]]:
    """Return the findings that say the same by their level and code, in the order in which these come."""
    grouped: dict[tuple[FindingLevel, Code], list[Sequence[Finding]]] = {}
    for alike in _by_sentence(findings):
        grouped.setdefault((alike[0].weight(), alike[0].code), []).append(alike)
    return grouped


def _by_sentence(findings: Sequence[Finding]) -> Iterable[Sequence[Finding]]:
    """Return the findings by what they say, be it of several rows or of several whole columns."""
    alike: dict[object, list[Finding]] = {}
    for finding in findings:
        field = finding.field if finding.row is not None or finding.value is not None else bool(finding.field)
        sentence = finding.code, finding.weight(), finding.message(), finding.hint, finding.value, field
        alike.setdefault((sentence, finding.row is None), []).append(finding)
    return alike.values()


def _field_of(finding: Finding) -> str:
    """Return the heading of the file's own column, else what the field is called."""
    return _(finding.title) if finding.title else finding.as_json()["field"] or ""


def _rows_of(findings: Sequence[Finding], report: ImportReport) -> str:
    """Return which rows are meant: some of them, where they are many."""
    rows = [finding.row for finding in findings if finding.row is not None]
    if not rows:
        return ""
    if len(rows) == report.read > ROWS_SHOWN:
        return _("in all %(count)s rows", count=f"{len(rows):,}")
    shown = [_place_of(finding, report) for finding in findings[:ROWS_SHOWN]]
    more = len(rows) - len(shown)
    listed = ", ".join(shown)
    return _("%(rows)s and %(count)s more", rows=listed, count=f"{more:,}") if more else listed


def _place_of(finding: Finding, report: ImportReport) -> str:
    """Return the number of a row, and what else it goes by: the line of a spreadsheet, and its number in the file."""
    line, record = report.line_of(finding.row or 0), finding.as_json()["record"]
    also = [_("line %(line)s", line=line)] if line is not None else []
    also += [record] if record else []
    place = _("row %(row)s", row=finding.row)
    return f"{place} ({', '.join(also)})" if also else place
