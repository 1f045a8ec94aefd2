"""Store the rows of a foreign file: :func:`import_file` does all of it, in one transaction or not at all."""

from geo_hygiene.files.importing.batch import STEP_TITLES, Progress
from geo_hygiene.files.importing.options import ImportOptions
from geo_hygiene.files.importing.report import ImportReport, Stored
from geo_hygiene.files.importing.run import NoImportError, import_file, import_table

__all__ = [
    "STEP_TITLES",
    "ImportOptions",
    "ImportReport",
    "NoImportError",
    "Progress",
    "Stored",
    "import_file",
    "import_table",
]
