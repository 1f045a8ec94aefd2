"""Read a foreign file in a process of its own, which has few rights and dies with this one."""

import errno
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import geo_hygiene
from geo_hygiene.files.findings import Code, Finding
from geo_hygiene.files.reading import drivers
from geo_hygiene.files.reading.foreign import FAR_CELL_HINT
from geo_hygiene.files.reading.limits import COMMAND_LINE, MEBIBYTE, Limits
from geo_hygiene.files.reading.locate import Located, RefusedError, locate
from geo_hygiene.files.reading.sink import read_back
from geo_hygiene.files.reading.table import SourceTable, no_rows, refused_table
from geo_hygiene.files.scratch import private_folder
from geo_hygiene.i18n import N_

Progress = Callable[[int, int | None], None]

_GUARD = Path(__file__).with_name("guard.py")
_PACKAGE = Path(geo_hygiene.__file__).parent
#: Exit codes of the reading process (`child`).
_OUT_OF_MEMORY, _OUT_OF_BOUNDS, _OUT_OF_DISK = 12, 13, 14
#: Last words of the reading process where a library could get no memory; the first are those of the sheets' reader,
#: which makes room for all cells between the first and the last one.
_NO_MEMORY_FOR_A_SHEET = "memory allocation of"
_NO_MEMORY = (_NO_MEMORY_FOR_A_SHEET, "MemoryError", "bad_alloc", "realloc of size")
_CLOCK_TO_PROCESSOR = 3
_FAMILIES = (None, "any", "point", "line", "polygon")


class ReaderFaultError(RuntimeError):
    """The reading process broke down in a way that no file should cause: a fault of the program."""


def read(
    path: Path,
    *,
    crs: str | None = None,
    encoding: str | None = None,
    layer: str | None = None,
    table: str | None = None,
    extent: tuple[float, float, float, float] | None = None,
    needs_shapes: bool = True,
    limits: Limits = COMMAND_LINE,
    scratch: Path | None = None,
    progress: Progress | None = None,
) -> SourceTable:
    """Return the rows of a foreign file, brought to EPSG:4326, and everything that was found.

    The file is opened in a child process without network and with the rights to read that file alone. A file that can
    not be read is not an exception: the table is then not complete, has no rows, and a finding says why. Nothing is
    repaired: rows with an error carry a finding, and the caller decides.

    Parameters
    ----------
    path
        A .shp, a folder that holds one, a .zip of a shapefile, GeoPackage or GeoJSON, a .gpkg, .geojson or .json; a
        .csv, .txt, .xlsx, .xls, .ods or .et for tables.
    crs
        The coordinate system, as `EPSG:4523`; else what the file says.
    encoding
        The encoding of the text; else what the file says, as far as its text agrees.
    layer
        Family of geometries that are wanted: point, line, polygon or any; None takes all, and a table
        without geometry.
    table
        Name of the layer in a GeoPackage or archive, or of the sheet in a workbook, that holds several.
    extent
        West, south, east, north of what is stored already, EPSG:4326; sharpens the guesses.
    needs_shapes
        Whether a row without geometry is an error; a duty zone can do without, since its list is what counts, and a
        case or treatment whose row holds longitude and latitude.
    limits
        What the file may cost.
    scratch
        Folder for private files of imports, such as the home's `tmp`; else one in the system's folder for them.
    progress
        Is called with the rows that were read and how many there are, if that is known.

    Raises
    ------
    ReaderFaultError
        If the reading process failed by a fault of its own.
    """
    if layer not in _FAMILIES:
        raise ValueError(f"layer must be point, line, polygon, any or None, not {layer!r}")
    try:
        located = locate(Path(path))
        _check_rights(located)
    except RefusedError as refusal:
        return refused_table(Path(path).name, refusal.finding)
    except PermissionError as problem:
        name = Path(str(problem.filename)).name
        text = N_("This user may not read %(name)s.")
        return refused_table(Path(path).name, Finding(Code.FILE_UNREADABLE, text, values={"name": name}))
    with private_folder(scratch) as folder:
        job = {
            "parent": os.getpid(),
            "limits": asdict(limits),
            "scratch": str(folder),
            "program": [str(_PACKAGE)],
            "path": [str(_PACKAGE.parent)],
            "sources": [str(file.resolve()) for file in located.parts.values()],
            "ending": located.ending,
            "name": located.name,
            "parts": {part: str(file.resolve()) for part, file in located.parts.items()},
            "crs": crs,
            "encoding": encoding,
            "family": layer,
            "table": table,
            "needs_shapes": needs_shapes,
            "extent": extent,
        }
        return _read_in_child(job, located, folder, limits, progress)


