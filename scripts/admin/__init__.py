"""The operators' command. `make admin` runs it; `make admin DO=--help` lists its subcommands."""

import sys
from pathlib import Path

# The domain is a layer and is not installed.
sys.path.insert(0, str(Path(__file__).parents[2] / "layers" / "domain"))
