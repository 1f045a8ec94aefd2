"""Values of a file as values of a layer: text cleaned, numbers and days read, words of choices understood."""

from __future__ import annotations

import math
import re
import uuid as uuid_module
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any
from unicodedata import normalize

from geo_hygiene.files.findings import SHOWN_VALUE, Code, Finding
from geo_hygiene.files.importing.dates import AmbiguousDateError, proven_order, read_day, read_instant, read_time
from geo_hygiene.files.importing.degrees import read_degrees
from geo_hygiene.files.importing.mapping import FieldMap, accepted, fold
from geo_hygiene.files.importing.masking import digits_of, mask_numbers, mask_phone
from geo_hygiene.files.reading.table import SourceTable
from geo_hygiene.i18n import N_, _
from geo_hygiene.layerspec import ADDRESS_ROLES, PLACE_ACCURACY, Attribute, FieldType, MapLayer, Role

LONGEST_TEXT = 1_000
"""Characters of one field; more is cut and said."""

LONGEST_NAME = 200
"""Characters of what records are found by: an index holds no more than a third of a page."""

FOUND_BY = frozenset(
    {
        Role.CODE,
        Role.GROUP_CODE,
        Role.GROUP_NAME,
        Role.PARENT,
        Role.PERSON,
        Role.ABSENT,
        Role.ZONE,
        Role.AREA,
        Role.DUTY,
    }
)
"""Roles of fields by which records are found: cut, they would name another one."""

FREE_WORDS = frozenset({Role.FREE_TEXT, *ADDRESS_ROLES})
"""Roles of fields in which people write what they like, a telephone number too."""

FEWEST_DIGITS, MOST_DIGITS = 5, 15
"""Of a telephone number."""

FLOAT_NOISE = 1e-6
"""A spreadsheet keeps 12.34 as the nearest binary number."""

DEGREES = frozenset({Role.LONGITUDE, Role.LATITUDE})

NO_NAME = frozenset({"无名道路", "无名路", "无名", "未命名", "unnamed", "null", "none", "<null>"})
"""What files write for a street without a name."""

NO_VALUE = frozenset({"na", "n/a", "nan", "null", "none", "<null>", "/", "—"})
"""What files write where a number, a day or a time is not known."""

LARGEST_LONGITUDE = 180.0

PROVEN = {
    "dmy": N_("This date can only be day, month and year; all dates that end in their year are read so."),
    "mdy": N_("This date can only be month, day and year; all dates that end in their year are read so."),
}
NO_ORDER = N_("“%(value)s” has its year last, and nothing in the file says whether day or month comes first.")
BOTH_ORDERS = N_(
    "“%(value)s” has its year last, and the file has both orders: %(dmy)s in row %(dmy_row)s, %(mdy)s in row "
    "%(mdy_row)s."
)

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")
_SPACES = re.compile(r"\s+")
_IDEOGRAPH = "[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
_SPACED_CHINESE = re.compile(f"{_IDEOGRAPH}(?: {_IDEOGRAPH})+")
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?")
_SEPARATORS = re.compile("[;；,，、]+")


@dataclass(slots=True)
class CleanRows:
    """Typed values by field, ``None`` where there are none, what no field took, and what was found on the way."""

    values: dict[str, list[Any]]
    extra: list[dict[str, Any]]
    findings: list[Finding] = field(default_factory=list)

    def row(self, index: int) -> dict[str, Any]:
        """Return the values of one row by public name."""
        return {name: column[index] for name, column in self.values.items()}


class _BadValueError(ValueError):
    """A value that a field can not hold; carries what is said about it."""

    def __init__(self, code: Code, text: str, hint: str | None = None, **values: object) -> None:
        super().__init__(text)
        self.code, self.text, self.hint, self.values = code, text, hint, values


@dataclass(frozen=True, slots=True)
class _Order:
    """In which order day and month stand where the year is last.

    Attributes
    ----------
    known
        ``mdy``, ``dmy``, ``ymd``; ``None`` where nothing tells it.
    both
        A date and its row for each order, by ``dmy`` and ``mdy``, where the file proves both.
    """

    known: str | None
    both: Mapping[str, object] = field(default_factory=dict)


