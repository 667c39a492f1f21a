"""Runs the stages and remembers what they found."""
