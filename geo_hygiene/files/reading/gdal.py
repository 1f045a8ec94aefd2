"""What GDAL, Arrow and SQLite raise over a damaged file, as a refusal."""

import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa
from pyogrio.errors import DataLayerError, DataSourceError

from geo_hygiene.files.reading.locate import RefusedError

#: Names of columns and systems may be any bytes.
_DAMAGED = (DataSourceError, DataLayerError, pa.ArrowException, sqlite3.Error, UnicodeDecodeError)


@contextmanager
def refusing(refusal: RefusedError) -> Iterator[None]:
    """Refuse a file that can not be read in these words; what is warned of is found again in its rows."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except _DAMAGED as problem:
            raise refusal from problem
        except OSError as problem:
            # One with a number is of the machine, such as a full disk.
            if problem.errno is not None:
                raise
            raise refusal from problem
