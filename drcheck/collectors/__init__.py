"""Where evidence lies: one module a kind of place, each a :class:`drcheck.interfaces.Collector`."""
