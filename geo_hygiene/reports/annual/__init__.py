"""The annual report: figures of a year, each with its definition, its query and its records."""

from geo_hygiene.reports.annual.declaring import Declared
from geo_hygiene.reports.annual.figures import FIGURES, MECHANISMS
from geo_hygiene.reports.annual.report import Figure, Report, answer
from geo_hygiene.reports.annual.writing import WRITERS, write_report

__all__ = ["FIGURES", "MECHANISMS", "WRITERS", "Declared", "Figure", "Report", "answer", "write_report"]
