"""Foreign files in and out: the only package that reads or writes their formats."""
