"""The local cloud: the real template, deployed into an emulated AWS on this machine. `make dev` runs it."""

from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
KEEP = PROJECT / ".local"
"""Everything that is written while running. `make dev-reset` deletes its `state`."""
