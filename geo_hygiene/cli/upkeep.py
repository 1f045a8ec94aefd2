"""``geo-hygiene db backup``, ``db restore`` and ``db check``: a home saved, brought back, and looked over."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import click

from geo_hygiene.cli.columns import print_columns
from geo_hygiene.cli.context import home_option, load_settings, say, tell_watcher
from geo_hygiene.cli.cover import LABELS
from geo_hygiene.cli.ending import ending_gently
from geo_hygiene.cli.files import Bar
from geo_hygiene.cluster import Cluster
from geo_hygiene.cluster.errors import writing
from geo_hygiene.errors import GeoHygieneError
from geo_hygiene.i18n import N_, _, ngettext
from geo_hygiene.records.claims import DUTY_TITLES
from geo_hygiene.serve import Database, open_database, run_database
from geo_hygiene.settings import Settings
from geo_hygiene.upkeep.archive import Archive, read_archive
from geo_hygiene.upkeep.backup import Backup, snapshot, write_backup, write_keys
from geo_hygiene.upkeep.checks import Check, Difference, Ground, Result, run_checks
from geo_hygiene.upkeep.home import key_files, key_use
from geo_hygiene.upkeep.restore import Restored, refuse_newer, refuse_other_keys
from geo_hygiene.upkeep.restore import restore as restore_home

DIFFERENT = 1
"""Exit code of a check that found something, as of everything that is refused."""

STEPS = {
    "save": N_("Saving records"),
    "files": N_("Copying files"),
    "check": N_("Checking"),
    "verify": N_("Comparing the backup with its hashes"),
    "load": N_("Loading records"),
    "index": N_("Making indexes"),
    "compare": N_("Comparing the records with the backup"),
}
"""What the steps of a backup and a restore are called."""

FILE = click.Path(dir_okay=False, path_type=Path)


class HomeInUseError(GeoHygieneError):
    """Other commands use the home that is to be restored."""


class Steps(Bar):
    """How far a backup or a restore is, as one line on a terminal."""

    def __call__(self, step: str, done: int, total: int | None) -> None:
        """Show a step and how far it is."""
        self.show(_(STEPS[step]), done, total)


@click.command(
    help=N_(
        "Save the records and files of the home to FILE, while the program runs.\n\n"
        "The keys of the home are not in it. Save them with --keys to a place of their own."
    ),
    epilog=N_("Example: geo-hygiene db backup /media/disk/office-monday.zip --overwrite"),
)
@click.argument("file", metavar="FILE", type=FILE)
@home_option
@click.option("--keys", "key_file", type=FILE, metavar="KEYFILE", help=N_("Save the keys of the home to this file."))
@click.option("--overwrite", is_flag=True, help=N_("Replace files that are there."))
@click.option("--json", "as_json", is_flag=True, help=N_("Answer with one JSON object."))
def backup(file: Path, home: Path | None, key_file: Path | None, *, overwrite: bool, as_json: bool) -> None:
    """Write a backup, and say what is in it."""
    settings, begun = load_settings(home), time.monotonic()
    with ending_gently(), open_database(settings, tell_watcher) as database, Steps() as progress:
        saved = write_backup(file.absolute(), database.owner_url, settings.home, overwrite=overwrite, progress=progress)
    saved_keys = write_keys(key_file.absolute(), settings.home, overwrite=overwrite) if key_file else []
    seconds = time.monotonic() - begun
    if as_json:
        click.echo(json.dumps(_backup_as_json(saved, key_file, saved_keys, seconds), ensure_ascii=False))
    _tell_backup(saved, seconds)
    if saved_keys:
        say(_("The keys are in %(file)s: keep it apart from the backup.", file=key_file), err=True)
    elif key_files(settings.home):
        say(_("The keys of the home are not in it: save them with --keys KEYFILE to another place."), err=True)
    elif key_file:
        say(_("The home has no keys, and %(file)s was not written.", file=key_file), err=True)


def _backup_as_json(saved: Backup, key_file: Path | None, saved_keys: list[str], seconds: float) -> dict[str, Any]:
    return {
        "file": str(saved.path),
        "bytes": saved.path.stat().st_size,
        "rows": saved.rows,
        "seconds": round(seconds, 3),
        **{key: saved.manifest[key] for key in ("program", "migration", "made_at", "offices", "tables", "cover")},
        "different": [result.check.key for result in saved.results if result.status == "different"],
        "left_out": list(saved.left_out),
        "keys": {"file": str(key_file) if saved_keys else None, "names": saved_keys},
    }


def _tell_backup(saved: Backup, seconds: float) -> None:
    say(
        _(
            "Saved %(rows)s rows to %(file)s: %(megabytes)s MB in %(seconds)s s.",
            rows=f"{saved.rows:,}",
            file=saved.path,
            megabytes=f"{saved.path.stat().st_size / 1e6:,.1f}",
            seconds=f"{seconds:.1f}",
        ),
        err=True,
    )
    if saved.left_out:
        say(
            _("Left out, because they are not tables of this program: %(tables)s", tables=", ".join(saved.left_out)),
            err=True,
        )
    if any(result.status == "different" for result in saved.results):
        say(_("The backup is whole, but not all in the database is well: run `geo-hygiene db check`."), err=True)


@click.command(
    help=N_(
        "Bring the backup FILE into a home without records: everything in it, or nothing.\n\n"
        "Every byte of FILE is compared with its hashes first. Give --keys with the file of keys that was saved apart."
    ),
    epilog=N_("Example: geo-hygiene db restore office-monday.zip --home our-office-again"),
)
@click.argument("file", metavar="FILE", type=FILE)
@home_option
@click.option("--keys", "key_file", type=FILE, metavar="KEYFILE", help=N_("The keys that were saved apart."))
@click.option("--json", "as_json", is_flag=True, help=N_("Answer with one JSON object."))
@click.pass_context
def restore(ctx: click.Context, file: Path, home: Path | None, key_file: Path | None, *, as_json: bool) -> None:
    """Restore, and say what came back and what is missing."""
    settings, begun = load_settings(home), time.monotonic()
    with ending_gently(), Steps() as progress, _verified(file, key_file, progress) as (archive, keys):
        with _emptied(settings) as database:
            restored = restore_home(archive, database.owner_url, settings.home, keys=keys, progress=progress)
        manifest, seconds = archive.manifest, time.monotonic() - begun
    if as_json:
        click.echo(json.dumps(_restored_as_json(restored, manifest, settings, seconds), ensure_ascii=False))
    say(
        _("Restored the backup of %(made_at)s into %(home)s in %(seconds)s s:", **_told(manifest, settings, seconds)),
        err=True,
    )
    if not as_json:
        _print_cover(manifest["cover"])
    for name in restored.missing_keys:
        say(_("The key %(name)s is missing: %(use)s.", name=name, use=key_use(name)), err=True)
    for result in restored.results:
        _tell_result(result)
    if restored.differences:
        say(_("These figures are not those of the backup:"), err=True)
        _tell_differences(restored.differences)
        ctx.exit(DIFFERENT)


def _told(manifest: Mapping[str, Any], settings: Settings, seconds: float) -> dict[str, str]:
    return {"made_at": manifest["made_at"], "home": str(settings.home), "seconds": f"{seconds:.1f}"}


@contextmanager
def _verified(file: Path, key_file: Path | None, progress: Bar) -> Iterator[tuple[Archive, Archive | None]]:
    """Give the backup and the keys, each compared with all its hashes and known to this program."""
    with read_archive(file, "backup") as archive:
        _verify(archive, progress)
        refuse_newer(archive)
        if key_file is None:
            yield archive, None
            return
        with read_archive(key_file, "keys") as keys:
            keys.verify()
            refuse_other_keys(archive, keys)
            yield archive, keys


def _verify(archive: Archive, progress: Bar) -> None:
    done, total = 0, archive.content_bytes // 1_000_000

    def count(more: int) -> None:
        nonlocal done
        done += more
        progress("verify", done // 1_000_000, total)

    archive.verify(count)


@contextmanager
def _emptied(settings: Settings) -> Iterator[Database]:
    """Give the database of a home that nobody else uses."""
    if settings.database_url is None and (cluster := Cluster(settings.home)).status().in_use:
        raise HomeInUseError(
            _("Other commands use %(home)s: end them, or choose a new home with --home.", home=cluster.home)
        )
    with writing(settings.home):
        settings.home.mkdir(parents=True, exist_ok=True)
    with run_database(settings, tell_watcher) as database:
        yield database


def _restored_as_json(
    restored: Restored, manifest: Mapping[str, Any], settings: Settings, seconds: float
) -> dict[str, Any]:
    return {
        "home": str(settings.home),
        "seconds": round(seconds, 3),
        **{key: manifest[key] for key in ("program", "migration", "made_at", "offices", "tables", "cover")},
        "missing_keys": list(restored.missing_keys),
        "checks": [result.as_json() for result in restored.results],
        "differences": [vars(one) for one in restored.differences],
    }


@click.command(
    help=N_(
        "Check that everything in the home is as it should be: sums, lengths, references, rights, "
        "settings, room, and the age of the newest backup.\n\n"
        "Exit code 1 says that something is not. --thorough works out every kept figure again. With --backup, check "
        "a file instead."
    ),
    epilog=N_("Example: geo-hygiene db check --thorough --home our-office"),
)
@home_option
@click.option("--thorough", is_flag=True, help=N_("Work out every kept figure again, and try every rule."))
@click.option("--backup", "file", type=FILE, metavar="FILE", help=N_("Compare a backup with its hashes instead."))
@click.option("--json", "as_json", is_flag=True, help=N_("Answer with one JSON object."))
@click.pass_context
def check(ctx: click.Context, home: Path | None, file: Path | None, *, thorough: bool, as_json: bool) -> None:
    """Make the checks and tell what they found."""
    if file is not None:
        _check_backup(file, as_json=as_json)
        return
    settings = load_settings(home)
    with ExitStack() as stack:
        stack.enter_context(ending_gently())
        database = stack.enter_context(open_database(settings, tell_watcher))
        bar = stack.enter_context(Steps())
        connection = stack.enter_context(snapshot(database.owner_url))
        ground = Ground(connection, settings.home, database.cluster.folder if database.cluster else None)

        def tell(one: Check, done: int, total: int) -> None:
            bar.show(_(one.title), done, total)

        results = list(run_checks(ground, thorough=thorough, tell=tell))
    is_good = all(result.status != "different" for result in results)
    if as_json:
        status = "good" if is_good else "different"
        answer = {"status": status, "thorough": thorough, "checks": [result.as_json() for result in results]}
        click.echo(json.dumps(answer, ensure_ascii=False))
    else:
        _print_results(results)
    if not is_good:
        ctx.exit(DIFFERENT)


def _check_backup(file: Path, *, as_json: bool) -> None:
    with ending_gently(), Steps() as progress, read_archive(file, "backup") as archive:
        _verify(archive, progress)
        manifest = archive.manifest
    if as_json:
        click.echo(json.dumps({"status": "good", "file": str(file), **manifest}, ensure_ascii=False))
        return
    say(
        _(
            "%(file)s is whole: made at %(made_at)s by version %(version)s (schema %(schema)s, PostgreSQL %(server)s).",
            file=file,
            made_at=manifest["made_at"],
            version=manifest["program"],
            schema=manifest["migration"],
            server=manifest["postgresql"],
        )
    )
    for office in manifest["offices"]:
        say(f"  {office['code'] or '–'}  {office['name'] or ''}")
    _print_cover(manifest["cover"])


def _print_cover(rows: Iterable[Mapping[str, Any]]) -> None:
    head = ("", _("Day"), *map(_, LABELS.values()))
    written = [
        (_(DUTY_TITLES.get(row["duty"], row["duty"])), row["on"], *(f"{row[key]:,}" for key in LABELS)) for row in rows
    ]
    print_columns([head, *written], texts=2, indent="  ")


def _print_results(results: Iterable[Result]) -> None:
    signs = {"good": _("good"), "warning": _("mind"), "different": _("WRONG")}
    listed = list(results)
    print_columns([(signs[result.status], _(result.check.title)) for result in listed], texts=2)
    for result in listed:
        _tell_result(result)


def _tell_result(result: Result) -> None:
    """Tell what a check found and what to do, on stderr."""
    if not result.found.count:
        return
    say(f"\n{_(result.check.title)}", err=True)
    said = ngettext("%(count)s difference:", "%(count)s differences:", result.found.count)
    if result.status == "different":
        say(said, err=True)
    _tell_differences(result.found.differences)
    say(_(result.check.advice), err=True)


def _tell_differences(differences: Iterable[Difference]) -> None:
    for one in differences:
        parts = [one.place]
        if one.found is not None:
            parts.append(one.found)
        if one.expected is not None:
            parts.append(_("should be %(expected)s", expected=one.expected))
        say(f"  {'  '.join(parts)}", err=True)