def clean_rows(
    layer: MapLayer,
    table: SourceTable,
    mapping: FieldMap,
    *,
    constants: Mapping[str, str] = MappingProxyType({}),
    date_order: str | None = None,
) -> CleanRows:
    """Read every mapped column by its field; the others are kept in ``extra``, with telephone numbers masked.

    ``constants`` are values of fields for the rows that say none.
    """
    count = len(table.row_numbers)
    clean = CleanRows({}, [{} for _row in range(count)])
    order = _order(layer, table, mapping, clean) if date_order is None else _Order(date_order)
    unmapped = list(mapping.unmapped)
    for attribute in layer:
        heading = mapping.columns.get(attribute.name)
        column = table.rows[heading].to_pylist() if heading is not None else [None] * count
        if heading is not None and attribute.role is Role.UUID and not _are_uuids(column):
            unmapped.append(heading)  # a running number is no id of ours
            heading, column = None, [None] * count
        if heading is None and attribute.name not in constants:
            clean.values[attribute.name] = column
            if attribute.required:
                clean.findings.append(_missing_field(attribute))
            continue
        reader = _Column(attribute, heading, order)
        if attribute.name in constants:
            clean.findings += reader.fill(constants[attribute.name])
        clean.values[attribute.name] = values = reader.read(table, column, clean)
        if (kept_as := _kept_as(attribute, heading)) is not None:
            for kept, value in zip(clean.extra, values, strict=True):
                kept.update({kept_as: value} if value is not None else {})
    for heading in unmapped:
        _keep(heading, table, clean)
    return clean


def _kept_as(attribute: Attribute, heading: str | None) -> str | None:
    """Return under which name what a file says is kept beside the fields, ``None`` where a column takes it."""
    if attribute.role is Role.PLACE_ACCURACY:
        return PLACE_ACCURACY
    return heading if attribute.is_kept_beside else None


def _missing_field(attribute: Attribute) -> Finding:
    return Finding(
        Code.VALUE_MISSING,
        N_("The file has no column for “%(name)s”."),
        field=attribute.name,
        title=attribute.title,
        hint=N_("Headings that are taken for it: %(headings)s. Name another: --field %(field)s=HEADING"),
        values={"field": attribute.name, "headings": ", ".join(accepted(attribute))},
        words={"name": attribute.title},
    )


def _order(layer: MapLayer, table: SourceTable, mapping: FieldMap, clean: CleanRows) -> _Order:
    """Return the order that a date of the file proves, as the 29th of a month does, unless another proves the other."""
    proofs: dict[str, tuple[int, str, str]] = {}
    for attribute in layer:
        heading = mapping.columns.get(attribute.name)
        if heading is None or attribute.type not in {FieldType.DATE, FieldType.INSTANT}:
            continue
        seen = set()
        for row, written in zip(table.row_numbers.tolist(), table.rows[heading].to_pylist(), strict=True):
            if isinstance(written, str) and written not in seen:
                seen.add(written)
                order = proven_order(written)
                if order is not None:
                    proofs.setdefault(order, (row, heading, written))
    if len(proofs) > 1:
        both = {order: mask_numbers(written)[:SHOWN_VALUE] for order, (_row, _heading, written) in proofs.items()}
        return _Order(None, both | {f"{order}_row": row for order, (row, *_rest) in proofs.items()})
    for order, (row, heading, written) in proofs.items():
        clean.findings.append(Finding(Code.DATE_ORDER, PROVEN[order], row, heading, mask_numbers(written)))
        return _Order(order)
    return _Order(None)


def _are_uuids(column: Sequence[Any]) -> bool:
    try:
        return all(value is None or uuid_module.UUID(str(value)) for value in column)
    except ValueError:
        return False


