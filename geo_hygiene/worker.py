"""``python -m geo_hygiene.worker``: does the long work of a home, beside its web server; ``up`` starts it."""

from __future__ import annotations

import logging
import signal
import sys

from geo_hygiene import layers  # noqa: F401 - loaded once, before the children that do the jobs
from geo_hygiene.files.import_jobs import ImportJobs
from geo_hygiene.i18n import negotiate, use_locale
from geo_hygiene.jobs.worker import Worker
from geo_hygiene.reports.annual import jobs as report_jobs
from geo_hygiene.settings import Settings
from geo_hygiene.zoning import proposal_jobs


def main() -> None:
    """Work until a signal says stop."""
    settings = Settings.load()
    if settings.service_url is None:
        sys.exit("GEO_HYGIENE_SERVICE_URL names no database")
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.WARNING)
    use_locale(negotiate(settings.locale))
    imports = ImportJobs(settings.home)
    handlers = {**imports.handlers, **proposal_jobs.HANDLERS, **report_jobs.HANDLERS}
    worker = Worker(settings.service_url, handlers, imports.tidy)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        signal.signal(number, worker.stop)
    worker.run()


if __name__ == "__main__":
    main()
