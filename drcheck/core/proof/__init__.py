"""Proof that records are those which were written: the tree over them, and the forms in which others read it."""