def _check_rights(located: Located) -> None:
    """Raise `PermissionError` where this user may not read a part: the reading process could not tell why."""
    for file in located.parts.values():
        if not os.access(file, os.R_OK, effective_ids=True):
            raise PermissionError(errno.EACCES, "", str(file))


def _read_in_child(
    job: dict[str, Any], located: Located, folder: Path, limits: Limits, progress: Progress | None
) -> SourceTable:
    log = folder / "stderr"
    with log.open("wb") as errors:
        child = subprocess.Popen(  # noqa: S603 - this interpreter, a file of this package
            [sys.executable, "-I", "-X", "utf8", str(_GUARD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=folder,
            env=_environment(folder),
            start_new_session=True,
        )
        try:
            _follow(child, job, limits, progress)
        finally:
            # Reached by Ctrl-C too: nothing goes on reading, and the folder can go.
            child.kill()
            child.wait()
    if child.returncode == 0 and (folder / "result.json").exists():
        return _table(folder)
    return refused_table(located.name, _why(child.returncode, log, limits))


def _environment(folder: Path) -> dict[str, str]:
    return {
        "PATH": os.defpath,
        "LC_ALL": "C.UTF-8",
        "TMPDIR": str(folder),
        "HOME": str(folder),
        # Threads cost address space, which is bounded.
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "1",
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        **drivers.environment(),
    }


def _follow(child: "subprocess.Popen[bytes]", job: dict[str, Any], limits: Limits, progress: Progress | None) -> None:
    """Hand over the job, pass the progress on, and stop the child when its time is over."""
    assert child.stdin is not None and child.stdout is not None  # noqa: S101, PT018 - both are pipes
    alarm = threading.Timer(limits.seconds * _CLOCK_TO_PROCESSOR, child.send_signal, (signal.SIGXCPU,))
    alarm.daemon = True
    alarm.start()
    try:
        with child.stdout:
            try:
                with child.stdin:
                    child.stdin.write(json.dumps(job).encode())
            except BrokenPipeError:
                pass
            for line in child.stdout:
                if progress is not None:
                    told = json.loads(line)
                    progress(told["rows"], told["of"])
        child.wait()
    finally:
        alarm.cancel()


def _table(folder: Path) -> SourceTable:
    answer = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    findings = [Finding(**{**finding, "code": Code(finding["code"])}) for finding in answer.pop("findings")]
    rows, wkb, numbers = read_back(folder / "rows.arrow") if answer["complete"] else no_rows()
    return SourceTable(rows=rows, wkb=wkb, row_numbers=numbers, findings=findings, **answer)


def _why(code: int, log: Path, limits: Limits) -> Finding:
    """Return what the end of the child says of the file.

    Raises
    ------
    ReaderFaultError
        If it is the program's fault.
    """
    told = log.read_text(encoding="utf-8", errors="replace")[-4000:]
    memory = f"{limits.memory / MEBIBYTE:.0f}"
    hint = N_("Split the file, or bring it as a GeoPackage.")
    if code in {-signal.SIGXCPU, -signal.SIGKILL}:
        text = N_("The file was not read within the %(seconds)s seconds that it may take.")
        return Finding(Code.FILE_TOO_BIG, text, hint=hint, values={"seconds": limits.seconds})
    if code == _OUT_OF_MEMORY or any(words in told for words in _NO_MEMORY):
        text = N_("The file needs more than the %(memory)s MB of memory that it may take.")
        hint = FAR_CELL_HINT if _NO_MEMORY_FOR_A_SHEET in told else hint
        return Finding(Code.FILE_TOO_BIG, text, hint=hint, values={"memory": memory})
    if code in {_OUT_OF_BOUNDS, -signal.SIGXFSZ}:
        return Finding(Code.FILE_TOO_BIG, N_("The file takes more room on the disk than it may."), hint=hint)
    if code == _OUT_OF_DISK:
        return Finding(Code.FILE_TOO_BIG, N_("The disk is full; the file needs room there while it is read."))
    if code in {-signal.SIGSEGV, -signal.SIGABRT, -signal.SIGBUS}:
        return Finding(Code.FILE_UNREADABLE, N_("The file is damaged in a way that stops every reader."))
    raise ReaderFaultError(f"the reading process ended with {code}: {told}")
