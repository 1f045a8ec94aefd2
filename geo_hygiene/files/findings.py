"""What is said about a foreign file: one finding for each thing that is wrong, doubtful or worth knowing.

A bad file is not an exception. Reading and importing collect findings, and the caller decides: with any error the file
is refused as a whole. The codes and their levels are public names; the sentences are translated when they are shown.
"""

import dataclasses
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, NamedTuple

from geo_hygiene.i18n import N_, _, ngettext

#: Findings of one code that are told one by one; the others are told as a number, so that an answer stays readable.
SHOWN_PER_CODE = 50
#: Characters of a foreign value that are repeated in a finding.
SHOWN_VALUE = 80
#: Characters of one that stands in the sentence itself: it may be a list of names.
SHOWN_IN_SENTENCE = 500
#: Control characters, and those that turn the direction of writing: a terminal obeys them, and jsonb refuses one.
_COMMANDS = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


class FindingLevel(StrEnum):
    """How much a finding weighs: an error refuses its row, or the file when it has none."""

    ERROR = "error"
    WARNING = "warning"
    INFORMATION = "information"


class Code(StrEnum):
    """The public names of the findings."""

    CRS_MISSING = "crs-missing"
    LOOKS_SWAPPED = "looks-swapped"
    LOOKS_PROJECTED = "looks-projected"
    LOOKS_GCJ02 = "looks-gcj02"
    OUTSIDE_EXTENT = "outside-extent"
    ENCODING_GUESSED = "encoding-guessed"
    GEOMETRY_TYPE = "geometry-type"
    GEOMETRY_EMPTY = "geometry-empty"
    GEOMETRY_INVALID = "geometry-invalid"
    NOT_FINITE = "not-finite"
    TOO_MANY_VERTICES = "too-many-vertices"
    DUPLICATE_KEY = "duplicate-key"
    DUPLICATE_FEATURE = "duplicate-feature"
    SLIVER = "sliver"
    NEAR_MISS = "near-miss"
    BORDER_LANE = "border-lane"
    FIELD_UNMAPPED = "field-unmapped"
    TEXT_CLEANED = "text-cleaned"
    LOOP_CUT = "loop-cut"
    VALUE_CUT = "value-cut"
    DATE_AMBIGUOUS = "date-ambiguous"
    UNKNOWN_CODE = "unknown-code"
    NO_TARGETS = "no-targets"
    FILE_UNREADABLE = "file-unreadable"
    FILE_ENCRYPTED = "file-encrypted"
    FILE_TYPE = "file-type"
    FILE_TOO_BIG = "file-too-big"
    ARCHIVE_UNSAFE = "archive-unsafe"
    CRS_INEXACT = "crs-inexact"
    FILE_INCOMPLETE = "file-incomplete"
    FIELD_RENAMED = "field-renamed"
    TEXT_UNDECODABLE = "text-undecodable"
    VALUE_MISSING = "value-missing"
    VALUE_INVALID = "value-invalid"
    OUTSIDE_WINDOW = "outside-window"
    OUTSIDE_AREA = "outside-area"
    STATUS_BACKWARDS = "status-backwards"
    DATE_ORDER = "date-order"
    PLACE_FROM_LANE = "place-from-lane"
    TOLD_OF = "told-of"


class Kind(NamedTuple):
    """The level of a code and the sentence that is told where the finder has no better one."""

    level: FindingLevel
    text: str


_E, _W, _I = FindingLevel.ERROR, FindingLevel.WARNING, FindingLevel.INFORMATION

