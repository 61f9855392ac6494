"""Integrity: what was checked, to which rung, when."""
