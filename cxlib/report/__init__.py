"""Executed notebooks to HTML reports, and the index of a run."""
