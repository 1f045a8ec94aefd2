"""Papers that are printed from the records."""
