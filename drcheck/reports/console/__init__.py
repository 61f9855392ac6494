"""The report for people, and its parts: instants, text, marks and lines as a terminal shows them."""
