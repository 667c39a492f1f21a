"""Recognisers of our own, for what Presidio and spaCy miss: patterns that run in linear time, by subject."""