KINDS: Mapping[Code, Kind] = {
    Code.CRS_MISSING: Kind(_E, N_("The file does not say in which coordinate system it is.")),
    Code.LOOKS_SWAPPED: Kind(_E, N_("Longitude and latitude look swapped.")),
    Code.LOOKS_PROJECTED: Kind(_E, N_("The coordinates look like metres, but the file says that they are degrees.")),
    Code.LOOKS_GCJ02: Kind(_W, N_("The coordinates look shifted as on public web maps of China (GCJ-02).")),
    Code.OUTSIDE_EXTENT: Kind(_E, N_("The place lies outside the area of the office.")),
    Code.ENCODING_GUESSED: Kind(_I, N_("The file does not say how its text is encoded.")),
    Code.GEOMETRY_TYPE: Kind(_E, N_("The geometry is not of the kind that the layer holds.")),
    Code.GEOMETRY_EMPTY: Kind(_E, N_("The row has no geometry.")),
    Code.GEOMETRY_INVALID: Kind(_E, N_("The geometry is not valid.")),
    Code.NOT_FINITE: Kind(_E, N_("A coordinate is not a number.")),
    Code.TOO_MANY_VERTICES: Kind(_E, N_("The geometry has too many vertices.")),
    Code.DUPLICATE_KEY: Kind(_E, N_("The key stands in an earlier row already.")),
    Code.DUPLICATE_FEATURE: Kind(_W, N_("The row has the same geometry as an earlier one.")),
    Code.SLIVER: Kind(_W, N_("The piece is very small.")),
    Code.NEAR_MISS: Kind(_W, N_("The end of the line almost touches another one.")),
    Code.BORDER_LANE: Kind(_W, N_("The lane runs along the border of two zones.")),
    Code.FIELD_UNMAPPED: Kind(_I, N_("No attribute of the layer; kept beside them.")),
    Code.TEXT_CLEANED: Kind(_I, N_("Control characters or needless spaces were taken out of the text.")),
    Code.LOOP_CUT: Kind(_I, N_("The closed line was cut.")),
    Code.VALUE_CUT: Kind(_W, N_("The value is too long and was cut.")),
    Code.DATE_AMBIGUOUS: Kind(_E, N_("The date can be read in more than one way.")),
    Code.UNKNOWN_CODE: Kind(_E, N_("The code is not known.")),
    Code.NO_TARGETS: Kind(_E, N_("The zone holds nothing that must be looked after.")),
    Code.FILE_UNREADABLE: Kind(_E, N_("The file can not be read.")),
    Code.FILE_ENCRYPTED: Kind(_E, N_("The file is encrypted.")),
    Code.FILE_TYPE: Kind(_E, N_("The content of the file is not what its name says.")),
    Code.FILE_TOO_BIG: Kind(_E, N_("The file is too big.")),
    Code.ARCHIVE_UNSAFE: Kind(_E, N_("The archive is not safe to open.")),
    Code.CRS_INEXACT: Kind(_W, N_("The coordinates can be brought to WGS 84 only roughly.")),
    Code.FILE_INCOMPLETE: Kind(_W, N_("A part of the file is missing.")),
    Code.FIELD_RENAMED: Kind(_I, N_("The field was given another name.")),
    Code.TEXT_UNDECODABLE: Kind(_E, N_("The text can not be decoded.")),
    Code.VALUE_MISSING: Kind(_E, N_("The field must not be empty.")),
    Code.VALUE_INVALID: Kind(_E, N_("The field can not hold this value.")),
    Code.OUTSIDE_WINDOW: Kind(_E, N_("The day lies outside the window of the campaign.")),
    Code.OUTSIDE_AREA: Kind(_E, N_("The place lies outside the areas of the campaign.")),
    Code.STATUS_BACKWARDS: Kind(_W, N_("The status of the case goes back.")),
    Code.PLACE_FROM_LANE: Kind(_I, N_("The place was found by lane and house number.")),
    Code.TOLD_OF: Kind(_E, N_("Letters, work or activities are told of a place that the file lacks.")),
    Code.DATE_ORDER: Kind(_I, N_("A date shows in which order day and month stand.")),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is said about a file.

    Parameters
    ----------
    code
        The public name of what was found.
    text
        The message as it stands in the catalogue, with `%(name)s` where a value goes; None: the sentence of the code.
    row
        Number of the feature in the file, from 1 in the order of the file; None when the whole file is meant.
    field
        Name of the field in the file.
    value
        The foreign value, as text.
    hint
        What the user can do, as it stands in the catalogue.
    values
        What goes into message and hint. A value is shown as it is, never translated.
    words
        What goes there too, as it stands in the catalogue: it is translated with the sentence.
    level
        None takes the level of the code.
    title
        What the field is called, as it stands in the catalogue, where the file has no column for it.
    record
        What the file calls the row: the number of a complaint.
    """

    code: Code
    text: str | None = None
    row: int | None = None
    field: str | None = None
    value: str | None = None
    hint: str | None = None
    values: Mapping[str, object] = dataclasses.field(default_factory=dict)
    level: FindingLevel | None = None
    words: Mapping[str, str] = dataclasses.field(default_factory=dict)
    title: str | None = None
    record: str | None = None

    def weight(self) -> FindingLevel:
        """Return the level that holds for this finding."""
        return self.level or KINDS[self.code].level

    def is_error(self) -> bool:
        """Tell whether the finding refuses its row or its file."""
        return self.weight() is FindingLevel.ERROR

    def message(self) -> str:
        """Return the sentence in the language of the user."""
        return self._filled(self.text or KINDS[self.code].text)

    def as_json(self) -> dict[str, Any]:
        """Return the public form: level, code, row, record, field, value, message, hint."""
        return {
            "level": str(self.weight()),
            "code": str(self.code),
            "row": self.row,
            "record": None if self.record is None else shorten(visible(self.record)),
            "field": None if self.field is None else visible(self.field),
            "value": None if self.value is None else shorten(visible(self.value)),
            "message": self.message(),
            "hint": None if self.hint is None else self._filled(self.hint),
        }

    def _filled(self, sentence: str) -> str:
        values = {name: _in_sentence(value) for name, value in self.values.items()}
        return visible(_(sentence) % {**values, **{name: _(word) for name, word in self.words.items()}})


def visible(text: str) -> str:
    """Return foreign text with its control characters shown by their codes."""
    return _COMMANDS.sub(lambda found: found.group().encode("unicode_escape").decode(), text)


def shorten(value: str, most: int = SHOWN_VALUE) -> str:
    """Return the value with at most so many characters."""
    return value if len(value) <= most else value[: most - 1] + "…"


def _in_sentence(value: object) -> object:
    return shorten(value, SHOWN_IN_SENTENCE) if isinstance(value, str) else value


def has_errors(findings: Iterable[Finding]) -> bool:
    """Tell whether any of the findings refuses the file."""
    return any(finding.is_error() for finding in findings)


def rejected_rows(findings: Iterable[Finding]) -> dict[int, list[Finding]]:
    """Return the errors of each refused row, by row number."""
    rows: dict[int, list[Finding]] = {}
    for finding in findings:
        if finding.row is not None and finding.is_error():
            rows.setdefault(finding.row, []).append(finding)
    return rows


def with_level(findings: Iterable[Finding], code: Code, level: FindingLevel) -> list[Finding]:
    """Return the findings, those of one code with another level."""
    return [replace(finding, level=level) if finding.code is code else finding for finding in findings]


def shown(findings: Iterable[Finding], *, per_code: int = SHOWN_PER_CODE) -> list[dict[str, Any]]:
    """Return the public form of the findings, those of one code only up to a number, and how many more there are.

    The order is that of the findings; the entry that counts the rest of a code comes at the end, without a row.
    """
    counts: Counter[tuple[Code, FindingLevel]] = Counter()
    answer: list[dict[str, Any]] = []
    for finding in findings:
        kind = (finding.code, finding.weight())
        counts[kind] += 1
        if counts[kind] <= per_code:
            answer.append(finding.as_json())
    return answer + list(_rest(counts, per_code))


def _rest(counts: Counter[tuple[Code, FindingLevel]], per_code: int) -> Iterator[dict[str, Any]]:
    for (code, level), count in counts.items():
        if count > per_code:
            more = count - per_code
            message = ngettext("%(count)s more row with this finding.", "%(count)s more rows with this finding.", more)
            yield {
                "level": str(level),
                "code": str(code),
                "row": None,
                "record": None,
                "field": None,
                "value": None,
                "message": message,
                "hint": None,
            }
