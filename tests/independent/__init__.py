"""Computations that import nothing of the product and read exported files only."""
