"""How the scripts call AWS."""

from collections.abc import Callable
from typing import Any

# The boto3 client of a service.
Client = Callable[[str], Any]
