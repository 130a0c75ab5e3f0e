"""Where permission stories run: everything deployed, and what a sample refers to."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.authenticators import Authenticator
from tests.functions.away import EmulatedProviders, arrange_for
from tests.functions.clients import Program, arrange_code, arrange_session
from tests.functions.inventory import FACTORS, OAUTH, PASSKEYS
from tests.functions.lambdas import Answer, Lambdas
from tests.functions.people import Person
from tests.functions.requests import SAMPLE_CREDENTIAL, request, sample
from tests.unit.accounts.identity_providers.forgery import NONCE


@dataclass(frozen=True)
class Stage:
    """Everything deployed and both providers, for one story of ``function``. ``patch`` is undone at its end."""

    functions: Lambdas
    providers: EmulatedProviders
    patch: pytest.MonkeyPatch
    function: str

    @property
    def program(self) -> Program:
        """A program that has not logged in yet."""
        return Program(self.functions)

    def arrange(self, *more: Callable[[Lambdas, Person], object]) -> Person:
        """What the function's sample refers to, and ``more``; written once, then copied."""
        if self.function in OAUTH:
            self.providers.google_says(nonce=NONCE)
        key = (self.function, *more)
        if key not in _written:
            _written[key] = self._write(*more)
        person, tables, known = _written[key]
        self.functions.cloud.restore_tables(tables)
        self.functions.people.known |= known
        return person

    def _write(self, *more: Callable[[Lambdas, Person], object]) -> tuple[Person, Any, frozenset[str]]:
        person = _ARRANGEMENTS.get(self.function, _as_sampled)(self)
        for further in more:
            further(self.functions, person)
        return person, self.functions.cloud.copy_of_tables(), frozenset(self.functions.people.known)

    def calls(self, **changes: Any) -> "Act":
        """The last step: the sample with these changes."""
        return self.sends(request(self.function, **changes) if changes else sample(self.function))

    def sends(self, event: Any) -> "Act":
        """The last step: this event."""
        return lambda: self.functions.invoke(self.function, event)


Act = Callable[[], Answer]
Story = Callable[[Stage], Act]
_written: dict[tuple[object, ...], tuple[Person, Any, frozenset[str]]] = {}


def _as_sampled(stage: Stage) -> Person:
    return stage.functions.people.as_sampled()


def _with_provider(stage: Stage) -> Person:
    return arrange_for(stage.functions, stage.function, stage.functions.clock.now)


def _with_code(stage: Stage) -> Person:
    person = stage.functions.people.arrange()
    arrange_code(stage.functions, person)
    return person


def _with_program(stage: Stage) -> Person:
    person = stage.functions.people.arrange()
    arrange_session(stage.functions, person)
    return person


def _with_passkeys(stage: Stage) -> Person:
    person = stage.functions.people.as_sampled()
    for credential in (SAMPLE_CREDENTIAL, b"sample-passkey-2"):
        stage.functions.people.give_passkey(person, Authenticator(credential=credential))
    return person


def _with_second_factor(stage: Stage) -> Person:
    person = stage.functions.people.as_sampled()
    stage.functions.people.give_second_factor(person)
    stage.functions.people.begin_login(person)
    return person


_ARRANGEMENTS: dict[str, Callable[[Stage], Person]] = {
    **dict.fromkeys(OAUTH, _with_provider),
    **dict.fromkeys(PASSKEYS, _with_passkeys),
    **dict.fromkeys(FACTORS, _with_second_factor),
    "operator_factor_reset": _with_second_factor,
    "client_token": _with_code,
    "client_revoke": _with_program,
}
