"""Numbers that name a person: telephones and identity cards show only their ends before anything is stored."""

from __future__ import annotations

import re

_NARROW = str.maketrans("０１２３４５６７８９－–—（）：　", "0123456789---():\u0020")
"""Wide digits and signs, each as the narrow one, so that places in the text stay the same."""

_AHEAD = r"(?<!\d)(?<!\d[.-])"
_NO_DATE = r"(?!(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\d))"
_MOBILE = re.compile(r"(?<!\d)(?<!\d\.)(?:\+?86[- ]?)?(1[3-9]\d)[- ]?(\d{4})[- ]?(\d{4})(?!\d)")
_LANDLINE = re.compile(
    rf"{_AHEAD}(\(?0(?:10|2\d|[3-9]\d\d)(?:\) ?|[- ]| - )){_NO_DATE}([1-9]\d{{2,3}}[- ]?\d{{4}})(?!\d)"
    rf"|{_AHEAD}(0(?:10|2\d|[3-9]\d\d)){_NO_DATE}([2-8]\d{{6,7}})(?!\d)"
)
"""An area code and a number. Run together, the number begins as numbers of subscribers do."""
_SPOKEN_OF = re.compile(
    rf"((?:电话|座机|固话|\b[Tt][Ee][Ll]\.?)(?:号码?)?\s?[:是为]?\s?){_NO_DATE}([2-8]\d{{2,3}}[- ]?\d{{4}})(?!\d)"
)
"""A number of the own town, which only the word before it tells from any other."""
_HOTLINE = re.compile(
    rf"{_AHEAD}([48]00-)((?:\d{{3}}-?\d{{4}}|\d{{4}}-\d{{3}}|\d-\d{{3}}-?\d{{3}}))(?!\d)"
    rf"|{_AHEAD}([48]00 )(\d{{3}} ?\d{{4}}|\d{{4}} \d{{3}})(?! ?[\d元米])"
    rf"|{_AHEAD}([48]00)(\d{{7}})(?! ?[\d元米])"
)
_COUNTED = re.compile(r"(?:编号|单号|工单|案号|流水号|受理号|订单号?|#|№|\bNo\.?)[:是为]?\s?$", re.IGNORECASE)
"""What stands before the number of a case."""
_IDENTITY = re.compile(
    r"(?<![\dA-Za-z])([1-9]\d{2})\d{3}[- ]?((?:18|19|20)\d{2})(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])[- ]?"
    r"(\d{3}[\dXx])(?![\dA-Za-z])"
)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
"""GB 11643-1999: weights of the first 17 digits, and the last sign by the remainder of their sum."""
_RECENT = 2010
"""Systems number cases by place and day, as cards do; people born since then are told apart by the last digit."""

_FLOAT = re.compile(r"\d+\.0+|\d\.\d{9,}[Ee]\+?\d\d?")
_SUBSCRIBER = "****"


def mask_phones(written: str) -> str:
    """Return text whose mobile numbers show only their ends: 138****1234."""
    return _MOBILE.sub(r"\1****\3", written)


def mask_phone(written: str) -> str:
    """Return the masked form of a telephone number, whatever its length and however a spreadsheet shows it."""
    written = _as_digits(written.translate(_NARROW))
    masked = mask_phones(written)
    if masked != written or "*" in written:
        return masked
    digits = re.sub(r"\D", "", written)
    return "*" * max(len(digits) - 4, 0) + digits[-4:] if len(digits) > 4 else "*" * len(digits)  # noqa: PLR2004


def _as_digits(written: str) -> str:
    """Return what a spreadsheet made a number of as the digits that somebody typed."""
    plain = written.strip().removeprefix("'")
    if _FLOAT.fullmatch(plain) and (number := float(plain)).is_integer():
        return f"{number:.0f}"
    return plain


def digits_of(written: str) -> str:
    """Return the digits of a telephone number, however a spreadsheet shows it, without the code of the country."""
    digits = re.sub(r"\D", "", _as_digits(written.translate(_NARROW)))
    return re.sub(r"^(?:00)?86(?=1[3-9]\d{9}$)", "", digits)


def mask_numbers(written: str) -> str:
    """Return what somebody wrote with its telephone and identity card numbers masked, and nothing else changed.

    House numbers, days, metres and the numbers of cases stay.
    """
    for pattern, masked in _MASKS:
        narrow = written.translate(_NARROW)
        parts, end = [], 0
        for found in pattern.finditer(narrow):
            shown = masked(found, written)
            if shown is not None:
                parts += [written[end : found.start()], shown]
                end = found.end()
        written = "".join(parts) + written[end:]
    return written


def _identity(found: re.Match[str], _written: str) -> str | None:
    signs = re.sub(r"[- ]", "", found.group()).upper()
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, signs, strict=False))
    if int(found[2]) >= _RECENT and _CHECKS[total % 11] != signs[-1]:
        return None
    return f"{found[1]}{'*' * 11}{found[3]}"


def _mobile(found: re.Match[str], _written: str) -> str:
    return f"{found[1]}****{found[3]}"


def _subscriber(found: re.Match[str], written: str) -> str:
    """Return a number of a subscriber with its first four digits hidden."""
    before, number = (group for group, part in enumerate(found.groups(), start=1) if part is not None)
    digits = re.sub(r"\D", "", found[number])
    return f"{written[found.start(before) : found.end(before)]}{_SUBSCRIBER}{digits[4:]}"


def _hotline(found: re.Match[str], written: str) -> str | None:
    """Return a number that companies pay for masked; run together it may as well be the number of a case."""
    is_alone = found.group() == found.string.strip()
    if found[5] is not None and (is_alone or _COUNTED.search(found.string[: found.start()])):
        return None
    return _subscriber(found, written)


_MASKS = (
    (_IDENTITY, _identity),
    (_MOBILE, _mobile),
    (_LANDLINE, _subscriber),
    (_HOTLINE, _hotline),
    (_SPOKEN_OF, _subscriber),
)
