"""Write a layer or table of the product as a file that an import reads back."""

from geo_hygiene.files.writing.export import ENDINGS, Exported, export, write
from geo_hygiene.files.writing.rows import MIXED, ExportError, geometry_type_of, rows_of

__all__ = ["ENDINGS", "MIXED", "ExportError", "Exported", "export", "geometry_type_of", "rows_of", "write"]
