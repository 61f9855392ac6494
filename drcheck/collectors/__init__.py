"""Where evidence lies: a module or folder a place, each a :class:`drcheck.interfaces.Collector`; what they share."""
