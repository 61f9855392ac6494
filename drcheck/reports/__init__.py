"""How verdicts are shown: one module a format, each a :class:`drcheck.interfaces.Render`."""
