"""Retention: everything for so long, or tiers of slots."""
