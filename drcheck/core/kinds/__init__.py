"""The kinds of commitment, one module or folder each, and nothing else: its value, what it needs, its evaluator."""
