"""``geo-hygiene report``: what a year comes to, each figure with its records."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

import click
from sqlalchemy import Connection

from geo_hygiene.cli.columns import print_columns
from geo_hygiene.cli.context import home_option, open_home, say
from geo_hygiene.files.writing.completing import completing
from geo_hygiene.i18n import N_, _, current_locale, negotiate, use_locale
from geo_hygiene.reports.annual import FIGURES, Report, answer, write_report
from geo_hygiene.reports.annual.writing import Writer, with_unit
from geo_hygiene.serve import address_told

DOCUMENTS = (".docx", ".pdf")
FIRST_YEAR, LAST_YEAR = 1901, 2198


@click.group(help=N_("Write what an office did in a year, each figure with its definition and its records."))
def report() -> None:
    """Hold the subcommands."""


@report.command(
    help=N_(
        "Write the annual report of a year to FILE: .docx, .pdf, .xlsx, .md or .json; without a file it is shown. A "
        "file that is there is replaced."
    ),
    epilog=N_("Example: geo-hygiene report annual 2025 report.xlsx --within C01"),
)
@click.argument("year", type=click.IntRange(FIRST_YEAR, LAST_YEAR))
@click.argument("file", type=click.Path(path_type=Path), required=False)
@home_option
@click.option("--within", metavar="CODE", help=N_("Only what an office, community or resident group did."))
@click.option("--address", metavar="URL", help=N_("Under which people open the pages, for the links."))
@click.option(
    "--template",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help=N_(
        "A Word template for .docx and .pdf instead of the one that the office keeps; “report template” writes one."
    ),
)
@click.option("--json", "as_json", is_flag=True, help=N_("Print one JSON object."))
def annual(
    year: int,
    file: Path | None,
    home: Path | None,
    within: str | None,
    address: str | None,
    template: Path | None,
    *,
    as_json: bool,
) -> None:
    """Answer every figure of one state of the data."""
    is_document = file is not None and file.suffix.lower() in DOCUMENTS
    if template is not None and not is_document:
        raise click.UsageError(_("A template is for files that end in .docx or .pdf."))
    ours = None if template is None else _read(template)
    with (
        open_home(home) as opened,
        opened.connections.execution_options(isolation_level="REPEATABLE READ").connect() as connection,
        click.progressbar(
            length=len(FIGURES), label=_("Figures"), file=sys.stderr, hidden=not sys.stderr.isatty()
        ) as bar,
    ):
        found = answer(connection, year, within, progress=lambda done, _total: bar.update(done - bar.pos))
        settings = opened.settings
        writers: Mapping[str, Writer] = {}
        if is_document:
            writers = _documents(connection, found, ours)
    if file is not None:
        base = address or address_told(settings, settings.port, is_https=settings.is_https)
        write_report(found, file, base.rstrip("/"), writers)
        say(_("Wrote the annual report to %(file)s.", file=file), err=True)
    if as_json:
        click.echo(json.dumps(found.as_json(), ensure_ascii=False))
    elif file is None:
        _show(found)


def _documents(connection: Connection, found: Report, template: bytes | None) -> Mapping[str, Writer]:
    """Return what writes documents, from a template that was given, else from the one that the office keeps."""
    from geo_hygiene.reports.annual.kept import template_of  # noqa: PLC0415 - maps take long to begin with
    from geo_hygiene.reports.annual.pictures import draw  # noqa: PLC0415 - as above
    from geo_hygiene.reports.annual.printing import document_writers  # noqa: PLC0415 - as above

    return document_writers(draw(connection, found), template or template_of(connection, current_locale()))


def _read(template: Path) -> bytes:
    """Return a template that can be filled; one that can not is refused before the figures are asked for."""
    from geo_hygiene.reports.annual.template import read_template  # noqa: PLC0415 - maps take long to begin with

    content = template.read_bytes()
    read_template(content)
    return content


@report.command(
    help=N_("Write the Word template of the annual report to FILE.docx, to be edited and given to “report annual”."),
    epilog=N_("Example: geo-hygiene report template ours.docx --language zh_CN"),
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--language", metavar="TAG", help=N_("Its language, such as en or zh_CN; else the one that is spoken."))
def template(file: Path, language: str | None) -> None:
    """Write the program's own template."""
    from geo_hygiene.reports.annual.outline import default_template  # noqa: PLC0415 - Word takes long to begin with

    if language is not None:
        use_locale(negotiate(language))
    with completing(file) as folder:
        (folder / file.name).write_bytes(default_template())
    say(_("Wrote the template to %(file)s.", file=file), err=True)


def _show(found: Report) -> None:
    say(_("Annual report %(year)s of %(office)s", year=found.year, office=found.office))
    head = (_("Figure"), _("Value"), _("Year before"), _("Records"))
    rows = [
        (one.title, with_unit(one.value, one.unit), with_unit(one.previous, one.unit), f"{one.records:,}")
        for one in found.figures
    ]
    print_columns([head, *rows], texts=1, indent="  ")
