"""What operators do: undo lockouts, revoke access that others may hold, and leave a record of who did it."""

from collections.abc import Callable
from copy import replace

import pytest

from accounts import secrets
from accounts.errors import (
    InvalidCredentials,
    InvalidInput,
    InvalidLink,
    NotFound,
    PasswordMissing,
    TooManyAttempts,
    Unauthenticated,
    Unavailable,
    WeakPassword,
)
from accounts.flows.operators.operator_requests import UNNAMED, OperatorRequest
from accounts.model import messages, users
from accounts.model.audit import NO_CALLER, Record
from accounts.model.factor_proofs import Trusted
from accounts.model.throttles import Counter
from accounts.web import inspections
from tests.unit.accounts.stage import (
    EMAIL,
    NO_KEY,
    NOW,
    OPERATOR,
    OTHER_PASSWORD,
    OWNER,
    PASSWORD,
    Interleaved,
    Service,
    cookie,
    held,
    key_credential,
    later,
    operator_request,
)

UNKNOWN_USER = "u" * 28
SOON = later(minutes=1)
THEN = later(seconds=1, minutes=1)


def recorded(service: Service) -> list[Record]:
    """The history, each record without its serial."""
    return [Record(it.user_id, it.event, it.at, it.caller, it.detail, "") for it in service.world.records]


def line(user_id: str, event: str, **detail: str) -> Record:
    """The record of an operator's action."""
    return Record(user_id, event, SOON, NO_CALLER, {"by": "operator", "operator": OPERATOR, **detail}, "")


ACTIONS: dict[str, Callable[[Service, OperatorRequest], object]] = {
    "disable": lambda it, asked: it.account_disabling.disable(asked, SOON),
    "enable": lambda it, asked: it.account_enabling.enable(asked, SOON),
    "remove": lambda it, asked: it.account_removal.remove(asked, SOON),
    "unlock": lambda it, asked: it.account_unlocking.unlock(asked, SOON),
    "log out everywhere": lambda it, asked: it.operator_logout.everywhere(asked, SOON),
    "revoke the password": lambda it, asked: it.password_revocation.revoke(asked, SOON),
    "revoke a key": lambda it, asked: it.key_revocation.revoke(asked, NO_KEY, SOON),
    "reset the second factor": lambda it, asked: it.factor_reset.request(asked, SOON),
    "cancel a reset": lambda it, asked: it.factor_reset.cancel(asked, SOON),
}


@pytest.mark.parametrize("act", ACTIONS)
def test_an_unknown_account_is_not_found(service: Service, act: str) -> None:
    """The operator mistyped: nothing is written and no email is sent."""
    service.person()
    before = dict(service.world.users), dict(service.world.identities)
    with pytest.raises(NotFound):
        ACTIONS[act](service, operator_request(UNKNOWN_USER))

    assert (dict(service.world.users), dict(service.world.identities)) == before
    assert (service.world.records, service.outbox.messages) == ([], [])


@pytest.mark.parametrize("act", [act for act in ACTIONS if act != "revoke a key"])
def test_nothing_is_half_done_when_the_tables_are_down(service: Service, act: str) -> None:
    """The operator gets the error; no email reports what did not happen."""
    user_id = service.person().session.user_id
    service.world.down = True
    with pytest.raises(Unavailable):
        ACTIONS[act](service, operator_request(user_id))

    assert (service.world.records, service.outbox.messages) == ([], [])


def test_the_owner_of_an_enabled_account_can_log_in_again(service: Service) -> None:
    """With the same password; sessions and keys that ended stay ended, and both actions are recorded."""
    logged_in = service.person()
    user_id, key = logged_in.session.user_id, service.key(logged_in)
    service.world.records.clear()
    service.account_disabling.disable(operator_request(user_id), SOON)

    service.account_enabling.enable(operator_request(user_id), SOON)

    assert recorded(service) == [line(user_id, "user_disabled"), line(user_id, "user_enabled")]
    assert service.log_in(SOON).session.user_id == user_id
    for credential in (cookie(logged_in), key_credential(key.plaintext)):
        with pytest.raises(Unauthenticated):
            service.principal(credential, OWNER, SOON)


def test_an_account_that_changes_while_it_is_enabled_is_read_again(service: Service) -> None:
    """With two operators at once, neither action is lost."""
    user_id = service.person().session.user_id
    service.account_disabling.disable(operator_request(user_id), NOW)
    rival = Service(service.world)
    service.interposed = Interleaved(
        service.world, lambda: rival.account_disabling.disable(operator_request(user_id), NOW)
    )
    service.account_enabling.enable(operator_request(user_id), SOON)

    assert (service.world.users[user_id].status, service.identity().can_log_in) == (users.ACTIVE, True)


