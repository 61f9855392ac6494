"""Plug-ins that the package does not know: a kind of commitment, a reader, a collector and a report format."""
