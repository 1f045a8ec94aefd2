"""Files that appear when they are complete; no format is known here."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from geo_hygiene.files.scratch import private_folder
from geo_hygiene.files.writing.rows import ExportError
from geo_hygiene.i18n import _

#: Indexes of another program that describe the file that was there before.
_STALE = (".sbn", ".sbx", ".qix", ".idx", ".ind", ".fbn", ".fbx", ".cpg")


@contextmanager
def completing(path: Path) -> Iterator[Path]:
    """Give a folder in which a file is written, and what belongs to it; they take their places when they are complete.

    Raises
    ------
    ExportError
        If it can not be written.
    """
    if path.is_dir():
        raise ExportError(_("%(path)s is a folder; name a file.", path=path))
    if not path.absolute().parent.is_dir():
        raise ExportError(_("There is no folder %(path)s.", path=path.absolute().parent))
    try:
        with private_folder(path.absolute().parent) as folder:
            yield folder
            _move(folder, path)
    except OSError as problem:
        raise unwritable(path, problem) from problem


def unwritable(path: Path, problem: Exception) -> ExportError:
    """Return what is said of a file that can not be written."""
    return ExportError(_("%(path)s can not be written: %(problem)s", path=path, problem=_said(problem)))


def _move(folder: Path, path: Path) -> None:
    """Put the finished files into their place, the one that was asked for last."""
    written = sorted(folder.iterdir(), key=lambda file: file.name == path.name)
    kept = {file.suffix.lower() for file in written}
    if path.suffix.lower() == ".shp":
        for ending in _STALE:
            if ending not in kept:
                path.with_suffix(ending).unlink(missing_ok=True)
    for file in written:
        file.replace(path.parent / file.name)


def _said(problem: Exception) -> str:
    if isinstance(problem, OSError) and problem.errno == errno.ENOSPC:
        return _("the disk is full")
    return problem.strerror if isinstance(problem, OSError) and problem.strerror else str(problem)
