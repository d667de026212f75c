"""Reports: one HTML file of a run, or of several, that needs no server, no network and no script."""

from runlogging.report._report import report_html, write_report

__all__ = ["report_html", "write_report"]
