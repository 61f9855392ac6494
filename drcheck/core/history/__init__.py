"""Looks, one after the other, turned into what came, changed and went, and which of it counts."""
