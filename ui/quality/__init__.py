"""The parts of the page Quality, one module a tab."""
