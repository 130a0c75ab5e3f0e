"""The local cloud: the real template, deployed into an emulated AWS on this machine. `make dev` runs it."""

from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
KEEP = PROJECT / ".local"
"""Where everything made while running is kept. `make dev-reset` deletes its `state`."""
