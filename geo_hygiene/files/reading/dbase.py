"""Read a dbf table byte by byte: nothing is decoded before the encoding is known, and nothing is replaced.

Layout: https://www.clicketyclick.dk/databases/xbase/format/dbf.html. A record begins with its deletion flag.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from geo_hygiene.files.findings import Code, Finding
from geo_hygiene.files.reading.encodings import Trial, decode
from geo_hygiene.files.reading.locate import refuse
from geo_hygiene.files.reading.sources import FieldNames
from geo_hygiene.i18n import N_

_HEADER = 32
_DELETED = ord("*")
_CHUNK_BYTES = 16 * 1024 * 1024
_TEXT = "C"
_NUMBERS = "NF"
_NAME_BYTES = 10
#: Memo, picture and general fields point into another file, which is not read.
_ELSEWHERE = "MGBP"
_EMPTY_DATES = ("", "00000000", "0")


@dataclass(frozen=True)
class Field:
    """One field of the table: its name as bytes, its type letter and where it stands in a record."""

    raw_name: bytes
    type: str
    begin: int
    width: int
    decimals: int
    arrow: pa.DataType
    name: str = ""


@dataclass(frozen=True)
class Table:
    """The structure of a dbf file."""

    path: Path
    rows: int
    header: int
    record: int
    language_id: int
    fields: tuple[Field, ...]

    def chunks(self) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """Yield the number of rows before, and the bytes of some records, shape (records, bytes of a record)."""
        step = max(1, _CHUNK_BYTES // self.record)
        for begin in range(0, self.rows, step):
            yield begin, self.records(begin, min(begin + step, self.rows))

    def records(self, begin: int, end: int) -> NDArray[np.uint8]:
        """Return the bytes of the records from `begin` to before `end`, counted from 0."""
        count = end - begin
        content = np.fromfile(self.path, np.uint8, count=count * self.record, offset=self.header + begin * self.record)
        return content.reshape(count, self.record)


def open_table(path: Path) -> Table:
    """Return the structure of a dbf file.

    Raises
    ------
    RefusedError
        If the header makes no sense, or the file ends before its last record.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(_HEADER)
        rows, header, record = struct.unpack("<IHH", start[4:12]) if len(start) == _HEADER else (0, 0, 0)
        if header <= _HEADER or record < 1 or header > size:
            raise _broken(path)
        descriptors = file.read(header - _HEADER)
    fields = _fields(descriptors, record)
    if fields is None:
        raise _broken(path)
    if (size - header) // record < rows:
        at = (size - header) // record + 1
        raise refuse(
            Code.FILE_UNREADABLE,
            N_("The attribute table ends in row %(at)s of %(rows)s."),
            hint=N_("The file was not copied whole; get it again."),
            row=at,
            at=at,
            rows=rows,
        )
    return Table(path, rows, header, record, start[29], fields)


def _broken(path: Path) -> Exception:
    return refuse(
        Code.FILE_UNREADABLE,
        N_("The attribute table %(name)s is damaged."),
        hint=N_("Without the .dbf the shapes can be imported alone."),
        name=path.name,
    )


def _fields(descriptors: bytes, record: int) -> tuple[Field, ...] | None:
    """Return the fields, or None when they do not fit the length of a record."""
    # Some writers put the upper byte of a long text's width where other types have their decimals.
    for long_text in (False, True):
        fields: list[Field] = []
        begin = 1
        for at in range(0, len(descriptors) - _HEADER + 1, _HEADER):
            entry = descriptors[at : at + _HEADER]
            if entry[0] in b"\r\x00":
                break
            letter, width, decimals = chr(entry[11]), entry[16], entry[17]
            if long_text and letter == _TEXT:
                width, decimals = width + 256 * decimals, 0
            fields.append(Field(entry[:11].split(b"\0")[0], letter, begin, width, decimals, pa.string()))
            begin += width
        if begin == record or (not long_text and begin < record and not any(f.type == _TEXT for f in fields)):
            return tuple(fields)
    return None


def try_encodings(table: Table, trials: list[Trial]) -> Table:
    """Read the text of the whole table in each encoding; return the table with the type that each field's values bear.

    Numbers and dates that do not read as such leave their field a text, so that nothing is lost in silence.
    """
    types = {field.begin: _types(field) for field in table.fields}
    for trial in trials:
        for field in table.fields:
            if not field.raw_name.isascii():
                trial.take(0, "", field.raw_name, _NAME_BYTES)
    for begin, records in table.chunks():
        for field in table.fields:
            if field.type == _TEXT:
                _try_text(begin, records, field, trials)
            else:
                values = _ascii(records, field)
                while len(types[field.begin]) > 1 and _cast(values, types[field.begin][0]) is None:
                    types[field.begin].pop(0)
    return replace(table, fields=tuple(replace(field, arrow=types[field.begin][0]) for field in table.fields))


def _types(field: Field) -> list[pa.DataType]:
    """Return the types that the values of a field may have, the narrowest first."""
    if field.type in _NUMBERS:
        whole = [pa.int64()] if field.decimals == 0 and field.type == "N" else []
        return [*whole, pa.float64(), pa.string()]
    return {"D": [pa.date32(), pa.string()], "L": [pa.bool_(), pa.string()]}.get(field.type, [pa.string()])


