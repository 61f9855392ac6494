"""What the kinds of commitment share: what a kind must be, what a judgement gets, and how points are judged."""
