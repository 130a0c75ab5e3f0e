"""A person with a browser's cookie jar, talking HTTP to the deployed site."""

import re
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
from fido2.utils import websafe_decode
from msgspec import to_builtins

from local.cloud import LocalCloud
from local.processes import LOCALHOST
from tests.authenticator_app import AuthenticatorApp
from tests.authenticators import Authenticator
from tests.waiting import wait_for

PASSWORD = "quiet lantern over nine rivers"
_serial = count(1)


def _jar() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    return session


@dataclass
class Person:
    """One browser of one person."""

    cloud: LocalCloud
    email: str = field(default_factory=lambda: f"person{next(_serial)}@example.com")
    password: str = PASSWORD
    http: requests.Session = field(default_factory=_jar)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        """Call the site as its own pages do."""
        sent = {"origin": self.cloud.site_url, **{name.replace("_", "-"): value for name, value in headers.items()}}
        # Browsers send Secure cookies to loopback over http; this jar keeps them but must be told to send them.
        sent.setdefault("cookie", "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.http.cookies))
        return self.http.request(
            method, self.cloud.site_url + path, json=body, headers=sent, allow_redirects=False, timeout=60
        )

    def mails(self, subject: str) -> list[dict[str, Any]]:
        """Return the emails with this subject that reached the person, oldest first."""
        return [mail for mail in self.cloud.messages() if self.email in mail["To"] and mail["Subject"] == subject]

    def wait_for_mail(self, subject: str, *, at_least: int = 1) -> dict[str, Any]:
        """Wait for an email with this subject; return the newest."""
        return wait_for(lambda: self.mails(subject)[at_least - 1 :], subject)[-1]

    def signup(self) -> str:
        """Sign up; the token in the mailed link."""
        answer = self.call("POST", "/auth/signup", {"email": self.email, "password": self.password, "name": "Ann"})
        assert answer.status_code == 202, answer.text
        return token_in(self.wait_for_mail("Confirm your email address for Comfy"))

    def confirm(self, token: str) -> requests.Response:
        """Confirm the address with the mailed token and the password of the sign-up."""
        return self.call("POST", "/auth/email/verify", {"token": token, "password": self.password})

    def join(self) -> "Person":
        """Sign up and confirm: signed in."""
        answer = self.confirm(self.signup())
        assert answer.status_code == 200, answer.text
        return self

    def log_in(self, *, remember: bool = False) -> requests.Response:
        """Log in with email and password."""
        return self.call("POST", "/auth/login", {"email": self.email, "password": self.password, "remember": remember})

    def with_provider(self, provider: str, start: str = "") -> str:
        """Allow the login at the provider's stand-in as this person; return the callback's address."""
        if not start:
            start = self.call("GET", f"/auth/{provider}/start").headers["location"]
        form = {**dict(parse_qsl(urlsplit(start).query)), "email": self.email}
        answer = requests.post(start.partition("?")[0], data=form, allow_redirects=False, timeout=60)
        return answer.headers["location"].removeprefix(self.cloud.site_url)

    def make_key(self, name: str = "my key") -> dict[str, Any]:
        """Make an API key."""
        answer = self.call("POST", "/customers/api-keys", {"name": name})
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()["api_key"]
        return made

    def add_passkey(self) -> Authenticator:
        """Create a passkey; return the authenticator that has it."""
        device = Authenticator(origin=self.cloud.site_url, rp_id=LOCALHOST)
        asked = self.call("POST", "/auth/passkeys/options").json()
        owner = websafe_decode(asked["user"]["id"]).decode()
        answer = self.call("POST", "/auth/passkeys", to_builtins(device.create(asked["challenge"], owner)))
        assert answer.status_code == 201, answer.text
        return device

    def log_in_with(self, device: Authenticator) -> requests.Response:
        """Log in with the passkey of the authenticator."""
        asked = self.call("POST", "/auth/login/passkey/options").json()
        return self.call("POST", "/auth/login/passkey", to_builtins(device.sign(asked["challenge"])))

    def turn_on_two_steps(self) -> tuple[AuthenticatorApp, list[str]]:
        """Turn on the second factor; return the app and the recovery codes."""
        begun = self.call("POST", "/auth/second-factor/setup").json()
        app = AuthenticatorApp(begun["secret"])
        answer = self.call("POST", "/auth/second-factor", {"setup": begun["setup"], "code": app.code()})
        assert answer.status_code == 200, answer.text
        codes: list[str] = answer.json()["recovery_codes"]
        return app, codes


def token_in(mail: dict[str, Any]) -> str:
    """Return the token in the email's link."""
    tokens = set(re.findall(r"#token=([A-Za-z0-9_-]{43})", mail["BodyText"]))
    assert len(tokens) == 1, mail["BodyText"]
    return str(tokens.pop())


def with_key(person: Person, key: str) -> int:
    """What the key opens."""
    return person.call("GET", "/customers/me", cookie="", x_api_key=key).status_code
