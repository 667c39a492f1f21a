"""The decision report: the facts as JSON, and the same as one page."""