def _keep(heading: str, table: SourceTable, clean: CleanRows) -> None:
    clean.findings.append(Finding(Code.FIELD_UNMAPPED, field=heading))
    column = table.rows[heading].to_pylist()
    storable = {value: _storable(value) for value in set(column)}
    for extra, value in zip(clean.extra, column, strict=True):
        if value is not None:
            extra[heading] = storable[value]


def _storable(value: Any) -> Any:
    if isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return mask_numbers(clean_text(str(value))[:LONGEST_TEXT])


def clean_text(written: str) -> str:
    """Return text without control characters and needless spaces; spaced-out Chinese is closed up."""
    if written.isprintable() and " " not in written:
        return written  # all that is taken out is a space or can not be printed
    plain = _SPACES.sub(" ", _CONTROL.sub(" ", written)).strip()
    return _SPACED_CHINESE.sub(lambda found: found.group().replace(" ", ""), plain)


class _Column:
    """Reads one column, if the file has it; each distinct value is worked out once."""

    def __init__(self, attribute: Attribute, heading: str | None, order: _Order) -> None:
        self.attribute = attribute
        self.heading = heading
        self.order = order
        self.filler: Any = None
        self.scale = _scale(attribute)
        self.words = {
            fold(word): choice.value
            for choice in attribute.choices
            for word in (choice.value, choice.title, _(choice.title), *choice.aliases)
        }

    def fill(self, constant: str) -> list[Finding]:
        """Take a value for the rows that say none; return what is wrong with it."""
        own = _Column(self.attribute, None, self.order)
        self.filler, remarks = own._value(constant)
        return [own._at(remark, None, constant) for remark in remarks]

    def read(self, table: SourceTable, column: Sequence[Any], clean: CleanRows) -> list[Any]:
        """Return the values, and add to the findings and to what is kept beside the fields."""
        known = {written: self._value(written) for written in set(column)}
        if any(remarks for _, remarks in known.values()):
            self._tell(table, column, known, clean)
        return [known[written][0] for written in column]

    def _tell(
        self,
        table: SourceTable,
        column: Sequence[Any],
        known: Mapping[Any, tuple[Any, Sequence[Finding]]],
        clean: CleanRows,
    ) -> None:
        """Say of each row what is remarked of its value, of a text that was cleaned once."""
        cleaned: Counter[Any] = Counter()
        for index, (row, written) in enumerate(zip(table.row_numbers.tolist(), column, strict=True)):
            value, remarks = known[written]
            for remark in remarks:
                cleaned[written] += remark.code is Code.TEXT_CLEANED
                if remark.code is not Code.TEXT_CLEANED or cleaned[written] == 1:
                    clean.findings.append(self._at(remark, row, written))
                is_set_aside = not remark.is_error() and remark.code is Code.VALUE_CUT and value is None
                if is_set_aside and self.heading is not None:
                    clean.extra[index][self.heading] = _storable(written)

    def _at(self, remark: Finding, row: int | None, written: Any) -> Finding:
        """Return what is said of a value with its place, no telephone number in it."""
        attribute = self.attribute
        mask = mask_phone if attribute.role is Role.PHONE else mask_numbers
        told = remark.values.items()
        values = {name: mask(str(value))[:SHOWN_VALUE] if name in {"value", "text"} else value for name, value in told}
        own = Finding(
            remark.code,
            remark.text,
            row,
            self.heading or attribute.name,
            mask(str(written)) if written is not None else None,
            remark.hint,
            {**values, "field": attribute.name},
            remark.level,
        )
        if self.heading is None:
            return replace(own, title=attribute.title, words={"name": attribute.title})
        return replace(own, values={**own.values, "name": self.heading})

    def _value(self, written: Any) -> tuple[Any, list[Finding]]:
        remarks = []
        if isinstance(written, str):
            text = clean_text(written)
            if text != written.strip(" "):
                remarks.append(Finding(Code.TEXT_CLEANED, N_("Read as “%(text)s”."), values={"text": text}))
            if len(text) > LONGEST_NAME and self.attribute.role in FOUND_BY:
                words = N_("The value has more than %(most)s characters.")
                return None, [Finding(Code.VALUE_INVALID, words, values={"most": LONGEST_NAME})]
            if len(text) > LONGEST_TEXT:
                remarks.append(Finding(Code.VALUE_CUT))
            written = text[:LONGEST_TEXT]
        if self.attribute.role is Role.PHONE:
            remarks = []
        if self._says_nothing(written):
            if self.filler is not None:
                return self.filler, remarks
            if self.attribute.required:
                remarks.append(Finding(Code.VALUE_MISSING))
            return None, remarks
        try:
            return self._reader(written), remarks
        except _BadValueError as bad:
            is_set_aside = bad.code is Code.UNKNOWN_CODE and self._is_guessed()
            code, text = (Code.VALUE_CUT, self._stored_otherwise(bad)) if is_set_aside else (bad.code, bad.text)
            remarks.append(Finding(code, text, hint=bad.hint, values=bad.values))
            return None, remarks

    def _stored_otherwise(self, bad: _BadValueError) -> str:
        """Return what is said of a word that is unknown, and what stands in its place."""
        if not self.attribute.otherwise:
            return bad.text
        bad.values["stored"] = _(self.attribute.otherwise)
        return N_("“%(value)s” is none of the words for “%(name)s”, and is stored as: %(stored)s. Words: %(words)s.")

    def _says_nothing(self, written: Any) -> bool:
        """Tell whether a value is empty, or stands for none in a field that holds no text."""
        if written is None or written == "" or (isinstance(written, float) and math.isnan(written)):
            return True
        return self.attribute.type is not FieldType.TEXT and str(written).casefold() in NO_VALUE

    def _is_guessed(self) -> bool:
        """Tell whether the column was taken for the field by an alias: a foreign class is then only set aside."""
        names = {fold(self.attribute.name), fold(self.attribute.short)}
        return not self.attribute.required and self.heading is not None and fold(self.heading) not in names

    @cached_property
    def _reader(self) -> Callable[[Any], Any]:
        """What reads a value that says something."""
        if self.attribute.role is Role.PHONE:
            return lambda written: mask_phone(str(written)) or None
        if self.attribute.role is Role.NUMBERS:
            return self._numbers
        if self.attribute.role in FREE_WORDS:
            return lambda written: mask_numbers(_text(written))
        if self.words:
            return self._choices if self.attribute.type is FieldType.CODES else self._choice
        return {
            FieldType.TEXT: _name if self.attribute.role is Role.GROUP_NAME else _text,
            FieldType.INTEGER: self._integer,
            FieldType.NUMBER: self._number,
            FieldType.DATE: self._day,
            FieldType.TIME: self._time,
            FieldType.INSTANT: self._instant,
            FieldType.UUID: _uuid,
            FieldType.CODES: _codes,
        }[self.attribute.type]

    def _numbers(self, written: Any) -> list[str]:
        """Return the digits of telephone numbers, which only their hashes outlive."""
        numbers = [digits_of(one) for one in _codes(written)]
        if not all(FEWEST_DIGITS <= len(number) <= MOST_DIGITS for number in numbers):
            words = N_("“%(value)s” is no list of telephone numbers.")
            raise self._no_number(words, mask_numbers(str(written)), N_("Part them by ; and leave out other words."))
        return numbers

    def _choice(self, written: Any) -> str:
        value = self.words.get(fold(str(written)))
        if value is None:
            raise _BadValueError(
                Code.UNKNOWN_CODE,
                N_("“%(value)s” is none of the words for “%(name)s”: %(words)s."),
                value=str(written),
                words=", ".join(_(choice.title) for choice in self.attribute.choices),
            )
        return value

    def _choices(self, written: Any) -> list[str]:
        """Return each of several words once, in the order in which they are declared."""
        said = {self._choice(word) for word in _codes(written)}
        return [choice.value for choice in self.attribute.choices if choice.value in said]

    def _number(self, written: Any) -> float:
        read = read_degrees if self.attribute.role in DEGREES else _read_number
        try:
            number = float(written) if isinstance(written, int | float) else read(str(written))
        except ValueError:
            number = math.nan
        low, high = self.attribute.minimum, self.attribute.maximum
        if not math.isfinite(number):
            raise self._no_number(N_("“%(value)s” is not a number."), written)
        if (low is not None and number < low) or (high is not None and number > high):
            text = N_("“%(value)s” is not a possible value of “%(name)s”.")
            raise self._no_number(text, written, self._swapped(number))
        if self.scale is None:
            return number
        rounded = round(number, self.scale)
        if self.attribute.exact and abs(number - rounded) > FLOAT_NOISE:
            text = N_("“%(value)s” has more than %(decimals)s decimals.")
            raise self._no_number(text, written, decimals=self.scale)
        return rounded

    def _integer(self, written: Any) -> int:
        number = self._number(written)
        if number != int(number) or abs(number) >= 2**31:
            raise self._no_number(N_("“%(value)s” is not a whole number that can be stored."), written)
        return int(number)

    def _no_number(self, text: str, written: Any, hint: str | None = None, **values: object) -> _BadValueError:
        mend = N_("Mend the value, or leave the field out: --field %(field)s=")
        return _BadValueError(Code.VALUE_INVALID, text, hint or mend, value=str(written), **values)

    def _swapped(self, number: float) -> str | None:
        """Return the hint for a latitude that is none, but could be a longitude."""
        if self.attribute.role is not Role.LATITUDE or abs(number) > LARGEST_LONGITUDE:
            return None
        return N_("Longitude and latitude look swapped; name their columns: --field lon=HEADING --field lat=HEADING")

    def _day(self, written: Any) -> Any:
        return self._dated(written, read_day, N_("“%(value)s” is not a day."), N_("Write days as 2025-12-31."))

    def _instant(self, written: Any) -> Any:
        words = N_("“%(value)s” is neither a day nor a day with its time.")
        return self._dated(written, read_instant, words, N_("Write times as 2025-12-31 18:30:00."))

    def _time(self, written: Any) -> Any:
        try:
            return read_time(written)
        except ValueError:
            raise _BadValueError(
                Code.VALUE_INVALID,
                N_("“%(value)s” is not a time of day."),
                N_("Write times as 18:30 or 18:30:00."),
                value=str(written),
            ) from None

    def _dated(self, written: Any, read: Callable[[Any, str | None], Any], words: str, hint: str) -> Any:
        try:
            return read(written, self.order.known)
        except AmbiguousDateError:
            say = N_("Say the order: --date-order dmy or --date-order mdy")
            text = BOTH_ORDERS if self.order.both else NO_ORDER
            raise _BadValueError(Code.DATE_AMBIGUOUS, text, say, value=str(written), **self.order.both) from None
        except ValueError:
            raise _BadValueError(Code.VALUE_INVALID, words, hint, value=str(written)) from None


def _scale(attribute: Attribute) -> int | None:
    """Return the decimals that the column keeps, so that the same file read again is the same."""
    scale: int | None = getattr(getattr(attribute.column, "type", None), "scale", None)
    return scale


def _read_number(written: str) -> float:
    """Return a number that is written out; a comma parts thousands, and is no decimal point."""
    narrow = normalize("NFKC", written)
    return float(narrow.replace(",", "") if _GROUPED.fullmatch(narrow) else narrow)


def _text(written: Any) -> str:
    if isinstance(written, float) and written.is_integer():
        return str(int(written))
    return str(written)


def _name(written: Any) -> str | None:
    name = _text(written)
    return None if fold(name) in NO_NAME else name


def _uuid(written: Any) -> uuid_module.UUID:
    try:
        return uuid_module.UUID(str(written))
    except ValueError:
        raise _BadValueError(Code.VALUE_INVALID, N_("“%(value)s” is not an id."), value=str(written)) from None


def _codes(written: Any) -> list[str]:
    return [code.strip() for code in _SEPARATORS.split(str(written)) if code.strip()]
