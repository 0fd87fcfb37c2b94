"""The review page: one HTML file on which a person reviews a curation in any browser."""

from data_tools.curation.equivalence import ClassMember
from data_tools.report.page import write_report

__all__ = ["ClassMember", "write_report"]
