"""A brute-force oracle for the evaluators, written from ``judging.md`` alone.

It shares nothing with ``drcheck.core`` but the value types: it has its own naive calendar, its own naive idea of what
nobody may have seen, and it judges one second at a time. For each second it gives the *set* of statuses that the rules
allow: one status where they demand it, that status or unknown where an evaluator's bounds may be coarser than
enumeration, and unknown alone where the combinations that the evidence allows disagree.

A second ``s`` stands for the instants strictly between ``s`` and ``s + 1``.
"""
