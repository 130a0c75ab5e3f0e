"""What an authorization request asks of the login: ``max_age``, ``acr_values`` and ``prompt``.

``none`` and ``login`` are the prompts that matter here; the owner is always asked for consent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta

from accounts.errors import ClientRefused, LoginNotStrongEnough
from accounts.model.assurance import ACR_VALUES, MULTI_FACTOR, Requirement

# Nine digits are 31 years.
_SECONDS = re.compile(r"[0-9]{1,9}")
_NONE, _LOGIN = "none", "login"
_AGE = "Send max_age as a number of seconds, of at most nine digits."
_PROMPT = "Send no other prompt with none."


def requirement(parameters: Mapping[str, str]) -> Requirement:
    """Raises ClientRefused, or LoginNotStrongEnough when none of ``acr_values`` exists here."""
    prompts = parameters.get("prompt", "").split()
    if _NONE in prompts and len(prompts) > 1:
        raise ClientRefused(_PROMPT)
    max_age = timedelta(0) if _LOGIN in prompts else _max_age(parameters)
    multi_factor = _weakest(parameters.get("acr_values", "").split()) == MULTI_FACTOR
    return Requirement(max_age=max_age, multi_factor=multi_factor, silent=_NONE in prompts)


def _max_age(parameters: Mapping[str, str]) -> timedelta | None:
    text = parameters.get("max_age")
    if text is None:
        return None
    if not _SECONDS.fullmatch(text):
        raise ClientRefused(_AGE)
    return timedelta(seconds=int(text))


def _weakest(asked: list[str]) -> str | None:
    """The weakest of the values that exist here, because each is enough; None when none is asked for."""
    known = [it for it in ACR_VALUES if it in asked]
    if asked and not known:
        raise LoginNotStrongEnough
    return known[0] if known else None