@pytest.mark.parametrize("failures", [5, 40, 100, 250])
def test_an_unlocked_account_does_not_wait(service: Service, failures: int) -> None:
    """And its password is no longer disabled by a hundred failures; an attacker's own windows are kept."""
    user_id = service.person().session.user_id
    service.fail(failures)
    with pytest.raises(TooManyAttempts):
        service.log_in()

    service.account_unlocking.unlock(operator_request(user_id), SOON)

    assert service.log_in(SOON).session.user_id == user_id
    assert recorded(service)[0] == line(user_id, "authn_login_unlock")


def test_only_the_sessions_of_that_account_end(service: Service) -> None:
    """All of them, including one that begins concurrently; keys are kept."""
    stranger = service.person("other@example.com")
    logged_in = service.person()
    user_id, key = logged_in.session.user_id, service.key(logged_in)
    service.log_in()
    service.world.records.clear()
    service.interposed = Interleaved(service.world, Service(service.world).log_in)

    assert service.operator_logout.everywhere(operator_request(user_id), SOON) == 3

    assert (held(service, logged_in), held(service, stranger)) == (set(), {stranger.session.digest})
    assert service.principal(key_credential(key.plaintext), OWNER, SOON).user_id == user_id
    assert recorded(service)[-1] == line(user_id, "session_revoked_all", sessions="3")


def test_a_revoked_password_does_not_work_until_it_is_reset(service: Service) -> None:
    """Login costs the same as with a wrong one; all sessions end; the owner is notified and can set another (PW-20)."""
    logged_in = service.person()
    user_id = logged_in.session.user_id
    service.password_revocation.revoke(operator_request(user_id), SOON)

    assert held(service, logged_in) == set()
    assert recorded(service) == [line(user_id, "authn_password_revoked")]
    assert service.outbox.messages == [messages.PasswordRevoked(user_id=user_id)]
    with pytest.raises(InvalidCredentials) as refused:
        service.log_in(SOON)
    assert (refused.value.message, service.hasher.calls) == (InvalidCredentials.default_message, 1)
    service.password_reset.reset(service.reset_token(now=THEN), OTHER_PASSWORD, OWNER, THEN)
    assert service.log_in(SOON, password=OTHER_PASSWORD).session.user_id == user_id


@pytest.mark.parametrize("times", [1, 2])
def test_a_revoked_password_cannot_be_chosen_again(service: Service, times: int) -> None:
    """Not even after it was revoked twice: others know it. The link still works for another password."""
    user_id = service.person().session.user_id
    for _ in range(times):
        service.password_revocation.revoke(operator_request(user_id), SOON)
    token = service.reset_token(now=THEN)

    with pytest.raises(WeakPassword, match="someone else may know it"):
        service.password_reset.reset(token, PASSWORD, OWNER, THEN)

    assert service.password_reset.reset(token, OTHER_PASSWORD, OWNER, THEN).user_id == user_id


def test_a_reset_without_a_revocation_may_keep_the_password(service: Service) -> None:
    """The owner remembered it after all; it costs one hash."""
    service.person()
    token = service.reset_token()
    service.hasher.calls = 0
    service.password_reset.reset(token, PASSWORD, OWNER, SOON)

    assert (service.hasher.calls, service.log_in(SOON).identity.email) == (1, EMAIL)


def test_revoking_the_password_invalidates_a_thiefs_reset_link(service: Service) -> None:
    """And every older link; the thief's browser is no longer known."""
    user_id = service.person().session.user_id
    token = service.reset_token()
    service.password_revocation.revoke(operator_request(user_id), SOON)
    with pytest.raises(InvalidLink):
        service.password_reset.reset(token, OTHER_PASSWORD, OWNER, SOON)

    assert service.identity().known_browsers == ()


def test_a_password_that_is_changed_concurrently_is_revoked_too(service: Service) -> None:
    """A thief who holds the account may have changed it."""
    logged_in = service.person()
    rival = Service(service.world)

    def change() -> None:
        rival.password_change.change(cookie(logged_in), PASSWORD, OTHER_PASSWORD, OWNER, NOW)

    service.interposed = Interleaved(service.world, change)
    service.password_revocation.revoke(operator_request(logged_in.session.user_id), SOON)

    for password in (PASSWORD, OTHER_PASSWORD):
        with pytest.raises(InvalidCredentials):
            service.log_in(SOON, password=password)


