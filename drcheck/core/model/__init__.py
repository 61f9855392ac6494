"""The values that everything shares: what was promised, what was seen, what came of it."""
