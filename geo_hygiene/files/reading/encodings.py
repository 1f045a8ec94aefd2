"""Decide in which encoding the text of a dbf table stands, and decode it without replacing a character.

The order is: what the user says, the .cpg, the table's language id when it names an East Asian code page, strict UTF-8,
GB18030. The .cpg and the language id can lie, so the text itself has the last word over them.
"""

import itertools
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from geo_hygiene.files.findings import Code, Finding
from geo_hygiene.files.reading.locate import refuse
from geo_hygiene.i18n import N_

UTF8 = "utf-8"
CHINESE = "gb18030"
#: Names under which encodings are asked for, without case, spaces and signs. A dbf needs an encoding in which ASCII is
#: ASCII; UTF-16 is not one. GB18030 contains GBK and GB2312 and decodes what their names promise.
_NAMES = {
    "utf8": UTF8,
    "65001": UTF8,
    "gbk": CHINESE,
    "gb2312": CHINESE,
    "gb18030": CHINESE,
    "936": CHINESE,
    "euccn": CHINESE,
    "ansi": CHINESE,
    "54936": CHINESE,
    "big5": "cp950",
    "950": "cp950",
    "big5hkscs": "big5hkscs",
    "shiftjis": "cp932",
    "sjis": "cp932",
    "932": "cp932",
    "eucjp": "euc_jp",
    "euckr": "cp949",
    "949": "cp949",
    "koi8r": "koi8_r",
    "koi8u": "koi8_u",
    "874": "cp874",
    "latin1": "iso8859_1",
    "88591": "iso8859_1",
    "latin2": "iso8859_2",
    "ascii": UTF8,
}
_SINGLE_BYTE = {
    **{str(page): f"cp{page}" for page in (437, 737, 775, 850, 852, 855, 857, 860, 861, 862, 863, 865, 866, 869)},
    **{str(page): f"cp{page}" for page in range(1250, 1259)},
    **{f"8859{part}": f"iso8859_{part}" for part in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16)},
}
#: Language ids of dbf headers that name an East Asian code page; the others are set by programs that never asked.
#: https://github.com/OSGeo/gdal/blob/master/ogr/ogrsf_frmts/shape/ogrshapelayer.cpp (ConvertCodePage)
_LANGUAGE_IDS = {
    0x13: ("cp932", "Shift_JIS"),
    0x4D: (CHINESE, "GBK"),
    0x4E: ("cp949", "EUC-KR"),
    0x4F: ("cp950", "Big5"),
    0x78: ("cp950", "Big5"),
    0x79: ("cp949", "EUC-KR"),
    0x7A: (CHINESE, "GBK"),
    0x7B: ("cp932", "Shift_JIS"),
}
_SAMPLE = 2000
#: Share of common characters from which text is taken for Chinese against what its .cpg says.
MOSTLY = 0.8
_FAILURES_KEPT = 1000


@dataclass(frozen=True)
class Encoding:
    """A way to read text: Python's codec, the name that is shown, and where it comes from.

    The origin is option, cpg, language-id, guess, or ascii where there is no text that needed one.
    """

    codec: str
    name: str
    origin: str


@dataclass
class Trial:
    """How well an encoding reads the text of a table."""

    encoding: Encoding
    failures: list[tuple[int, str, bytes]] = field(default_factory=list)
    failed: int = 0
    sample: list[str] = field(default_factory=list)

    def take(self, row: int, name: str, value: bytes, width: int | None) -> None:
        """Read one value; a value that fills its field may end in the middle of a character."""
        text = decode(value, self.encoding.codec, width)
        if text is None:
            self.failed += 1
            if len(self.failures) < _FAILURES_KEPT:
                self.failures.append((row, name, value))
        elif len(self.sample) < _SAMPLE:
            self.sample.append(text[0])


