"""An attacker signs up with a victim's address, before, between and after its owner, and gains nothing.

The attacks are those of "Pre-hijacked accounts" (Sudhodanan and Paverd, 2022): the attacker knows the password of their
own sign-up, the victim reads the email.
"""

from copy import replace

import pytest

from accounts import secrets
from accounts.errors import AddressConfirmed, InvalidCredentials, PasswordRequired
from tests.unit.accounts.stage import EMAIL, NOW, OWNER, SITE_URL, STRANGER, Service, held, later

VICTIMS = "violet bridges in winter"
ATTACKERS = "orange castles in summer"


def attacker_signs_up(service: Service) -> str:
    """Sign up with the victim's address; returns the token in the email, which the victim gets."""
    service.signup.start(EMAIL, ATTACKERS, "Mallory", STRANGER, NOW)
    return service.mailed_token()


def victim_signs_up(service: Service) -> str:
    """Returns the token in the victim's email."""
    service.signup.start(EMAIL, VICTIMS, "Victoria", OWNER, later(minutes=1))
    return service.mailed_token()


def attacker_is_locked_out(service: Service) -> bool:
    """Whether the attacker's password does not work, and no session was opened by the attacker."""
    with pytest.raises(InvalidCredentials):
        service.login.with_password(
            EMAIL, ATTACKERS, remember=True, presented=None, caller=STRANGER, now=later(minutes=5)
        )
    return all(session.caller == replace(OWNER, known_browser="") for session in service.world.sessions.values())


def victim_can_log_in(service: Service) -> bool:
    """Whether the victim's password works, and the account has the victim's name."""
    logged_in = service.login.with_password(
        EMAIL, VICTIMS, remember=False, presented=None, caller=OWNER, now=later(minutes=5)
    )
    return logged_in.identity.name == "Victoria"


def test_a_victim_who_clicks_does_not_activate_the_attackers_account(service: Service) -> None:
    """The page asks for a password that the victim never chose: no account, no session."""
    token = attacker_signs_up(service)
    with pytest.raises(InvalidCredentials):
        service.email_verification.confirm(token, VICTIMS, None, OWNER, later(minutes=2))

    assert (service.world.users, service.world.sessions) == ({}, {})
    assert attacker_is_locked_out(service)


def test_a_victim_who_clicks_in_a_browser_with_a_sign_up_of_their_own_activates_nothing(service: Service) -> None:
    """The victim's cookie belongs to the victim's sign-up, not to the attacker's link, whichever came first."""
    before = service.signup.start(EMAIL, VICTIMS, "Victoria", OWNER, NOW).proof
    token = attacker_signs_up(service)
    after = service.signup.start(EMAIL, VICTIMS, "Victoria", OWNER, later(minutes=1)).proof
    for proof in (before, after):
        with pytest.raises(PasswordRequired):
            service.email_verification.confirm(token, "", None, OWNER, later(minutes=2), proof=secrets.digest(proof))

    assert (service.world.users, service.world.sessions) == ({}, {})
    assert attacker_is_locked_out(service)


def test_the_victim_confirms_with_the_victims_own_link_and_password(service: Service) -> None:
    """Password, name and account are the victim's; the attacker's link says that the address is confirmed."""
    attackers_token = attacker_signs_up(service)
    token = victim_signs_up(service)
    logged_in = service.email_verification.confirm(token, VICTIMS, None, OWNER, later(minutes=2))
    with pytest.raises(AddressConfirmed):
        service.email_verification.confirm(attackers_token, ATTACKERS, None, STRANGER, later(minutes=2))

    assert attacker_is_locked_out(service)
    assert victim_can_log_in(service)
    assert logged_in.session.digest in held(service, logged_in)


def test_the_attacker_signs_up_again_after_the_victim(service: Service) -> None:
    """The victim's link keeps its password: no sign-up replaces another, however often the attacker tries."""
    victims_token = victim_signs_up(service)
    for _ in range(2):
        attackers_token = attacker_signs_up(service)
        with pytest.raises(InvalidCredentials):
            service.email_verification.confirm(attackers_token, VICTIMS, None, OWNER, later(minutes=2))
    service.email_verification.confirm(victims_token, VICTIMS, None, OWNER, later(minutes=2))

    assert attacker_is_locked_out(service)
    assert victim_can_log_in(service)


def test_an_attacker_cannot_use_up_the_emails_of_the_victim(service: Service) -> None:
    """Sign-ups and resends from one source cause three emails; the victim's sign-up still gets its link."""
    for _ in range(8):
        service.signup.start(EMAIL, ATTACKERS, "Mallory", STRANGER, NOW)
        service.resend.ask(EMAIL, STRANGER, NOW)
    outcomes = [service.mailing.deliver(message, NOW) for message in service.outbox.messages]
    assert (outcomes.count("sent"), len(service.postman.mails)) == (3, 3)

    service.email_verification.confirm(victim_signs_up(service), VICTIMS, None, OWNER, later(minutes=2))
    assert victim_can_log_in(service)


def test_sending_again_sends_the_link_of_the_same_browser(service: Service) -> None:
    """The attacker's later sign-up does not change what the victim is sent."""
    victim_signs_up(service)
    attacker_signs_up(service)
    service.resend.ask(EMAIL, OWNER, later(minutes=2))
    token = service.mailed_token()

    service.email_verification.confirm(token, VICTIMS, None, OWNER, later(minutes=3))
    assert victim_can_log_in(service)


def test_the_attacker_signs_up_after_the_victim_has_the_account(service: Service) -> None:
    """Nothing changes; the email to the victim reports it and has no link that could confirm anything."""
    service.email_verification.confirm(victim_signs_up(service), VICTIMS, None, OWNER, later(minutes=2))
    service.signup.start(EMAIL, ATTACKERS, "Mallory", STRANGER, later(minutes=3))
    service.mailing.deliver(service.about_sign_up(), later(minutes=3))

    mail = service.postman.mails[-1]
    assert (mail.to, mail.template) == (EMAIL, "already_registered")
    assert mail.values == {"site_url": SITE_URL, "greeted": "Victoria"}
    assert attacker_is_locked_out(service)
    assert victim_can_log_in(service)


def test_no_email_to_the_victim_contains_the_attackers_name(service: Service) -> None:
    """The attacker chose it, and the service sends no attacker's text to others (EM-05)."""
    attacker_signs_up(service)

    (mail,) = service.postman.mails
    assert (mail.to, set(mail.values), mail.greeted) == (EMAIL, {"site_url", "greeted", "link"}, "")
    assert "Mallory" not in repr(mail)
