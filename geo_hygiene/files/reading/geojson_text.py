"""Walk through a JSON text of any size, holding one member of a list in memory at a time."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_BLOCK = 1024 * 1024
_SPACE = " \t\r\n"
#: How near to the end of the buffer a complaint of the decoder may only mean that the rest was not read yet.
_TAIL = 16


class DamagedJsonError(Exception):
    """The text is no JSON, or ends too early, from a character on, counted from 1."""

    def __init__(self, character: int) -> None:
        super().__init__(character)
        self.character = character


class Document:
    """A JSON text that is read as it is asked for.

    Parameters
    ----------
    path, codec
        The file and a codec that decodes all of it and passes over a byte order mark.
    """

    def __init__(self, path: Path, codec: str) -> None:
        self._file = path.open(encoding=codec, newline="")
        # NaN and Infinity are read as numbers, so that they can be told with the row in which they stand, and control
        # characters within texts are allowed: both are cleaned or refused later, with a better word.
        self._decoder = json.JSONDecoder(strict=False)
        self._text = ""
        self._at = 0
        self._has_ended = False
        self._before = 0

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def members(self) -> Iterator[str]:
        """Yield the keys of the object that begins here; the caller takes each value by `value` or `items`."""
        self._take("{")
        if self._peek() == "}":
            self._at += 1
            return
        while True:
            key = self.value()
            if not isinstance(key, str):
                raise self._damaged()
            self._take(":")
            yield key
            if self._next_or_end("}"):
                return

    def items(self) -> Iterator[Any]:
        """Yield the values of the list that begins here."""
        self._take("[")
        if self._peek() == "]":
            self._at += 1
            return
        while True:
            yield self.value()
            if self._next_or_end("]"):
                return

    def is_list(self) -> bool:
        """Tell whether a list begins here."""
        return self._peek() == "["

    def value(self) -> Any:
        """Return the value that begins here."""
        self._peek()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except json.JSONDecodeError as problem:
                if self._has_ended or not self._may_be_cut(problem):
                    raise DamagedJsonError(self._before + problem.pos + 1) from problem
            except (RecursionError, ValueError) as problem:
                # Too many brackets in brackets, or a number of thousands of digits.
                raise self._damaged() from problem
            else:
                # A number at the end of the buffer may go on.
                if end < len(self._text) or self._has_ended or not isinstance(value, int | float):
                    self._at = end
                    return value
            self._fill()

    def end(self) -> None:
        """Make sure that nothing follows."""
        while self._at >= len(self._text) and not self._has_ended:
            self._fill()
        if self._text[self._at :].strip(_SPACE + "\x00"):
            raise self._damaged()

    def _may_be_cut(self, problem: json.JSONDecodeError) -> bool:
        return problem.msg.startswith("Unterminated string") or problem.pos >= len(self._text) - _TAIL

    def _fill(self) -> None:
        """Read on; twice as much as is waiting, so that a long member is not decoded again and again."""
        self._before += self._at
        self._text = self._text[self._at :]
        self._at = 0
        more = self._file.read(max(_BLOCK, len(self._text)))
        self._has_ended = not more
        self._text += more

    def _peek(self) -> str:
        while True:
            while self._at < len(self._text) and self._text[self._at] in _SPACE:
                self._at += 1
            if self._at < len(self._text):
                return self._text[self._at]
            if self._has_ended:
                raise self._damaged()
            self._fill()

    def _take(self, character: str) -> None:
        if self._peek() != character:
            raise self._damaged()
        self._at += 1

    def _next_or_end(self, end: str) -> bool:
        found = self._peek()
        if found not in {",", end}:
            raise self._damaged()
        self._at += 1
        return found == end

    def _damaged(self) -> DamagedJsonError:
        return DamagedJsonError(self._before + self._at + 1)
