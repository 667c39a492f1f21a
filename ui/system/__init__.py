"""The parts of the page System, one a tab."""
