"""Botocore clients. Not boto3's: its resource layer would slow cold starts and is not needed."""

from __future__ import annotations

from functools import cache
from typing import Any

from botocore.config import Config

from accounts import aws_session

# Three tries of at most 1 s + 1 s and the pauses between them: below the functions' timeout of 20 s (ASVS 13.2.6).
_CONFIG = Config(
    connect_timeout=1, read_timeout=1, retries={"total_max_attempts": 3, "mode": "standard"}, parameter_validation=False
)
# For notes: a second try would delay a good credential.
_ONCE = Config(connect_timeout=1, read_timeout=1, retries={"total_max_attempts": 1}, parameter_validation=False)
# One try: a second one would repeat what the invoked function did. It may start cold.
_CONFIGS = {
    "lambda": Config(connect_timeout=1, read_timeout=8, retries={"total_max_attempts": 1}, parameter_validation=False)
}


@cache
def client(service: str, *, once: bool = False) -> Any:  # noqa: ANN401 - botocore creates its classes at run time
    """The process's one client for ``service`` and number of tries. ``AWS_ENDPOINT_URL`` replaces AWS's endpoint."""
    return aws_session.session().create_client(service, config=_ONCE if once else _CONFIGS.get(service, _CONFIG))
