"""Use cases: one module each, grouped by subject."""
