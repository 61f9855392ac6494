"""What people read of verdicts and evidence, in the words that all formats for them share."""
