"""Drills: a recovery point restored for real on a host that the runner allows, checked, timed, and cleaned away."""
