"""How each kind of commitment is judged: one evaluator a module, each a pure function."""
