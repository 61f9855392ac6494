"""The use cases: look, judge, verify (which is the one and then the other), replay, try; and what serves them."""
