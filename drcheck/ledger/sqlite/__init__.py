"""The log of a ledger in an SQLite file, with the lock for whoever appends."""
