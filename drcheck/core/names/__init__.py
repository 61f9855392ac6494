"""Names of recovery points: templates, and reading names by them."""
