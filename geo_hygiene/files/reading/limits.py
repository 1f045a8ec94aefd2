"""How much a foreign file may cost before it is refused."""

from dataclasses import dataclass

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The bounds within which one file is read.

    Parameters
    ----------
    memory
        Bytes of address space of the reading process.
    seconds
        Processor seconds of the reading process; it is also stopped after three times as many seconds on the clock.
    file_bytes
        Bytes of the file with its side files; None means no bound.
    unpacked_bytes
        Bytes that an archive may hold when it is unpacked.
    features
        Rows of the file; None means no bound.
    vertices
        Vertices of one feature.
    written_bytes
        Bytes of each file that the reading process writes for itself.
    """

    memory: int = 1024 * MEBIBYTE
    seconds: int = 900
    file_bytes: int | None = None
    unpacked_bytes: int = 1024 * MEBIBYTE
    features: int | None = None
    vertices: int = 100_000
    written_bytes: int = 4096 * MEBIBYTE


COMMAND_LINE = Limits()
"""A file that somebody with a shell on this machine imports: no bound on the rows, 1 GB of memory."""

BROWSER_UPLOAD = Limits(
    seconds=60,
    file_bytes=200 * MEBIBYTE,
    unpacked_bytes=200 * MEBIBYTE,
    features=200_000,
    written_bytes=512 * MEBIBYTE,
)
"""A file that came over the network."""
