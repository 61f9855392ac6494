"""The pure core: no input or output, no clock, no randomness; everything is a function of what it is given."""
