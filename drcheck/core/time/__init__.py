"""Sets of time, calendars, wall clocks, and statuses laid over a window of time."""
