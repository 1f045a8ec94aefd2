"""The sample year as tables: doors and letters, activities, surveys, honours, and work on places.

They are made from the town's own files, so that these need not hold them: they would be larger than the town.
"""

from __future__ import annotations

from datetime import date

import numpy as np

from geo_hygiene.sample.activities import make_activities
from geo_hygiene.sample.county import TownTable
from geo_hygiene.sample.doors import make_doors
from geo_hygiene.sample.ground import Ground
from geo_hygiene.sample.works import LAST_DAY, make_works

YEAR_ORDER = ("frontages", "units", "works", "activities", "letters", "awareness-surveys", "honours")
"""So that each finds what it names."""

STREAM = 9
"""What comes to be drawn elsewhere changes nothing here."""


def year_tables(ground: Ground, until: date = LAST_DAY) -> list[TownTable]:
    """Return the tables of the year in the order in which they are loaded; no work is later than a day."""
    doors, activities, works = (np.random.default_rng([STREAM, n]) for n in range(3))
    made = [*make_doors(ground, doors), *make_activities(ground, activities), make_works(ground, works, until)]
    by_key = {table.key: table for table in made}
    return [by_key[key] for key in YEAR_ORDER]
