"""Real servers on one machine, filled with evidence whose story is known: for tests, measuring and the quickstart."""
