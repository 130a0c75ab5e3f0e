"""Owners with passkeys."""

from datetime import datetime
from typing import Any

from accounts import secrets
from accounts.flows.people.authentication import Credential
from accounts.flows.people.session_opening import LoggedIn
from accounts.model.audit import Caller
from accounts.model.passkeys import Assertion, Passkey
from accounts.web import routes
from tests.authenticators import Authenticator
from tests.unit.accounts.stage import NOW, OWNER, Service, cookie, routed

BROWSER = secrets.digest("the cookie of a login with a passkey")
OTHER_BROWSER = secrets.digest("another browser's cookie")


class PasskeyService(Service):
    passkey_creation = routed(invite=routes.PASSKEY_INVITE, create=routes.PASSKEY_CREATE)
    passkey_list = routed(of_account=routes.PASSKEY_LIST)
    passkey_renaming = routed(rename=routes.PASSKEY_RENAME)
    passkey_removal = routed(remove=routes.PASSKEY_REMOVE)
    passkey_login = routed(remind=routes.PASSKEY_REMIND, reauthenticate=routes.PASSKEY_REAUTHENTICATE)
    password_removal = routed(remove=routes.PASSWORD_REMOVE)

    def add(self, logged_in: LoggedIn, device: Authenticator, name: str = "Phone", now: datetime = NOW) -> Passkey:
        """Create a passkey in the owner's session."""
        invited = self.passkey_creation.invite(cookie(logged_in), OWNER, now)
        response = device.create(invited.challenge, invited.user.user_id)
        created: Passkey = self.passkey_creation.create(cookie(logged_in), response, name, OWNER, now)
        return created

    def answer(self, device: Authenticator, now: datetime = NOW, browser: str = BROWSER, **lies: Any) -> Assertion:
        """The device's response to a new challenge."""
        return device.sign(self.passkey_login.invite(browser, OWNER, now), **lies)

    def enter(
        self,
        response: Assertion,
        now: datetime = NOW,
        *,
        browser: str = BROWSER,
        presented: Credential | None = None,
        caller: Caller = OWNER,
        remember: bool = False,
    ) -> LoggedIn:
        """Log in with the response."""
        logged_in: LoggedIn = self.passkey_login.log_in(
            response, browser, remember=remember, presented=presented, caller=caller, now=now
        )
        return logged_in
