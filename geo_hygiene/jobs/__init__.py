"""Long work: rows that a worker process takes one after the other, with progress, cancel and result."""
