"""Prepares what a sample event needs in the local cloud, by running the service's own flows in this process.

Emails stay in this process, too: they do not fill the mailbox, and the tokens are read from their links.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cached_property
from secrets import token_hex
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pyotp
import requests
from msgspec import Struct

from accounts.deployment import Deployment
from accounts.errors import AccountsError, EmailNotVerified, SecondFactorRequired
from accounts.flows.clients.client_consent import Seen
from accounts.flows.mail.mails import Mail
from accounts.flows.operators.operator_requests import OperatorRequest
from accounts.flows.people.session_opening import LoggedIn
from accounts.flows.providers.provider_login import Callback
from accounts.limits import LOGIN_METHODS_WITHOUT_PASSWORD, PASSKEYS_PER_ACCOUNT
from accounts.model import held_keys, passkeys, scanner_keys
from accounts.model.api_keys import Details
from accounts.model.audit import Caller
from accounts.model.client_documents import Document
from accounts.model.clients import COMFY_CLI
from accounts.model.identities import public_id
from accounts.model.messages import Message
from accounts.model.origins import parse
from accounts.model.passkeys import Passkey
from accounts.model.providers import GITHUB, GOOGLE
from accounts.model.resources import OWN
from accounts.model.sessions import PASSWORD
from scripts.sam_local import CannotRun, made_up, samples

_SECONDS = 10
_BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


class Emails:
    """The outbox and the postman of a preparation: keeps messages and emails."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.sent: list[Mail] = []

    def put(self, message: Message) -> None:
        self.messages.append(message)

    def send(self, mail: Mail) -> None:
        self.sent.append(mail)


class Visit(Struct, frozen=True):
    """A browser that comes back from a provider: the parameters of the redirect, and its cookie's name and value."""

    state: str
    code: str
    state_id: str
    browser: str


