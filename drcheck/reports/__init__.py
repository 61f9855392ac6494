"""How verdicts are shown: a module or folder a format, each with a :class:`drcheck.interfaces.Render`."""
