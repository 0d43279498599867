"""One self-contained page to look through where a network spent its computation."""

from sact_keras.lazy import lazy_names

_NAMES = {
    "ReportEntry": "sact_keras.visualization.report.report_entry",
    "write_report": "sact_keras.visualization.report.report_writer",
}

__all__ = ["ReportEntry", "write_report"]

__getattr__, __dir__ = lazy_names(__name__, _NAMES)
