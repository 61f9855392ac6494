"""What ``drcheck restore`` shows: for people, and for programs."""
