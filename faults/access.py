"""Every address asked by every role, for objects of its own area, of another and unknown; and every forged write."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from http import HTTPStatus

from bench.workspace import workspace
from faults.tally import Tally
from geo_hygiene.permissions import Role
from geo_hygiene.web.connections import Connections
from tests.web.conftest import application
from tests.web.test_access import LIMITED, fill_office, reads, visitor, writes

GROUP = "Every address with every role"
GOOD = 400
"""First status code that is no answer to what was asked."""


def measure() -> Iterator[Tally]:
    """Ask as everybody, and count what was answered otherwise than the table of the tests says."""
    logging.getLogger("geo_hygiene.access").disabled = True
    with workspace() as place:
        database = place.copy()
        with database.connect() as connection:
            fill_office(connection)
        opened = Connections(database.service_url)
        office = application(None, connections=opened)
        for name in (*Role, *LIMITED, "stranger"):
            tally, begun = Tally(GROUP, str(name), refused_wrongly=0), time.monotonic()
            client = visitor(office, name)
            cells = [*reads(client, name), *(writes(client, name) if name not in LIMITED else ())]
            for cell in cells:
                status = cell.answer.status_code
                tally.tried += 1
                tally.counts[cell.sort] += 1
                tally.accepted += status < GOOD
                tally.refused += status >= GOOD
                tally.server_errors += status >= HTTPStatus.INTERNAL_SERVER_ERROR
                if not cell.is_right:
                    tally.accepted_wrongly += status < GOOD
                    tally.refused_wrongly = (tally.refused_wrongly or 0) + (status >= GOOD)
                    tally.tell(f"{cell.rule} ({cell.sort}) was answered {status}, not {cell.right}")
            tally.seconds = time.monotonic() - begun
            yield tally
        opened.close()