def _try_text(begin: int, records: NDArray[np.uint8], field: Field, trials: list[Trial]) -> None:
    column = records[:, field.begin : field.begin + field.width]
    rows = np.flatnonzero((column >= 0x80).any(axis=1) & (records[:, 0] != _DELETED))  # noqa: PLR2004 - beyond ASCII
    if not len(rows):
        return
    name = field.raw_name.decode("ascii", errors="replace")
    first: dict[bytes, int] = {}
    for row, value in zip(rows.tolist(), _strip(column[rows]), strict=True):
        first.setdefault(value, begin + row + 1)
    for value, row in first.items():
        for trial in trials:
            trial.take(row, name, value, field.width)


def _strip(column: NDArray[np.uint8]) -> list[bytes]:
    """Return the values of a text column without what fills them up behind."""
    if not column.shape[1]:
        return [b""] * len(column)
    flat = np.ascontiguousarray(column).view(f"S{column.shape[1]}")[:, 0]
    return [value.split(b"\0", 1)[0].rstrip(b" ") for value in flat.tolist()]


def _ascii(records: NDArray[np.uint8], field: Field) -> pa.Array:
    column = records[:, field.begin : field.begin + field.width]
    values = [value.strip().decode("latin-1") for value in _strip(column)]
    return pa.array(values, pa.string())


def _cast(values: pa.Array, target: pa.DataType) -> pa.Array | None:
    """Return the values in the type, empty ones as nulls, or None when one of them is not of it."""
    if target == pa.date32():
        empty = pc.is_in(values, pa.array(_EMPTY_DATES))
        values = pc.replace_substring_regex(values, r"^(\d{4})(\d{2})(\d{2})$", r"\1-\2-\3")
    elif target == pa.bool_():
        empty = pc.is_in(values, pa.array(["", "?"]))
        values = pc.replace_substring_regex(
            pc.replace_substring_regex(values, "^[TtYy1]$", "true"), "^[FfNn0]$", "false"
        )
    else:
        # Programs fill a number that is too long for its field with stars; it is lost in the file already.
        empty = pc.match_substring_regex(values, r"^(\**|-?nan)$", ignore_case=True)
    values = pc.if_else(empty, pa.scalar(None, pa.string()), values)
    if target == pa.string():
        return values
    try:
        converted = values.cast(target)
    except pa.ArrowInvalid:
        return None
    if target == pa.float64() and pc.all(pc.is_finite(converted)).as_py() is False:
        return None
    if target == pa.date32() and pc.all(pc.greater_equal(converted, date.min)).as_py() is False:
        return None
    return converted


def name_fields(table: Table, trial: Trial, findings: list[Finding]) -> Table:
    """Return the table with decoded field names, each of them once.

    A name holds ten bytes, and writers cut it in the middle of a character: what is left of that character is dropped.
    """
    names = FieldNames(findings)
    named: list[Field] = []
    for field in table.fields:
        raw = field.raw_name.strip()
        decoded = decode(raw, trial.encoding.codec, _NAME_BYTES)
        wanted = decoded[0] if decoded is not None else raw.decode("ascii", errors="backslashreplace")
        named.append(replace(field, name=names.add(wanted)))
    return replace(table, fields=tuple(field for field in named if field.type not in _ELSEWHERE))


def is_kept(records: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Tell for each record whether it is not marked as deleted."""
    kept: NDArray[np.bool_] = records[:, 0] != _DELETED
    return kept


def columns(
    table: Table, records: NDArray[np.uint8], trial: Trial, rows: NDArray[np.int64]
) -> tuple[list[pa.Array], list[Finding]]:
    """Return a column for each field, and the findings on values that were cut or can not be decoded.

    Parameters
    ----------
    records
        Bytes of the records, shape (records, bytes of a record).
    rows
        Their row numbers.
    """
    findings: list[Finding] = []
    arrays: list[pa.Array] = []
    for field in table.fields:
        if field.type == _TEXT:
            arrays.append(_text(records, field, trial, rows, findings))
        else:
            arrays.append(_cast(_ascii(records, field), field.arrow))
    return arrays, findings


def _text(
    records: NDArray[np.uint8], field: Field, trial: Trial, rows: NDArray[np.int64], findings: list[Finding]
) -> pa.Array:
    values = _strip(records[:, field.begin : field.begin + field.width])
    known: dict[bytes, str | None] = {b"": None}
    texts: list[str | None] = []
    for row, value in zip(rows.tolist(), values, strict=True):
        if value not in known:
            decoded = decode(value, trial.encoding.codec, field.width)
            if decoded is None or decoded[1]:
                findings.append(_about_text(row, field, value, decoded, trial))
                texts.append(None if decoded is None else decoded[0])
                continue
            known[value] = decoded[0]
        texts.append(known[value])
    return pa.array(texts, pa.string())


def _about_text(row: int, field: Field, value: bytes, decoded: tuple[str, bool] | None, trial: Trial) -> Finding:
    if decoded is not None:
        text = N_("The value fills its field and ends in the middle of a character; that character was dropped.")
        return Finding(Code.VALUE_CUT, text, row=row, field=field.name, value=decoded[0])
    return Finding(
        Code.TEXT_UNDECODABLE,
        N_("The text is not %(encoding)s."),
        row=row,
        field=field.name,
        value=value.decode("ascii", errors="backslashreplace"),
        hint=N_("Say the right encoding with --encoding."),
        values={"encoding": trial.encoding.name},
    )
