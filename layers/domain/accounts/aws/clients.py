"""Botocore clients. Not boto3's: its resource layer costs a cold start what it is not used for here."""

from __future__ import annotations

from functools import cache
from typing import Any

from botocore.config import Config

from accounts import aws_session

# Three tries of at most 1 s + 1 s and the pauses between them, below the functions' timeout of 20 s (ASVS 13.2.6).
_CONFIG = Config(
    connect_timeout=1, read_timeout=1, retries={"total_max_attempts": 3, "mode": "standard"}, parameter_validation=False
)


@cache
def client(service: str) -> Any:  # noqa: ANN401 - botocore makes its clients' classes at run time
    """The process's one client for ``service``; ``AWS_ENDPOINT_URL`` says where, if not in AWS."""
    return aws_session.session().create_client(service, config=_CONFIG)
