"""How verdicts are shown: a module or folder a format, each with a :class:`drcheck.run_report.Render`."""
