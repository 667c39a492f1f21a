"""The parts of the page Serving, one module a tab."""
