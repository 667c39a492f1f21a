"""Teaches a small model: values in, values out; no database, no run, no environment variable."""
