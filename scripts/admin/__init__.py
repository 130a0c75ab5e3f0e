"""What operators do, as one command. `make admin` runs it, and `make admin DO=--help` lists what it can do."""

import sys
from pathlib import Path

# The domain is a layer, not a package of this project.
sys.path.insert(0, str(Path(__file__).parents[2] / "layers" / "domain"))
