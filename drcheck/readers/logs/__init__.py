"""Readers of logs: restore tests, outages, maintenance, attestations; and the forms that logs have."""
