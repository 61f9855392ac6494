"""Readers of recovery points."""
