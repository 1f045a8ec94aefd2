"""Write a layer or table of the product as a file that an import reads back."""

from geo_hygiene.files.writing.export import ENDINGS, Exported, export
from geo_hygiene.files.writing.formats import ExportError

__all__ = ["ENDINGS", "ExportError", "Exported", "export"]