def test_an_account_without_a_password_has_none_to_revoke(service: Service) -> None:
    """The operator gets an error, and nothing changes."""
    logged_in = service.person()
    service.change_identity(password_hash=None)
    with pytest.raises(PasswordMissing, match="Google or GitHub"):
        service.password_revocation.revoke(operator_request(logged_in.session.user_id), SOON)

    assert held(service, logged_in) == {logged_in.session.digest}


def test_revoking_a_leaked_key_keeps_the_others(service: Service) -> None:
    """From the next request; the owner is emailed, and can see that an operator did it."""
    logged_in = service.person()
    user_id, leaked, other = logged_in.session.user_id, service.key(logged_in, "a"), service.key(logged_in, "b")
    service.world.records.clear()
    service.outbox.messages.clear()

    service.key_revocation.revoke(operator_request(user_id), leaked.api_key.digest, SOON)

    with pytest.raises(Unauthenticated):
        service.principal(key_credential(leaked.plaintext), OWNER, SOON)
    assert service.principal(key_credential(other.plaintext), OWNER, SOON).user_id == user_id
    assert service.outbox.messages == [messages.ApiKeyDeleted(user_id, "a", hint=leaked.api_key.hint)]
    assert recorded(service) == [line(user_id, "authn_token_revoked", api_key=leaked.api_key.digest, name="a")]
    assert service.world.records[0].shown == {"by": "operator", "name": "a"}


def test_another_accounts_key_is_not_revoked(service: Service) -> None:
    """The operator confused two accounts."""
    key = service.key(service.person("other@example.com"))
    user_id = service.person().session.user_id
    with pytest.raises(NotFound):
        service.key_revocation.revoke(operator_request(user_id), key.api_key.digest, SOON)

    assert list(service.world.api_keys) == [key.api_key.digest]


def _link_google(service: Service, user_id: str) -> None:
    service.world.identities["google#1001"] = replace(service.identity(), key="google#1001", password_hash=None)
    service.world.user(user_id, identities=service.world.users[user_id].identities | {"google#1001"})


@pytest.mark.parametrize("name", ["id", EMAIL, "Olive@EXAMPLE.com", "google:1001", "key"])
def test_an_account_is_found_by_any_name_that_its_owner_can_give(service: Service, name: str) -> None:
    """An address as they write it, a provider's login, the id of a leaked key: one account with everything it holds."""
    service.person("other@example.com")
    logged_in = service.person()
    user_id, key = logged_in.session.user_id, service.key(logged_in)
    _link_google(service, user_id)
    service.fail(7, at=SOON)

    found = service.account_inspection.of({"id": user_id, "key": key.api_key.digest}.get(name, name), SOON)

    assert found.user == service.world.users[user_id]
    assert [entry.key for entry in found.identities] == [f"email#{EMAIL}", "google#1001"]
    assert (found.sessions, found.api_keys) == ([logged_in.session], [key.listed])
    assert [entry.record.event for entry in found.activity] == ["authn_token_created"]
    assert found.failures is not None
    assert (found.failures.count, found.failures.raised_at) == (7, SOON)


def test_a_disabled_account_is_found(service: Service) -> None:
    """Otherwise it could not be enabled."""
    user_id = service.person().session.user_id
    service.account_disabling.disable(operator_request(user_id), NOW)

    assert service.account_inspection.of(EMAIL, SOON).user.status == users.DISABLED


def test_a_session_that_has_expired_is_not_shown(service: Service) -> None:
    """Although it is still in the table."""
    service.person()

    assert service.account_inspection.of(EMAIL, later(hours=2)).sessions == []


@pytest.mark.parametrize(
    "name", ["unknown@example.com", UNKNOWN_USER, "google:2", "github:3", secrets.digest("x"), "x y"]
)
def test_an_unknown_name_finds_no_account(service: Service, name: str) -> None:
    """For each kind of name."""
    service.person()
    with pytest.raises(NotFound, match="No account"):
        service.account_inspection.of(name, SOON)


def test_a_sign_up_that_was_not_confirmed_has_no_account(service: Service) -> None:
    """Most owners who report a missing account never confirmed it."""
    service.signed_up()
    with pytest.raises(NotFound, match="until its address is confirmed"):
        service.account_inspection.of(EMAIL, SOON)


def test_an_identity_that_was_not_confirmed_is_shown_as_such(service: Service) -> None:
    _link_google(service, service.person().session.user_id)
    service.world.change_identity("google#1001", verified=False)
    with pytest.raises(NotFound, match="is not confirmed"):
        service.account_inspection.of("google:1001", SOON)


def test_an_invalid_address_is_refused(service: Service) -> None:
    """Rather than looked up."""
    with pytest.raises(InvalidInput):
        service.account_inspection.of("olive@", SOON)


