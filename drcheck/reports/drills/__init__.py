"""Drills of the ledger, and what is due next, as people and programs read them."""
