"""The reporting API: one query engine behind HTTP, the command line and Python."""

from api.engine import Reports
from api.errors import RequestError
from api.report import Column, Report
from api.request import ReportRequest

__all__ = ["Column", "Report", "ReportRequest", "Reports", "RequestError"]
