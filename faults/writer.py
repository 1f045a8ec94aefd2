"""Write duty zones into a database, one transaction each, and tell the code of each when it is stored.

python -m faults.writer ADDRESS NAME SEED
"""

from __future__ import annotations

import random
import sys
import time

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from geo_hygiene.coverage.writing import NewZone, Stretch, add_zones
from geo_hygiene.database import engine

TARGETS = "select id, extent_mm from target where kind = 'street-segments' order by id limit 200"
PAUSE_SECONDS = 0.03


def main() -> None:
    """Write until somebody kills this process."""
    address, name, seed = sys.argv[1:]
    dice = random.Random(int(seed))  # noqa: S311 - chooses lanes
    connections = engine(address)
    count = 0
    while True:
        count += 1
        code = f"{name}-{count}"
        try:
            with connections.begin() as connection:
                targets = connection.execute(text(TARGETS)).all()
                stretches = [Stretch(row.id, 0, row.extent_mm) for row in dice.sample(targets, dice.randint(1, 4))]
                add_zones(connection, [NewZone(code=code, duty_id=1, stretches=stretches)])
        except DBAPIError:
            time.sleep(0.1)
            continue
        sys.stdout.write(code + "\n")
        sys.stdout.flush()
        time.sleep(PAUSE_SECONDS)


if __name__ == "__main__":
    main()
