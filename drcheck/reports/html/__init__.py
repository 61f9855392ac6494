"""The report as pages to read and explore: self-contained, without a request to anywhere, in light and dark."""
