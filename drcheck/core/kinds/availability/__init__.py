"""Availability: downtime, announced maintenance, credits."""
