"""The one decision which account a login belongs to: every combination of the facts, each with its outcome."""

from collections.abc import Collection
from itertools import product

import pytest

from accounts.limits import UNLINKED_PER_ACCOUNT
from accounts.model.identities import Identity
from accounts.model.linking import (
    AddressReused,
    BelongsToAnother,
    ConfirmAddress,
    Decision,
    LinkToAccount,
    NewAccount,
    NoAddress,
    OpenAccount,
    decide,
)
from accounts.model.providers import GITHUB, GOOGLE
from accounts.model.users import User
from tests.unit.accounts.flows.providers.stage import provider_person
from tests.unit.accounts.stage import EMAIL, NOW

MINE, OTHERS, KNOWN_AS = "MyAccount", "TheirAccount", "KnownAccount"


def _identity(key: str, user_id: str, *, verified: bool) -> Identity:
    return Identity(key, user_id, EMAIL, "Olive", NOW, NOW, password_hash="fake:secret", verified=verified)


def _account(*linked: str, unlinked: Collection[str] = ()) -> User:
    held = frozenset({f"email#{EMAIL}", *linked})
    return User(OTHERS, EMAIL, "Olive", NOW, NOW, identities=held, unlinked=frozenset(unlinked))


def _local(*, verified: bool) -> Identity:
    return _identity(f"email#{EMAIL}", OTHERS, verified=verified)


# What is stored about the subject.
KNOWN = {
    "unknown": None,
    "waits for its email": _identity("google#1001", KNOWN_AS, verified=False),
    "is another's": _identity("google#1001", KNOWN_AS, verified=True),
    "is mine": _identity("google#1001", MINE, verified=True),
}
# What the provider says about the address.
ADDRESS = {
    "verified": provider_person(),
    "unverified": provider_person(email_verified=False),
    "missing": provider_person(email="", email_verified=False),
    "missing, yet verified": provider_person(email="", email_verified=True),
}
MANY = frozenset(f"github#{number}" for number in range(UNLINKED_PER_ACCOUNT))
# Which account has the address here, which identities it has, and which it has unlinked.
LOCAL = {
    "free": (None, None),
    "a stranger's sign-up": (_local(verified=False), None),
    "an account": (_local(verified=True), _account()),
    "an account that is gone": (_local(verified=True), None),
    "an account with GitHub": (_local(verified=True), _account("github#77")),
    "an account with another Google": (_local(verified=True), _account("google#9")),
    "an account that unlinked it": (_local(verified=True), _account(unlinked={"google#1001"})),
    "an account that unlinked another": (_local(verified=True), _account(unlinked={"google#9", "github#1001"})),
    "an account that unlinked almost too many": (_local(verified=True), _account(unlinked=set(sorted(MANY)[1:]))),
    "an account that unlinked too many": (_local(verified=True), _account(unlinked=MANY)),
}
# Whether a logged-in owner asked for the link.
LINKING = {"not asked": None, "asked by my account": MINE}

OPEN_KNOWN, OPEN_MINE = OpenAccount(KNOWN_AS), OpenAccount(MINE)
MINE_AS_ASKED = LinkToAccount(MINE)
SAME_MAILBOX = LinkToAccount(OTHERS, verified_address=_local(verified=True))
PROVE, NONE, NEW, REUSED, ELSEWHERE = ConfirmAddress(), NoAddress(), NewAccount(), AddressReused(), BelongsToAnother()

# For a subject that is not linked yet (pending or unknown), when no owner asked: by address and its local owner.
BY_ADDRESS: dict[str, tuple[Decision, ...]] = {
    # In the order of LOCAL.
    "verified": (NEW, NEW, *(SAME_MAILBOX,) * 3, REUSED, REUSED, SAME_MAILBOX, SAME_MAILBOX, REUSED),
    "unverified": (PROVE,) * 10,
    "missing": (NONE,) * 10,
    "missing, yet verified": (NONE,) * 10,
}
# For a linked subject, or when an owner asked, the address and its owner do not matter.
WHATEVER_THE_ADDRESS: dict[tuple[str, str], Decision] = {
    ("unknown", "asked by my account"): MINE_AS_ASKED,
    ("waits for its email", "asked by my account"): MINE_AS_ASKED,
    ("is another's", "not asked"): OPEN_KNOWN,
    ("is another's", "asked by my account"): ELSEWHERE,
    ("is mine", "not asked"): OPEN_MINE,
    ("is mine", "asked by my account"): OPEN_MINE,
}
EVERY_COMBINATION = tuple(product(KNOWN, ADDRESS, LOCAL, LINKING))


def _wanted(known: str, address: str, local: str, linking: str) -> Decision:
    if (known, linking) in WHATEVER_THE_ADDRESS:
        return WHATEVER_THE_ADDRESS[known, linking]
    return BY_ADDRESS[address][tuple(LOCAL).index(local)]


@pytest.mark.parametrize(("known", "address", "local", "linking"), EVERY_COMBINATION)
def test_each_combination_has_its_outcome(known: str, address: str, local: str, linking: str) -> None:
    """The subject decides first, then the owner who asked, then the address: see the tables above."""
    owner, account = LOCAL[local]
    decision = decide(ADDRESS[address], known=KNOWN[known], local=owner, account=account, linking_to=LINKING[linking])

    assert decision == _wanted(known, address, local, linking)


def test_the_tables_cover_every_combination() -> None:
    """320 cases, and every outcome occurs among them."""
    answers = {type(_wanted(*combination)) for combination in EVERY_COMBINATION}

    assert len(EVERY_COMBINATION) == 320
    assert answers == {
        OpenAccount,
        LinkToAccount,
        NewAccount,
        ConfirmAddress,
        NoAddress,
        BelongsToAnother,
        AddressReused,
    }


@pytest.mark.parametrize("address", ADDRESS)
@pytest.mark.parametrize("local", LOCAL)
def test_only_an_address_verified_on_both_sides_leads_to_an_existing_account(address: str, local: str) -> None:
    """For an unknown subject, when no owner asked: no silent merge (promise 4)."""
    owner, account = LOCAL[local]
    decision = decide(ADDRESS[address], known=None, local=owner, account=account)

    both = address == "verified" and owner is not None and owner.verified
    assert isinstance(decision, LinkToAccount | AddressReused) == both


def test_another_providers_identity_does_not_mean_that_the_address_was_reassigned() -> None:
    """Only a second subject of the same provider does; ``googlegroup#1`` and ``email#google#1`` are not of Google."""
    account = _account("googlegroup#1", "email#google#1", "github#1")
    decision = decide(provider_person(GOOGLE), known=None, local=_local(verified=True), account=account)

    assert decision == SAME_MAILBOX


def test_a_recycled_address_is_refused_for_github_as_for_google() -> None:
    """The rule is the same for every provider."""
    account = _account("github#9")
    decision = decide(provider_person(GITHUB), known=None, local=_local(verified=True), account=account)

    assert decision == REUSED


def test_an_identity_that_the_account_already_holds_is_not_another_one() -> None:
    account = _account("google#1001")

    assert decide(provider_person(), known=None, local=_local(verified=True), account=account) == SAME_MAILBOX


def test_a_disabled_subject_leads_to_its_own_account_only() -> None:
    """The account refuses the login; the subject never gets a new account."""
    known = Identity("google#1001", MINE, EMAIL, "", NOW, NOW, verified=True, disabled=True)

    assert decide(provider_person(), known=known, local=None) == OPEN_MINE
