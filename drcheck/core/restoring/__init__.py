"""What to restore from: the newest restorable point of each data set, and what is known around it."""
