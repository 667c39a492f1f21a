"""The parts of the page Train, one module a tab."""
