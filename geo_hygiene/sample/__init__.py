"""The sample town: clearly synthetic, the same on every machine, at the size of the source's subdistrict."""

from geo_hygiene.sample.write import write

__all__ = ["write"]
