"""Read a case with the functions of the reading process, and judge what they say of it.

The reading process itself gives up its rights first; whoever calls this does so too, or trusts the case.
"""

from __future__ import annotations

import errno
import io
import json
import shutil
import sys
import tempfile
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from faults.cases import Case, Outcome
from geo_hygiene.files.findings import Code, Finding
from geo_hygiene.files.reading.child import Reading
from geo_hygiene.files.reading.limits import COMMAND_LINE, Limits
from geo_hygiene.files.reading.locate import Located, RefusedError, locate
from geo_hygiene.files.reading.sink import read_back

LONGEST_MESSAGE = 3000
"""Characters of a finding: the foreign text in it is shortened."""


def examine(case: Case, root: Path, limits: Limits = COMMAND_LINE) -> Outcome:
    """Read a case in a new folder below `root`, and tell what came of it."""
    folder = Path(tempfile.mkdtemp(dir=root))
    source, scratch = folder / "source", folder / "scratch"
    source.mkdir()
    scratch.mkdir()
    try:
        return _examine(case, source, scratch, limits)
    except MemoryError:
        # The reading process ends with a word for it, and the file is refused as too big.
        return Outcome(accepted=False, codes=frozenset({str(Code.FILE_TOO_BIG)}))
    except OSError as problem:
        if problem.errno in {errno.EFBIG, errno.ENOSPC}:
            return Outcome(accepted=False, codes=frozenset({str(Code.FILE_TOO_BIG)}))
        return Outcome(accepted=False, wrong=traceback.format_exc())
    except BaseException as problem:  # a panic of a library in Rust is no Exception
        if isinstance(problem, KeyboardInterrupt | SystemExit):
            raise
        return Outcome(accepted=False, wrong=traceback.format_exc())
    finally:
        shutil.rmtree(folder)


def _examine(case: Case, source: Path, scratch: Path, limits: Limits) -> Outcome:
    try:
        located = locate(case.write(source))
    except RefusedError as refusal:
        return Outcome(accepted=False, codes=frozenset({str(refusal.finding.code)}), wrong=_silent([refusal.finding]))
    reading = Reading(_job(case, located, limits), scratch)
    try:
        reading.read()
    except RefusedError as refusal:
        reading.notes.add(refusal.finding)
    answer = json.loads(json.dumps(reading.answer()))
    findings = [Finding(**{**finding, "code": Code(finding["code"])}) for finding in answer["findings"]]
    errors = frozenset(str(finding.code) for finding in findings if finding.is_error())
    if not answer["complete"]:
        return Outcome(accepted=False, codes=errors, wrong=None if errors else "refused without a word")
    refused = any(finding.is_error() and finding.row is None for finding in findings)
    wrong = _silent(findings) or (None if refused else _not_storable(scratch / "rows.arrow", findings))
    return Outcome(accepted=not refused, codes=errors, wrong=wrong)


def _job(case: Case, located: Located, limits: Limits) -> dict[str, Any]:
    return {
        "limits": asdict(limits),
        "ending": located.ending,
        "name": located.name,
        "parts": {part: str(file.resolve()) for part, file in located.parts.items()},
        "crs": case.crs,
        "encoding": case.encoding,
        "family": case.family,
        "table": case.table,
        "needs_shapes": case.needs_shapes,
        "extent": case.extent,
    }


def _silent(findings: list[Finding]) -> str | None:
    """Return the finding that says nothing, or too much, if there is one."""
    for finding in findings:
        told = finding.as_json()
        if not told["message"] or len(told["message"]) > LONGEST_MESSAGE:
            return f"a finding without a readable message: {json.dumps(told)[:LONGEST_MESSAGE]}"
    return None


def _not_storable(path: Path, findings: list[Finding]) -> str | None:
    """Return what a row without an error holds that must not be stored, if there is one."""
    attributes, wkb, numbers = read_back(path)
    rejected = {finding.row for finding in findings if finding.is_error()}
    good = np.array([number not in rejected for number in numbers.tolist()], dtype=bool)
    shapes = shapely.from_wkb(wkb.to_numpy(zero_copy_only=False))[good]
    if len(attributes) and len(attributes) != len(numbers):
        return f"{len(attributes)} rows of attributes for {len(numbers)} rows"
    for name in attributes.column_names:
        attributes.column(name).to_pylist()
    shapes = shapes[~shapely.is_missing(shapes)]
    if not shapely.is_valid(shapes).all():
        return "a geometry that is not valid was accepted"
    bounds = shapely.bounds(shapes[~shapely.is_empty(shapes)])
    if not np.isfinite(bounds).all():
        return "a coordinate that is not finite was accepted"
    reach = np.abs(bounds).max(axis=0) if len(bounds) else np.zeros(4)
    if (reach > np.array([180, 90, 180, 90]) + 1e-6).any():
        return f"a place off the earth was accepted: {reach.tolist()}"
    return None


class Nowhere(io.TextIOBase):
    """Takes what is written, and keeps nothing of it."""

    def write(self, text: str) -> int:
        """Pass over a text."""
        return len(text)


def quiet() -> None:
    """Send the progress of readings, which goes to standard output, nowhere."""
    sys.stdout = Nowhere()
