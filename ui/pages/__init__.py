"""The pages, each a script of its own that `ui/console.py` runs."""

from __future__ import annotations

GROUPS = {
    "": ("overview",),
    "Prepare": ("data", "privacy", "teacher"),
    "Build": ("train", "quality", "serving"),
    "Decide": ("report", "release"),
    "Operate": ("system",),
}
"""Groups of the navigation, in the order of the work."""
