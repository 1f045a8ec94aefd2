"""Long work: rows that a worker process takes one after the other, with progress, cancel and result."""

from geo_hygiene.jobs.store import Job, JobState, NewJob, UnknownJobError

__all__ = ["Job", "JobState", "NewJob", "UnknownJobError"]
