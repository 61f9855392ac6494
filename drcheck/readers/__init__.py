"""What the evidence says: backups by their names, logs, and content, which readers of the first kind ask for."""
