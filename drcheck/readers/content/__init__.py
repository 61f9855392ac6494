"""What the bytes of a backup, and what stands beside it, tell: checksums, encryption."""