class Preparation:
    """The value of each placeholder. It is prepared on first use, for one new account unless it needs another."""

    def __init__(
        self,
        deployment: Deployment,
        clock: Callable[[], datetime],
        secret: Callable[[str], str],
        visit: Callable[[str, str], str] | None = None,
    ) -> None:
        """``deployment`` serves nothing else. ``secret`` returns the secret of an ARN.

        ``visit`` allows a login at a provider's URL with an email address and returns where the provider redirects.
        """
        self._emails = Emails()
        deployment.outbox = deployment.notices = deployment.rare_notices = self._emails
        deployment.postman = self._emails
        self._do = deployment
        self._clock = clock
        self._secret = secret
        self._visit = visit or allow_at_stand_in
        # A new address each time, so that no limit per address is reached.
        self._caller = Caller(f"2001:db8:{token_hex(2)}:{token_hex(2)}::", _BROWSER)

    @property
    def _now(self) -> datetime:
        return self._clock()

    def value(self, name: str) -> str:
        """Return the value of the placeholder `name`; raises CannotRun."""
        if name not in PLACEHOLDERS:
            raise CannotRun(f"nothing prepares {{{{{name}}}}}; add it to {__name__}")
        try:
            value: str = getattr(self, name)
        except (AccountsError, requests.RequestException) as problem:
            raise CannotRun(f"{{{{{name}}}}} cannot be prepared in the local cloud: {problem}") from problem
        return value

    # --- The account --------------------------------------------------------------------------------------------------

    @cached_property
    def email(self) -> str:
        return self._owner.identity.email

    @cached_property
    def password(self) -> str:
        return "sample passphrase of the events folder"

    @cached_property
    def account_id(self) -> str:
        return self._owner.session.user_id

    @cached_property
    def session(self) -> str:
        return self._owner.token

    @cached_property
    def known_browser(self) -> str:
        return self._owner.browser_token

    @cached_property
    def other_session_id(self) -> str:
        return self._log_in().session.digest

    @cached_property
    def disabled_account_id(self) -> str:
        account_id = self._join().session.user_id
        self._do.account_disabling.disable(OperatorRequest(account_id, "make invoke"), self._now)
        return account_id

    @cached_property
    def _owner(self) -> LoggedIn:
        return self._join()

    def _join(self) -> LoggedIn:
        """Return a new account's first session."""
        token = self._sign_up(_new_address())
        return self._do.email_verification.confirm(token, self.password, None, self._caller, self._now)

    def _sign_up(self, email: str) -> str:
        self._do.signup.start(email, self.password, "Olive Sample", self._caller, self._now)
        return self._emailed_token()

    def _log_in(self) -> LoggedIn:
        return self._do.login.with_password(
            self.email, self.password, remember=False, presented=None, caller=self._caller, now=self._now
        )

    # --- Emails -------------------------------------------------------------------------------------------------------

    @cached_property
    def new_email(self) -> str:
        return _new_address()

    @cached_property
    def next_email(self) -> str:
        return _new_address()

    @cached_property
    def newcomer_email(self) -> str:
        email = _new_address()
        self._sign_up(email)
        return email

    @cached_property
    def verification_token(self) -> str:
        return self._sign_up(_new_address())

    @cached_property
    def reset_token(self) -> str:
        self._do.password_forgotten.ask(self.email, self._caller, self._now)
        return self._emailed_token()

    @cached_property
    def change_token(self) -> str:
        self._do.email_change_request.ask(self._owner.session, _new_address(), self._caller, self._now)
        return self._emailed_token()

    @cached_property
    def mail_feedback_topic(self) -> str:
        return self._do.settings["MAIL_FEEDBACK_TOPIC"]

    def _emailed_token(self) -> str:
        """Write the emails that are queued, and return the token in the link of the last one that has a link."""
        queued, self._emails.messages = self._emails.messages, []
        for message in queued:
            self._do.mailing.deliver(message, self._now)
        links = [link for mail in self._emails.sent if (link := getattr(mail.content, "link", ""))]
        return parse_qs(urlsplit(links[-1]).fragment)["token"][0]

    # --- API keys -----------------------------------------------------------------------------------------------------

    @cached_property
    def api_key(self) -> str:
        return self._new_key("Sample")[0]

    @cached_property
    def api_key_id(self) -> str:
        return self._new_key("Sample to delete")[1]

    @cached_property
    def scanner_key(self) -> str:
        """Return the key that signed the sample, after storing a list of GitHub with it."""
        later = self._now + timedelta(days=1)
        self._do.client_documents.keep(Document(scanner_keys.URL, made_up.SCANNER_KEYS, later, later))
        return made_up.VALUES["scanner_key"]

    @cached_property
    def admin_secret(self) -> str:
        return self._secret(self._do.settings["ADMIN_SECRET"])

    def _new_key(self, name: str) -> tuple[str, str]:
        new = self._do.key_creation.create(self._owner.session, Details(name), self._caller, self._now)
        return new.plaintext, new.api_key.digest

    # --- Passkeys -----------------------------------------------------------------------------------------------------

    @cached_property
    def passkey_id(self) -> str:
        """Return the id of a passkey that no authenticator has."""
        return passkeys.public_id(self._give_passkey(self._owner))

    @cached_property
    def session_with_passkeys(self) -> str:
        """Return the session of an account that can remove its password."""
        for _ in range(LOGIN_METHODS_WITHOUT_PASSWORD):
            self._give_passkey(self._owner)
        return self._owner.token

    def _give_passkey(self, owner: LoggedIn) -> str:
        user_id, session, credential_id = owner.session.user_id, owner.session.digest, token_hex(16)
        passkey = Passkey(credential_id, user_id, "Sample", "", 0, True, True, self._now, PASSWORD, session)  # noqa: FBT003 - made up
        add = held_keys.AddPasskey(user_id, credential_id, PASSKEYS_PER_ACCOUNT, session)
        self._do.writing(self._do.passkeys, self._do.users).commit(passkeys.Add(passkey), add)
        return credential_id

    # --- The second factor --------------------------------------------------------------------------------------------

    @cached_property
    def account_id_with_second_factor(self) -> str:
        return self._guarded[0].session.user_id

    @cached_property
    def session_with_second_factor(self) -> str:
        return self._guarded[0].token

    @cached_property
    def recovery_code(self) -> str:
        return self._guarded[1]

    @cached_property
    def pending_login(self) -> str:
        """Return the token of a login whose password was right."""
        email = self._guarded[0].identity.email
        try:
            self._do.login.with_password(
                email, self.password, remember=False, presented=None, caller=self._caller, now=self._now
            )
        except SecondFactorRequired as required:
            return required.pending
        raise CannotRun("the login asked for no second factor")

    @cached_property
    def _guarded(self) -> tuple[LoggedIn, str]:
        """Return the first session of a new account with a second factor, and a recovery code."""
        owner = self._join()
        started = self._do.second_factor_setup.start(owner.session, self._now)
        code = pyotp.TOTP(started.secret).at(self._now)
        codes = self._do.second_factor_setup.confirm(owner.session, started.setup, code, self._caller, self._now)
        return owner, codes[0]

    # --- Clients ------------------------------------------------------------------------------------------------------

    @cached_property
    def user_code(self) -> str:
        """Return the code that a device shows, which the owner has entered but not answered."""
        codes = self._do.device_authorization.ask(COMFY_CLI, OWN, "account", self._caller, self._now)
        self._do.device_consent.question(codes.user_code, self._owner.session, self._caller, self._now)
        return codes.user_code

    @cached_property
    def authorization_code(self) -> str:
        return self._consent()

    @cached_property
    def refresh_token(self) -> str:
        """Return the token that the sample of the exchange leads to."""
        # A code of its own: a code that is used twice ends what it created.
        form = dict(parse_qsl(samples.event("client_token", lambda _: self._consent())["body"]))
        return self._do.token_endpoint.tokens(form, self._caller, self._now).refresh_token

    def _consent(self) -> str:
        """Return a new code that the sample of the consent leads to."""
        asked = json.loads(samples.event("client_authorize", self.value)["body"])
        decision, seen = asked.pop("decision"), Seen(asked.pop("account"), "", self._now)
        answered = self._do.authorization_endpoint.answered(
            asked, decision, seen, self._owner.session, self._caller, self._now
        )
        return parse_qs(urlsplit(answered.redirect_to).query)["code"][0]

    # --- Providers ----------------------------------------------------------------------------------------------------

    @cached_property
    def provider_state(self) -> str:
        return self._returning.state

    @cached_property
    def provider_code(self) -> str:
        return self._returning.code

    @cached_property
    def provider_state_id(self) -> str:
        return self._returning.state_id

    @cached_property
    def provider_browser(self) -> str:
        return self._returning.browser

    @cached_property
    def identity_id(self) -> str:
        """Return the id of the GitHub identity that a login with the owner's address linked."""
        self._arrive(GITHUB, self._leave(GITHUB, self.email))
        linked = self._do.identity_list.of_account(self.account_id)
        return next(public_id(it.key) for it in linked if it.key.startswith(f"{GITHUB}#"))

    @cached_property
    def session_without_password(self) -> str:
        logged_in = self._arrive(GOOGLE, self._leave(GOOGLE, _new_address()))
        if logged_in is None:
            raise CannotRun("the login with Google opened no session")
        return logged_in.token

    @cached_property
    def proof_token(self) -> str:
        """Return the emailed token for an address that GitHub has not verified."""
        with suppress(EmailNotVerified):
            self._arrive(GITHUB, self._unverified)
        return self._emailed_token()

    @cached_property
    def proof_state_id(self) -> str:
        return self._unverified.state_id

    @cached_property
    def proof_browser(self) -> str:
        return self._unverified.browser

    @cached_property
    def _returning(self) -> Visit:
        return self._leave(GOOGLE, _new_address())

    @cached_property
    def _unverified(self) -> Visit:
        return self._leave(GITHUB, f"unverified-{_new_address()}")

    def _leave(self, provider: str, email: str) -> Visit:
        """Start a login and allow it at the provider."""
        departure = self._do.provider_departure.login(provider, "", self._caller, self._now)
        query = dict(parse_qsl(urlsplit(self._visit(departure.url, email)).query))
        return Visit(query["state"], query["code"], departure.state_id, departure.browser)

    def _arrive(self, provider: str, visit: Visit) -> LoggedIn | None:
        callback = Callback(visit.state, visit.code, "", "", visit.browser)
        return self._do.provider_arrival.arrive(provider, callback, None, self._caller, self._now).logged_in


PLACEHOLDERS = frozenset(
    name for name, it in vars(Preparation).items() if isinstance(it, cached_property) and not name.startswith("_")
)


def allow_at_stand_in(url: str, email: str) -> str:
    """Allow a login at a provider's stand-in; return the redirect. Raises CannotRun for the real provider."""
    parts = urlsplit(url)
    origin = parse(f"{parts.scheme}://{parts.netloc}")
    if origin is None or not origin.is_loopback:
        raise CannotRun(
            f"this sample logs in at {parts.netloc}, where only a person can. Start `make dev` without the credentials "
            "of the real provider."
        )
    with requests.Session() as browser:
        browser.trust_env = False
        form = {**dict(parse_qsl(parts.query)), "email": email}
        answer = browser.post(url.partition("?")[0], data=form, allow_redirects=False, timeout=_SECONDS)
    return answer.headers["location"]


def _new_address() -> str:
    return f"sample-{token_hex(4)}@example.com"
