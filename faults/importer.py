"""Import the files that standard input names, one after the other, and tell what came of each.

python -m faults.importer HOME
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from geo_hygiene.cluster import Cluster
from geo_hygiene.database import engine
from geo_hygiene.files.importing import ImportOptions, import_file


def main() -> None:
    """Import until standard input ends; a database that is lost is told, and the next file is waited for."""
    home = Path(sys.argv[1])
    connections = engine(Cluster(home).url("service"))
    for line in sys.stdin:
        try:
            report = import_file(connections, "facilities", Path(line.strip()), ImportOptions(scratch=home / "tmp"))
            told = report.status
        except DBAPIError as error:
            told = type(error).__name__
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
