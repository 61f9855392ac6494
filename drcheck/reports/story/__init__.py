"""What a report says of an estate and of each service, in the order in which it is read: for pages and for paper."""
