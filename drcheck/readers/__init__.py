"""What the evidence says: one module a format, each a :class:`drcheck.interfaces.Read`."""
