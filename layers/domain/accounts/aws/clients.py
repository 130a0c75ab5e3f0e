"""Botocore clients. Not boto3's: its resource layer costs a cold start what it is not used for here."""

from __future__ import annotations

from functools import cache
from typing import Any

from botocore.config import Config
from botocore.session import get_session

# Three tries of at most 1 s + 2 s, below the functions' timeout of 10 s (ASVS 13.2.6).
_CONFIG = Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 3, "mode": "standard"})


@cache
def client(service: str) -> Any:  # noqa: ANN401 - botocore makes its clients' classes at run time
    """The process's one client for ``service``; ``AWS_ENDPOINT_URL`` says where, if not in AWS."""
    return get_session().create_client(service, config=_CONFIG)
