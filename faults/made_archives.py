"""Strategies of zip archives: bombs, slips, forged entries."""

from __future__ import annotations

import io
import stat
import struct
import warnings
import zipfile
from collections.abc import Mapping

from hypothesis import strategies as st

NAMES = (
    "town",
    "TOWN",
    "路网",
    "../town",
    "..\\town",
    "/etc/town",
    "C:\\town",
    "a/../../town",
    "a/b/town",
    "__MACOSX/._town",
    "town\x00.txt",
    "town\n",
    "x" * 260,
    ".",
    "",
)
ZEROS = bytes(20 * 1024 * 1024)
has_zeros = st.sampled_from((False,) * 99 + (True,))


@st.composite
def archives(draw: st.DrawFn, inside: st.SearchStrategy[Mapping[str, bytes]]) -> Mapping[str, bytes]:
    """Draw an archive of a source, whose names, flags and members may be hostile."""
    stem = draw(st.sampled_from(("town",) * 8 + NAMES))
    members = [(stem + name.removeprefix("town"), content) for name, content in draw(inside).items()]
    members += draw(
        st.sampled_from(
            ([],) * 8
            + (
                members[:1],
                [("again.shp", b"x"), ("other.gpkg", b"y")],
                [("inner.zip", b"PK\x05\x06" + b"\x00" * 18)],
                [(f"{number}.txt", b"") for number in range(25)],
                [("readme.txt", b"x"), ("folder/", b"")],
            )
        )
    )
    written = io.BytesIO()
    if draw(has_zeros):
        members.append(("bomb.prj", ZEROS))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # names that stand twice
        with zipfile.ZipFile(
            written, "w", draw(st.sampled_from((zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED)))
        ) as archive:
            for name, content in members:
                archive.writestr(
                    entry(name, draw(st.sampled_from(("plain",) * 20 + ("link", "bzip2", "lzma")))), content
                )
    forged = draw(st.sampled_from(("",) * 6 + ("encrypted", "sizes", "comment", "before", "offset")))
    return {"town.zip": forge(written.getvalue(), forged)}


def entry(name: str, kind: str) -> zipfile.ZipInfo:
    """Return the head of a member."""
    info = zipfile.ZipInfo(name or "x")
    info.compress_type = {"bzip2": zipfile.ZIP_BZIP2, "lzma": zipfile.ZIP_LZMA}.get(kind, zipfile.ZIP_DEFLATED)
    if kind == "link":
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def forge(content: bytes, how: str) -> bytes:
    """Return an archive whose directory says something else than its members."""
    at = content.find(b"PK\x01\x02")
    match how:
        case "encrypted":
            return content[: at + 8] + b"\x01" + content[at + 9 :]
        case "sizes":
            return content[: at + 24] + struct.pack("<I", 10) + content[at + 28 :]
        case "comment":
            return content + b"\x00" * 40
        case "before":
            return b"PK\x03\x04" + b"\x00" * 60 + content
        case "offset":
            return content[: at + 42] + b"\xff\xff\xff\x7f" + content[at + 46 :]
        case _:
            return content
