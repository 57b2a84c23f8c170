"""Forms of alerts as bytes, one a file."""
