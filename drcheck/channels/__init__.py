"""How those who must know are reached: each module hands over what it is given, and says why it could not."""
