"""Backups are made often enough: what is promised, the slots that backups are owed in, and the judgement."""
