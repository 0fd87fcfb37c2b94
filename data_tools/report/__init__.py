"""The page on which a person reviews a curation: one HTML file that needs nothing but a browser."""

from data_tools.curation.equivalence import ClassMember
from data_tools.report.page import write_report

__all__ = ["ClassMember", "write_report"]
