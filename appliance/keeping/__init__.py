"""What is kept: under which key, copied, looked after, and forgotten."""
