"""Google and GitHub for the functions: their responses, the requests they received, and browsers that come back."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from copy import replace
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from accounts import secrets
from accounts.model import identities, one_time_tokens, users
from accounts.model.identities import Identity
from accounts.model.one_time_tokens import OAUTH_STATE, PROVIDER_VERIFICATION, OneTimeToken
from tests.functions import lambdas
from tests.functions.lambdas import Answer, Lambdas
from tests.functions.people import Person
from tests.functions.requests import sample
from tests.unit.accounts.identity_providers import forgery
from tests.unit.accounts.identity_providers.forgery import CLIENT_ID, key_set
from tests.unit.accounts.identity_providers.transport import (
    GITHUB_EMAILS,
    GITHUB_USER,
    GOOGLE_KEYS,
    TOKEN_URLS,
    Wire,
    wired,
)

# Values in the samples of events/.
SAMPLE_STATE = "sample-oauth-state-of-the-events-folder-000"
SAMPLE_BROWSER = "sample-oauth-browser-of-the-events-folder-0"
SAMPLE_PROOF = "sample-provider-proof-token-of-the-events-0"
SAMPLE_GITHUB = "github#583231"
# The account that has the address of the sample of ``identity_confirm``, in the tests that open one.
OWNER_OF_THE_EMAIL = "OwnerOfTheEmail"
CANARIES = ("canary-access-token-of-google", "canary-access-token-of-github", "canary-client-secret", "canary-refresh")
CREDENTIALS = {
    "google": {"client_id": CLIENT_ID, "client_secret": "canary-client-secret-of-google"},
    "github": {"client_id": "Iv1.client", "client_secret": "canary-client-secret-of-github"},
}


@dataclass
class EmulatedProviders:
    """``wire`` is the network, ``nonce`` the last departure's, ``browser`` the cookies kept until the return."""

    functions: Lambdas
    wire: Wire
    nonce: str = ""
    browser: dict[str, str] = field(default_factory=dict)

    def google_says(self, **said: Any) -> None:
        """Set the next ID token, with the nonce of the last departure."""
        changes = {"nonce": self.nonce, "email": "person@example.com", "name": "Some Person"} | said
        self.wire.answers |= {
            TOKEN_URLS["google"]: {
                "access_token": CANARIES[0],
                "refresh_token": CANARIES[3],
                "token_type": "Bearer",
                "id_token": forgery.token(forgery.claims(self.functions.clock.now, **changes)),
            },
            GOOGLE_KEYS: key_set(),
        }

    def github_says(self, subject: int = 583231, email: str = "person@example.com", *, verified: bool = True) -> None:
        """Set the person that GitHub's API returns."""
        self.wire.answers |= {
            TOKEN_URLS["github"]: {"access_token": CANARIES[1], "token_type": "bearer"},
            GITHUB_USER: {"id": subject, "login": "person", "name": "Some Person", "email": "profile@example.com"},
            GITHUB_EMAILS: [{"email": email, "primary": True, "verified": verified}],
        }

    def start(self, provider: str = "google", query: str = "", cookie: str | None = None) -> Answer:
        """``GET /auth/{provider}/start`` from this browser, which keeps the cookies it receives."""
        event = page_event("GET", "/auth/{provider}/start", provider, query)
        event["cookies"] = [f"__Host-session={cookie}"] if cookie else []
        return self._left(self.functions.invoke("oauth_start", event))

    def link(self, provider: str = "google", **changes: Any) -> Answer:
        """The sample of ``POST /auth/{provider}/link``, for that provider."""
        event = sample("oauth_start") | changes
        event["rawPath"] = event["requestContext"]["http"]["path"] = f"/auth/{provider}/link"
        return self._left(self.functions.invoke("oauth_start", event | {"pathParameters": {"provider": provider}}))

    def callback(
        self,
        provider: str = "google",
        query: str = "",
        *,
        session: str | None = None,
        cookies: dict[str, str] | None = None,
    ) -> Any:
        """``GET /auth/{provider}/callback`` from this browser."""
        event = page_event("GET", "/auth/{provider}/callback", provider, query)
        held = self.browser if cookies is None else cookies
        event["cookies"] = [f"{name}={value}" for name, value in held.items()]
        event["cookies"] += [f"__Host-session={session}"] if session else []
        answer = self.functions.invoke("oauth_callback", event)
        for secret in set(answer.cookies):
            self._handed_out(secret)
        return answer

    def come_back(self, departure: Answer, provider: str = "google", **more: Any) -> Answer:
        """The provider's redirect with a code and the departure's state."""
        answer: Answer = self.callback(provider, f"state={state_of(departure)}&code=a-code", **more)
        return answer

    def _left(self, answer: Answer) -> Answer:
        for line in answer.result.get("cookies", []):
            name, _, value = line.split(";")[0].partition("=")
            self.browser[name] = value
        if answer.status in (200, 303):
            query = query_of(answer)
            self.nonce = query.get("nonce", "")
            self._handed_out(query["state"])
        return answer

    def _handed_out(self, secret: str) -> None:
        """Issued in this response; it must be found nowhere else."""
        self.functions.issued.add(secret)
        self.functions.seen[-1] = self.functions.seen[-1].replace(secret, "")


