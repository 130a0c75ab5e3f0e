"""A client that logs in for a person: its requests, the browser's answers, and its tokens."""

import base64
import hashlib
from copy import replace
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from accounts import secrets
from accounts.model import one_time_tokens, sessions, users
from accounts.model.one_time_tokens import AUTHORIZATION_CODE, OneTimeToken
from tests.functions.lambdas import Answer, Lambdas
from tests.functions.people import BROWSER, Person
from tests.functions.requests import SAMPLE_TOKEN, SAMPLE_USER_ID, request

FORM = "application/x-www-form-urlencoded"
# Values in the samples of events/, and the challenge that belongs to their verifier (RFC 7636 B).
SAMPLE_CODE = "sample-authorization-code-of-events-folder0"
SAMPLE_CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
SAMPLE_REFRESH = "sample-refresh-token-of-the-events-folder-0"
SAMPLE_REDIRECT = "http://127.0.0.1:49152/callback"


@dataclass
class Program:
    """A client on the owner's machine."""

    functions: Lambdas
    client_id: str = "comfy-cli"
    redirect_uri: str = SAMPLE_REDIRECT
    verifier: str = field(default_factory=secrets.new_token)

    @property
    def challenge(self) -> str:
        """The S256 challenge of its verifier."""
        return base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()

    def question(self, **changes: str | None) -> dict[str, str]:
        """The parameters of its authorization request; None leaves one out."""
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": "account",
            "state": "the state",
            "code_challenge": self.challenge,
            "code_challenge_method": "S256",
        }
        return {name: value for name, value in (asked | changes).items() if value is not None}

    def shown(self, cookie: str | None = None, **changes: str | None) -> Answer:
        """The response that the consent page gets for this request."""
        return self.asked(urlencode(self.question(**changes)), cookie)

    def asked(self, query: str, cookie: str | None = None) -> Answer:
        """The response that the consent page gets for any query."""
        event = request("client_authorize", cookie=cookie, query=query)
        event.pop("body")
        event["routeKey"] = event["requestContext"]["routeKey"] = "GET /oauth/authorize/request"
        event["rawPath"] = event["requestContext"]["http"]["path"] = "/oauth/authorize/request"
        event["requestContext"]["http"]["method"] = "GET"
        return self.functions.invoke("client_authorize", event)

    def answered(
        self,
        decision: str = "allow",
        cookie: str | None = SAMPLE_TOKEN,
        account: str = SAMPLE_USER_ID,
        fingerprint: str = "",
        **changes: str | None,
    ) -> Answer:
        """The response to the decision of the person who was shown ``account`` and the client with ``fingerprint``."""
        seen = {"account": account, "fingerprint": fingerprint}
        body = {"decision": decision, **seen, **self.question(**changes)}
        answer = self.functions.invoke("client_authorize", request("client_authorize", cookie=cookie, body=body))
        if answer.status == 200:
            for code in parse_qs(urlsplit(answer.json["redirect_to"]).query).get("code", []):
                handed_out(self.functions, code)
        return answer

    def code(self, cookie: str = SAMPLE_TOKEN, **changes: str | None) -> str:
        """The code that the person's approval returns."""
        return query_of(self.answered(cookie=cookie, **changes))["code"]

    def exchange(self, code: str, /, **changes: str | None) -> Answer:
        """Exchange the code for tokens."""
        asked = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": self.verifier,
        }
        return self.post(asked | changes)

    def refresh(self, token: str, /, **changes: str | None) -> Answer:
        """Exchange the refresh token for a new pair."""
        return self.post({"grant_type": "refresh_token", "refresh_token": token} | changes)

    def login(self, cookie: str = SAMPLE_TOKEN) -> dict[str, Any]:
        """Log in, from consent to tokens."""
        answer = self.exchange(self.code(cookie))
        assert answer.status == 200, answer.json
        found: dict[str, Any] = answer.json
        return found

    def post(self, asked: dict[str, str | None]) -> Answer:
        """Post to the token endpoint."""
        answer = self.functions.invoke("client_token", self.token_event(asked))
        if answer.status == 200:
            for name in ("access_token", "refresh_token"):
                handed_out(self.functions, answer.json[name])
        return answer

    def token_event(self, asked: dict[str, str | None]) -> dict[str, Any]:
        fields = {name: value for name, value in ({"client_id": self.client_id} | asked).items() if value is not None}
        return request("client_token", body=urlencode(fields))


def client_refused(answer: Answer) -> tuple[int, str]:
    """The status and error of a refusal in RFC 6749's format, which must not be cached."""
    assert sorted(answer.json) == ["error", "error_description"]
    assert answer.result["headers"]["cache-control"] == "no-store"
    return answer.status, answer.json["error"]


def stored_sessions(functions: Lambdas) -> list[str]:
    """The digests of clients' stored sessions."""
    return [it["digest"]["S"] for it in functions.cloud.tables()["SessionsTable"] if "client_id" in it]


def query_of(answer: Answer) -> dict[str, str]:
    """The query of the redirect to the client."""
    query = urlsplit(answer.json["redirect_to"]).query
    return {name: values[0] for name, values in parse_qs(query, strict_parsing=True).items()}


def handed_out(functions: Lambdas, secret: str) -> None:
    """Issued in the last response; it must be found nowhere else."""
    functions.issued.add(secret)
    functions.seen[-1] = functions.seen[-1].replace(secret, "")


def sample_code(person: Person, now: datetime, later: datetime) -> OneTimeToken:
    """The code in the sample of the token endpoint."""
    data = {
        "client_id": "comfy-cli",
        "redirect_uri": SAMPLE_REDIRECT,
        "scope": "account",
        "challenge": SAMPLE_CHALLENGE,
        "method": "password",
        "session": person.session_id,
    }
    return OneTimeToken(AUTHORIZATION_CODE, secrets.digest(SAMPLE_CODE), person.user_id, now, later, data)


def arrange_code(functions: Lambdas, person: Person) -> None:
    """Store the approval and the code of the sample."""
    now = functions.clock.now
    later = now + timedelta(minutes=1)
    functions.people.commit(one_time_tokens.Issue(sample_code(person, now, later)))
    functions.people.known.add(SAMPLE_CODE)


def arrange_session(functions: Lambdas, person: Person) -> None:
    """Store the session whose refresh token is in a sample."""
    held = secrets.digest(SAMPLE_REFRESH)
    _, session = sessions.start_client(
        person.user_id,
        client_id="comfy-cli",
        resource="",
        scope="account",
        method="password",
        second_factor="",
        proven_at=None,
        lengths=sessions.LONGEST,
        caller=BROWSER,
        now=functions.clock.now,
    )
    hold = users.AddSession(person.user_id, held, session.expires_at, 50)
    functions.people.commit(sessions.Start(replace(session, digest=held)), hold)
