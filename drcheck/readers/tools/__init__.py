"""What backup tools themselves say of their repositories: the output of a command, or a file that it was saved to."""
