"""Copies: which points are one, how many there are, how far apart, and where all of them lie."""
