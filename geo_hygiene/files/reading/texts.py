"""Find the encoding of a text file: what the user says, its byte order mark, UTF-8, GB18030."""

import codecs
import re
from pathlib import Path

from geo_hygiene.files.findings import Code, Finding
from geo_hygiene.files.reading import encodings
from geo_hygiene.files.reading.locate import refuse
from geo_hygiene.files.reading.sources import FORMAT_ENCODING
from geo_hygiene.i18n import N_

_BLOCK = 1024 * 1024
#: One byte in so many is zero in UTF-16, however Chinese the text is.
_ZEROS = 25
#: What stands between the signs of JSON and CSV.
_WORD = re.compile(r"""[^\s,;:"{}\[\]\x00-\x1f]+""")


def _wide_codec(start: bytes) -> str | None:
    """Return the codec of UTF-16 text, which has a mark, or a zero beside each Latin sign and line end."""
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if start.count(0) * _ZEROS < len(start) or not start.strip(b"\x00"):
        return None
    even, odd = start[::2].count(0), start[1::2].count(0)
    return None if even and odd else "utf-16-le" if odd else "utf-16-be"


class Text:
    """A text file whose every byte was decoded once, so that no later step meets a byte that it can not.

    Parameters
    ----------
    path
        The file.
    option
        Name of the encoding, if the user says it.

    Attributes
    ----------
    codec
        Python's codec, which passes over a byte order mark.
    encoding
        `used` and `from`.
    """

    def __init__(self, path: Path, option: str | None) -> None:
        self._path = path
        self.findings: list[Finding] = []
        self.encoding = dict(FORMAT_ENCODING)
        self.codec = "utf-8-sig"
        with path.open("rb") as file:
            start = file.read(_BLOCK)
        asked, wide = encodings.asked(option), _wide_codec(start)
        if wide == "utf-16" or (wide is not None and asked is None):
            self.codec, self.encoding = wide, {"used": "UTF-16", "from": "format"}
            self._must_decode("UTF-16")
        elif asked is not None:
            self.encoding = {"used": asked.name, "from": "option"}
            self.codec = asked.codec if asked.codec != encodings.UTF8 else self.codec
            self._must_decode(asked.name)
        elif not self._decodes():
            self.codec = encodings.CHINESE
            self._must_decode("UTF-8")
            encodings.refuse_rubbish(self._foreign_words())
            self.encoding = {"used": "GB18030", "from": "guess"}
            text = N_("The text is not UTF-8; it was read as GB18030.")
            hint = N_("If that is wrong, say the right one with --encoding.")
            self.findings.append(Finding(Code.ENCODING_GUESSED, text, hint=hint))

    def _must_decode(self, name: str) -> None:
        if not self._decodes():
            raise refuse(
                Code.TEXT_UNDECODABLE,
                N_("The text is not %(encoding)s."),
                hint=N_("Say the right encoding with --encoding."),
                encoding=name,
            )

    def _foreign_words(self) -> list[str]:
        with self._path.open(encoding=self.codec, newline="") as file:
            return [word for word in _WORD.findall(file.read(_BLOCK)) if not word.isascii()]

    def _decodes(self) -> bool:
        decoder = codecs.getincrementaldecoder(self.codec)()
        with self._path.open("rb") as file:
            try:
                while block := file.read(_BLOCK):
                    decoder.decode(block)
                decoder.decode(b"", final=True)
            except UnicodeDecodeError:
                return False
        return True
