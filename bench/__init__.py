"""Benchmarks: ``make bench`` measures on databases of its own; nothing here is a test, nothing ships in the wheel."""
