"""Read foreign files safely and right: `read` gives a `SourceTable`, whatever the file."""

from geo_hygiene.files.reading.limits import BROWSER_UPLOAD, COMMAND_LINE, Limits
from geo_hygiene.files.reading.reader import ReaderFaultError, read
from geo_hygiene.files.reading.table import SourceTable
from geo_hygiene.files.scratch import sweep

__all__ = ["BROWSER_UPLOAD", "COMMAND_LINE", "Limits", "ReaderFaultError", "SourceTable", "read", "sweep"]
