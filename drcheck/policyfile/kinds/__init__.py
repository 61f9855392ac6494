"""The kinds of commitment in policies, a module each: keys, what may be wrong with them, what lint tells."""