def page_event(method: str, route: str, provider: str, query: str) -> dict[str, Any]:
    """A browser's navigation to ``route``."""
    event = sample("oauth_callback") | {"routeKey": f"{method} {route}", "rawQueryString": query}
    event["pathParameters"] = {"provider": provider}
    event["rawPath"] = route.replace("{provider}", provider)
    event["requestContext"]["http"] |= {"method": method, "path": event["rawPath"]}
    event["requestContext"]["routeKey"] = event["routeKey"]
    return event


def query_of(departure: Answer) -> dict[str, str]:
    """The query of the redirect to the provider."""
    is_link = departure.status == 200
    url: str = departure.json["authorization_url"] if is_link else departure.result["headers"]["location"]
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query, strict_parsing=True).items()}


def state_of(departure: Answer) -> str:
    return query_of(departure)["state"]


def arrange_for(functions: Lambdas, function: str, now: datetime) -> Person:
    """A person, and what else the sample of ``function`` needs to succeed."""
    person = functions.people.arrange()
    later = now + timedelta(minutes=10)
    if function == "password_set":
        functions.people.change_login(person, password_hash=None)
    if function == "identity_unlink":
        linked = Identity(SAMPLE_GITHUB, person.user_id, person.email, person.name, now, now, verified=True)
        functions.people.commit(identities.Claim(linked), users.AddIdentity(person.user_id, linked.key, 10))
    if function == "oauth_callback":
        functions.people.commit(one_time_tokens.Issue(sample_state(now, later)))
    if function == "identity_confirm":
        proof = OneTimeToken(PROVIDER_VERIFICATION, secrets.digest(SAMPLE_PROOF), "github#77", now, later)
        browser = secrets.digest(SAMPLE_BROWSER)
        waiting = Identity("github#77", "Waiting", "waiting@example.com", "Waiting", now, now)
        waiting = replace(
            waiting, pending_token=proof.digest, confirming_browser=browser, for_account=OWNER_OF_THE_EMAIL
        )
        waiting = replace(waiting, expires_at=later)
        functions.people.commit(identities.Signup(waiting), one_time_tokens.Issue(proof))
    functions.people.known |= {SAMPLE_STATE, SAMPLE_BROWSER, SAMPLE_PROOF}
    return person


def sample_state(now: datetime, later: datetime) -> OneTimeToken:
    """The state in the sample of the callback."""
    data = {
        "verifier": "v" * 43,
        "nonce": forgery.NONCE,
        "return_url": "https://accounts.example.com/keys",
        "browser": secrets.digest(SAMPLE_BROWSER),
        "intent": "sign-in",
        "session": "",
    }
    return OneTimeToken(OAUTH_STATE, secrets.digest(SAMPLE_STATE), "google", now, later, data)


@contextmanager
def away(functions: Lambdas) -> Iterator[EmulatedProviders]:
    """Configure both providers, and forget earlier configurations."""
    functions.cloud.secrets["OAuthProvidersSecret"] = json.dumps(CREDENTIALS)
    lambdas.module.cache_clear()
    functions.people.known |= set(CANARIES)
    with wired({}) as wire:
        yield EmulatedProviders(functions, wire)
