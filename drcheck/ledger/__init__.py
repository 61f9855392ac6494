"""The append-only history of what was looked at, seen and judged."""