def named(label: str, origin: str) -> Encoding | None:
    """Return the encoding that a user or a .cpg names, or None when it is unknown or no encoding of a dbf."""
    shown = "".join(character for character in label if character.isprintable()).strip().upper()
    key = "".join(character for character in shown.casefold() if character.isalnum())
    for prefix in ("", "ansi", "oem", "cp", "windows", "ms", "x", "iso", "ibm", "csiso"):
        short = key.removeprefix(prefix)
        codec = _NAMES.get(short) or _SINGLE_BYTE.get(short)
        if codec is not None:
            return Encoding(codec, "UTF-8" if codec == UTF8 else shown, origin)
    return None


def asked(option: str | None) -> Encoding | None:
    """Return the encoding that the user says.

    Raises
    ------
    RefusedError
        If there is none of that name.
    """
    if option is None:
        return None
    encoding = named(option, "option")
    if encoding is None:
        raise refuse(
            Code.FILE_UNREADABLE,
            N_("There is no encoding %(name)s."),
            hint=N_("Say --encoding GBK, GB18030 or UTF-8."),
            name=option,
        )
    return encoding


def by_language_id(number: int) -> Encoding | None:
    """Return the encoding of a dbf language id when it names an East Asian code page."""
    known = _LANGUAGE_IDS.get(number)
    return None if known is None else Encoding(*known, "language-id")


def candidates(option: Encoding | None, cpg: Encoding | None, language_id: int) -> list[Encoding]:
    """Return the encodings to try, best first."""
    if option is not None:
        return [option]
    listed = [cpg, by_language_id(language_id), Encoding(UTF8, "UTF-8", "guess"), Encoding(CHINESE, "GB18030", "guess")]
    chosen: dict[str, Encoding] = {}
    for encoding in listed:
        if encoding is not None:
            chosen.setdefault(encoding.codec, encoding)
    return list(chosen.values())


def decode(value: bytes, codec: str, width: int | None = None) -> tuple[str, bool] | None:
    """Return the text and whether it was cut in its last character, or None when the bytes are not of this encoding.

    Only a value that fills the `width` of its field can have been cut.
    """
    try:
        return value.decode(codec), False
    except UnicodeDecodeError as problem:
        if width is None or len(value) < width or problem.end < len(value) or problem.start < len(value) - 3:
            return None
        if "incomplete" not in problem.reason and "unexpected end" not in problem.reason:
            return None
        return value[: problem.start].decode(codec), True


def choose(trials: Sequence[Trial]) -> Trial:
    """Return the trial whose encoding holds.

    The first encoding of the list that reads everything, unless UTF-8 reads everything too and gives better Chinese: a
    table that was written in UTF-8 and says GBK reads as rare characters.
    """
    whole = {trial.encoding.codec: trial for trial in trials if not trial.failed}
    if not whole:
        return trials[0]
    first = next(iter(whole.values()))
    utf8, chinese = whole.get(UTF8), whole.get(CHINESE)
    if first.encoding.origin == "cpg":
        return _instead_of_single_byte(first, utf8, chinese)
    if not first.sample and first.encoding.origin == "guess":
        return Trial(replace(first.encoding, origin="ascii"))
    if first.encoding.origin == "option" or utf8 is None or chinese is None:
        return first
    if first is utf8:
        return chinese if is_accident(utf8.sample, chinese.sample) else utf8
    return utf8 if common_share(utf8.sample) > common_share(first.sample) else first


def _instead_of_single_byte(first: Trial, utf8: Trial | None, chinese: Trial | None) -> Trial:
    # Programs write ISO-8859-1 into the .cpg when they do not know, and every byte is a character of it.
    if first.encoding.codec not in _SINGLE_BYTE.values() or not first.sample:
        return first
    if utf8 is not None:
        return utf8
    if chinese is not None and is_likely_chinese(chinese.sample):
        return chinese
    return first


def decoded(raw: bytes) -> str:
    """Return a single text of which nothing is known; what is neither UTF-8 nor GB18030 is shown by its bytes."""
    trials = [Trial(encoding) for encoding in candidates(None, None, 0)]
    for trial in trials:
        trial.take(0, "", raw, None)
    chosen = decode(raw, choose(trials).encoding.codec)
    return raw.decode("ascii", errors="backslashreplace") if chosen is None else chosen[0]


