"""Ways to receivers, one a file."""