@pytest.mark.parametrize(
    "event",
    [{}, {"user_id": ""}, {"user_id": 5}, {"user_id": "u", "operator": ""}, {"user_id": "u", "operator": "a\nb"}],
)
def test_a_malformed_request_is_refused(event: dict[str, str]) -> None:
    """Nothing is guessed; a name with a line break is refused."""
    with pytest.raises(InvalidInput):
        OperatorRequest.read(event)


def test_a_request_without_an_operator_is_recorded_as_unnamed() -> None:
    """From a manual invocation; CloudTrail has the caller."""
    assert OperatorRequest.read({"user_id": "u"}) == OperatorRequest("u", UNNAMED)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("arn:aws:iam::123456789012:user/ann", "arn:aws:iam::123456789012:user/ann"),
        (
            "arn:aws:sts::123456789012:assumed-role/Support/ann@example.com",
            "arn:aws:sts::123456789012:assumed-role/Support/a***@example.com",
        ),
        ("ann@example.com", "a***@example.com"),
        (
            "arn:aws:sts::123456789012:assumed-role/ann@example.com/bob@example.com",
            "arn:aws:sts::123456789012:assumed-role/a***@example.com/b***@example.com",
        ),
        ("@example.com", "@example.com"),
    ],
)
def test_an_operators_own_address_is_not_recorded(said: str, kept: str) -> None:
    """With single sign-on an ARN ends with it; CloudTrail has it in full."""
    assert OperatorRequest.read({"user_id": UNKNOWN_USER, "operator": said}) == OperatorRequest(UNKNOWN_USER, kept)


def test_a_password_of_another_account_is_not_revoked(service: Service) -> None:
    """The address may belong to another account by now, as after a partial restore."""
    logged_in = service.person()
    service.change_identity(user_id=UNKNOWN_USER)
    with pytest.raises(PasswordMissing):
        service.password_revocation.revoke(operator_request(logged_in.session.user_id), SOON)

    assert held(service, logged_in) == {logged_in.session.digest}


def test_the_second_factor_is_shown_without_its_secrets(service: Service) -> None:
    """Support needs to know what an owner without their phone can still use."""
    user_id = service.person().session.user_id
    kept = {"a trusted browser": Trusted("Edge", NOW, later(days=1)), "an earlier one": Trusted("Edge", NOW, NOW)}
    holds = {"totp": "a seal", "recovery_codes": frozenset({"a digest"}), "factor_reset_at": later(days=1)}
    service.world.user(user_id, **holds, trusted_browsers=kept)
    shown = inspections.document(service.account_inspection.of(user_id, SOON))

    assert shown["second_factor"] == {
        "on": True,
        "recovery_codes_left": 1,
        "trusted_browsers": [
            {
                "id": secrets.digest("a trusted browser"),
                "current": False,
                "device": "Edge",
                "trusted_at": "2026-03-01T12:00:00.000Z",
                "expires_at": "2026-03-02T12:00:00.000Z",
            }
        ],
        "reset_at": "2026-03-02T12:00:00.000Z",
    }
    assert [secret for secret in ("a seal", "a digest", "a trusted browser") if secret in str(shown)] == []


@pytest.mark.parametrize(("count", "disabled"), [(99, False), (100, True)])
def test_a_password_counts_as_disabled_from_the_hundredth_failure(count: int, *, disabled: bool) -> None:
    """The same limit as login."""
    assert inspections._failures(Counter(count, NOW)).password_disabled is disabled


@pytest.mark.parametrize(("length", "is_accepted"), [(300, True), (301, False)])
def test_what_an_operator_pasted_is_trimmed_and_then_limited(length: int, is_accepted: bool) -> None:
    """A line end, a no-break space, and invisible characters."""
    asked = {"user_id": f"\u2068\xa0{'u' * length}\u200b\n", "operator": f" {OPERATOR}\n"}
    if is_accepted:
        assert OperatorRequest.read(asked) == OperatorRequest("u" * length, OPERATOR)
    else:
        with pytest.raises(InvalidInput, match="Say user_id, as text of at most 300 characters"):
            OperatorRequest.read(asked)


@pytest.mark.parametrize("user_id", ["", " ", "\u200b"])
def test_an_operator_has_to_name_an_account(user_id: str) -> None:
    with pytest.raises(InvalidInput, match="Say user_id"):
        OperatorRequest.read({"user_id": user_id})


def test_an_account_is_found_by_any_spelling_of_its_address(service: Service) -> None:
    """As it was pasted, in the form that people write."""
    service.person()

    assert service.account_inspection.of(f" {EMAIL.upper()}\n", SOON).user.email == EMAIL