def common_share(values: Iterable[str]) -> float:
    """Return which share of the characters beyond ASCII are among the 3 755 common ones of GB 2312."""
    common = total = 0
    for character in "".join(values):
        if not character.isascii():
            total += 1
            common += _is_common(character)
    return common / total if total else 0.0


def is_odd(values: Iterable[str]) -> bool:
    """Tell whether text holds what nobody writes: combining marks, phonetic signs, characters without a meaning."""
    return any(
        "\u0250" <= character <= "\u036f" or unicodedata.category(character) in {"Cn", "Co", "Cc"}
        for value in values
        for character in value
        if not character.isascii()
    )


def is_accident(utf8: Sequence[str], chinese: Sequence[str]) -> bool:
    """Tell whether Chinese text is UTF-8 by accident.

    联通 becomes letters with marks, 路 a dot that stands alone, 小学 two Cyrillic letters. Longer text in Cyrillic has
    others too, which would be rare Chinese.
    """
    if is_odd(utf8):
        return common_share(chinese) > 0
    foreign = "".join(value for value in utf8 if not value.isascii())
    if any(character.isascii() for character in foreign):
        return False
    has_letters = any(unicodedata.category(character).startswith("L") for character in foreign)
    return common_share(chinese) == 1 if has_letters else common_share(chinese) > MOSTLY


def is_likely_chinese(values: Sequence[str]) -> bool:
    """Tell whether text reads as common Chinese, without letters of other words around its characters."""
    return common_share(values) > MOSTLY and not any(_has_letters_beside(value) for value in values)


def is_doubtful_chinese(values: Sequence[str]) -> bool:
    """Tell whether text that was read as Chinese is rather some other language in an encoding of its own.

    Accented letters of European languages become rare characters in the middle of words: Stra鹢, M黱chen.
    """
    mixed = sum(_has_letters_beside(value) for value in values)
    return mixed * 2 >= len(values) > 0 and common_share(values) < 0.5  # noqa: PLR2004 - half


def refuse_rubbish(values: Sequence[str]) -> None:
    """Refuse text that was read as Chinese for want of anything better, when it is rather of another language.

    Raises
    ------
    RefusedError
        If it is.
    """
    if is_doubtful_chinese(values):
        raise refuse(
            Code.FILE_UNREADABLE,
            N_("The text is neither UTF-8 nor Chinese: read as GB18030 it would be %(example)s"),
            hint=N_("Say how it is encoded, such as --encoding CP1252."),
            example=values[0],
        )


def _has_letters_beside(value: str) -> bool:
    return any(
        (a.isascii() and a.islower() and not b.isascii()) or (b.isascii() and b.islower() and not a.isascii())
        for a, b in itertools.pairwise(value)
    )


def _is_common(character: str) -> bool:
    try:
        first = character.encode("gb2312")[0]
    except UnicodeEncodeError:
        return False
    # Rows 16 to 55 hold the common characters, rows 1 to 3 punctuation and full-width letters.
    return 0xB0 <= first <= 0xD7 or 0xA1 <= first <= 0xA3  # noqa: PLR2004 - rows of GB 2312


def what_was_chosen(trial: Trial, cpg: Encoding | None) -> Finding | None:
    """Return the information on a guess; None where the file or the user said the encoding, or the text is ASCII."""
    encoding = trial.encoding
    if encoding.origin in {"option", "cpg", "ascii"} or not trial.sample:
        return None
    example = next((value for value in trial.sample if value), "")
    values = {"encoding": encoding.name, "example": example}
    hint = N_("If that is wrong, say the right one with --encoding.")
    if cpg is not None:
        text = N_("The .cpg says %(said)s, but the text is not; it was read as %(encoding)s: %(example)s")
        return Finding(Code.ENCODING_GUESSED, text, hint=hint, values={**values, "said": cpg.name})
    if encoding.origin == "language-id":
        text = N_("The table names its code page, %(encoding)s, and the text is of it: %(example)s")
        return Finding(Code.ENCODING_GUESSED, text, values=values)
    text = N_("The file does not say how its text is encoded; it was read as %(encoding)s: %(example)s")
    return Finding(Code.ENCODING_GUESSED, text, hint=hint, values=values)
