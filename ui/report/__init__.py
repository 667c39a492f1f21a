"""The parts of the page Report that are long enough to stand alone."""
