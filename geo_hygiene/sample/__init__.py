"""The sample town: clearly synthetic, the same on every machine, at the size of the source's subdistrict."""

from geo_hygiene.sample.clearing import SampleInUseError, clear
from geo_hygiene.sample.loading import SampleRefusedError, load, load_into_empty
from geo_hygiene.sample.write import write

__all__ = ["SampleInUseError", "SampleRefusedError", "clear", "load", "load_into_empty", "write"]
