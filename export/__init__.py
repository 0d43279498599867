"""The exporters' command lines: `python -m export.saved_model --help`."""
