"""The operators' command: what it accepts, what it asks before it acts, what it sends and what it prints."""

import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from accounts import secrets
from scripts import place
from scripts.admin import __main__ as command
from scripts.admin.people import leaked_key
from scripts.place import CannotDo, Place
from tests.functions.people import a_key

ARN = "arn:aws:iam::123456789012:user/ops"
# An ARN of single sign-on is long and ends with the person's address.
OPERATOR = "arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_AdministratorAccess_0123456789abcdef/a***@example.com"
KEY, OTHER_KEY = (a_key(name) for name in ("kkkkkkkk", "zzzzzzzz"))
USER_ID = "SomeAccountOfAnn000000000001"
ANN = f"Ann <ann@example.com> ({USER_ID})"
_JOBS = ", only for jobs:read"
FOUND: dict[str, Any] = {
    "account": {
        "id": USER_ID,
        "email": "ann@example.com",
        "name": "Ann",
        "createdAt": "2026-01-05T12:00:00.000Z",
        "updatedAt": "2026-01-05T12:00:00.000Z",
        "status": "active",
        "mail_problem": None,
    },
    "identities": [
        {
            "provider": "email",
            "email": "ann@example.com",
            "subject": None,
            "disabled": False,
            "undeliverable": "bounce",
            "password": "set",
        },
        {
            "provider": "google",
            "email": "ann@example.com",
            "subject": "4711",
            "disabled": True,
            "undeliverable": None,
            "password": "none",
        },
    ],
    "sessions": [
        {
            "id": "5e55" * 16,
            "method": "password",
            "last_seen_at": "2026-01-05T12:00:00.000Z",
            "source": "203.0.113.7",
            "device": "Firefox on Linux",
            "client": None,
        }
    ],
    "api_keys": [
        {
            "id": secrets.digest(KEY),
            "name": "render box",
            "key_prefix": KEY[:16],
            "created_at": "2026-01-05T12:00:00.000Z",
            "last_used_at": None,
            "expires_at": "2027-01-05T12:00:00.000Z",
            "networks": [],
            "scopes": ["jobs:read"],
        },
        {
            "id": secrets.digest(OTHER_KEY),
            "name": "laptop",
            "key_prefix": OTHER_KEY[:16],
            "created_at": "2026-01-05T12:00:00.000Z",
            "last_used_at": "2026-01-05T13:00:00.000Z",
            "expires_at": None,
            "networks": ["192.0.2.0/24"],
            "scopes": [],
        },
    ],
    "passkeys": [
        {
            "id": "any",
            "name": "Phone",
            "synced": True,
            "created_at": "2026-01-05T12:00:00.000Z",
            "last_used_at": None,
        }
    ],
    "second_factor": {
        "on": True,
        "recovery_codes_left": 9,
        "trusted_browsers": [{"device": "Firefox on Linux"}],
        "reset_at": None,
    },
    "failures": {"count": 6, "wait_until": "2026-01-05T12:00:30.000Z", "password_disabled": False},
    "activity": [
        {"at": "2026-01-05T12:00:00.000Z", "event": "user_created", "source": "203.0.113.7", "detail": {"by": "email"}},
        {"at": "2026-01-05T13:00:00.000Z", "event": "user_enabled", "source": "", "detail": {"operator": OPERATOR}},
    ],
}


@dataclass
class Aws:
    """Lambda and STS. ``sent`` has each function and its event; ``refuses`` is the error that the functions return."""

    sent: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    refuses: str = ""
    says: dict[str, object] = field(default_factory=dict)

    def __call__(self, _service: str) -> "Aws":
        return self

    def get_caller_identity(self) -> dict[str, str]:
        return {"Arn": ARN}

    def invoke(self, **asked: str) -> dict[str, Any]:
        """Return Ann's account, or the result of the action."""
        self.sent.append((asked["FunctionName"], json.loads(asked["Payload"])))
        if self.refuses:
            refusal = {"error": "not_found", "message": self.refuses}
            return {"Payload": io.BytesIO(json.dumps(refusal).encode())}
        result = FOUND if asked["FunctionName"] == "OperatorAccountInspect" else {"user_id": USER_ID, **self.says}
        return {"Payload": io.BytesIO(json.dumps(result).encode())}

    @property
    def acts(self) -> list[tuple[str, dict[str, str]]]:
        """The calls of functions that change something."""
        return [(function, event) for function, event in self.sent if function != "OperatorAccountInspect"]


class Input(io.StringIO):
    """Standard input, from a person at a terminal or from a pipe."""

    def __init__(self, text: str, *, person: bool) -> None:
        super().__init__(text)
        self.person = person

    def isatty(self) -> bool:
        return self.person


@dataclass(frozen=True)
class Shell:
    """Where the command runs."""

    aws: Aws
    patch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def run(self, *words: str, piped: str = "", typed: str | None = None) -> tuple[int, str, str]:
        """Run the command; returns its exit code, standard output and standard error."""
        self.patch.setattr("sys.stdin", Input(piped if typed is None else typed, person=typed is not None))
        self.patch.setattr("getpass.getpass", lambda _prompt: typed)
        try:
            code = command.main(list(words))
        except SystemExit as ended:
            code = int(str(ended.code))
        said = self.capsys.readouterr()
        return code, said.out, said.err


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """On a stack whose functions are named as in the template, without "Function"."""
    aws = Aws()
    there = Place(aws, "our-stack", "the stack our-stack")
    functions = (
        "OperatorAccountInspect",
        "OperatorAccountDisable",
        "OperatorAccountEnable",
        "OperatorAccountUnlock",
        "OperatorAccountLogout",
        "OperatorAccountDelete",
        "OperatorPasswordRevoke",
        "OperatorFactorReset",
        "OperatorKeyRevoke",
    )
    there.__dict__["names"] = {f"{name}Function": name for name in functions}
    monkeypatch.setattr(place, "find", lambda: there)
    return Shell(aws, monkeypatch, capsys)


SHOWN = f"""\
Ann <ann@example.com> (SomeAccountOfAnn000000000001)
  status    active, since 2026-01-05T12:00:00.000Z
  email     no known delivery problem
  login     6 failures in a row; the next attempt is allowed at 2026-01-05T12:00:30.000Z
  two-step  on; recovery codes left: 9; trusted browsers: 1
Identities (2)
  email     ann@example.com  password set  mail bounce
  google    ann@example.com  id 4711  disabled
Passkeys (1)
  Phone  created 2026-01-05T12:00:00.000Z, used never
Sessions (1)
  5e555e555e55  by password, seen 2026-01-05T12:00:00.000Z, 203.0.113.7, Firefox on Linux
API keys (2)
  comfyui-kkkkkkkk  render box  created 2026-01-05T12:00:00.000Z, used never, expires 2027-01-05T12:00:00.000Z{_JOBS}
  comfyui-zzzzzzzz  laptop  created 2026-01-05T12:00:00.000Z, used 2026-01-05T13:00:00.000Z, only from 192.0.2.0/24
Activity (2)
  2026-01-05T12:00:00.000Z  user_created  203.0.113.7  by email
  2026-01-05T13:00:00.000Z  user_enabled  operator {OPERATOR}
"""


def test_an_account_is_shown_in_words(shell: Shell) -> None:
    """The place is printed to standard error, so that the output can be piped."""
    assert shell.run("show", "ann@example.com") == (0, SHOWN, "On the stack our-stack\n")
    assert shell.aws.sent == [("OperatorAccountInspect", {"name": "ann@example.com", "operator": ARN})]


def test_an_account_is_shown_as_json(shell: Shell) -> None:
    """All of it."""
    code, out, _ = shell.run("show", "ann@example.com", "--json")

    assert (code, json.loads(out)) == (0, FOUND)


@pytest.mark.parametrize(
    ("word", "function"),
    [("enable", "OperatorAccountEnable"), ("unlock", "OperatorAccountUnlock"), ("log-out", "OperatorAccountLogout")],
)
def test_reversible_actions_are_not_confirmed(shell: Shell, word: str, function: str) -> None:
    """They act on the account that was found, by its id, in the name of the operator."""
    code, out, _ = shell.run(word, "ann@example.com")

    assert (code, out.splitlines()[0]) == (0, ANN)
    assert shell.aws.acts == [(function, {"user_id": USER_ID, "operator": ARN})]


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("active", "Nothing was changed: the account is active."),
        ("disabled", "Enabled. The owner can log in again; ended sessions and API keys stay ended."),
    ],
)
def test_enabling_says_whether_the_account_was_disabled(shell: Shell, status: str, said: str) -> None:
    account: dict[str, Any] = {**FOUND["account"], "status": status}
    shell.patch.setitem(FOUND, "account", account)

    assert shell.run("enable", "ann@example.com")[1].splitlines() == [ANN, said]


RESET_AT = "2026-01-06T12:00:00.000Z"
EFFECT = (
    f"From {RESET_AT}, for a week, the next login with the password or a provider turns two-step login off, "
    "removes all passkeys and logs out everywhere else. A login with a code, a recovery code or a passkey cancels "
    "the reset."
)


@pytest.mark.parametrize(
    ("is_new", "problem", "said"),
    [
        (True, None, ["Requested. The owner is emailed and can cancel it.", EFFECT]),
        (False, None, ["Already requested: the time does not change.", EFFECT]),
        (
            True,
            "bounce",
            [
                "Requested. The owner is emailed and can cancel it.",
                EFFECT,
                "WARNING: bounce: the owner gets no email. Warn them in another way, or cancel with --cancel.",
            ],
        ),
    ],
)
def test_a_reset_says_when_it_takes_effect(shell: Shell, is_new: bool, problem: str | None, said: list[str]) -> None:
    """It can be cancelled, so it is not confirmed."""
    shell.patch.setitem(FOUND, "account", {**FOUND["account"], "mail_problem": problem})
    shell.aws.says = {"reset_at": RESET_AT, "requested": is_new}

    assert shell.run("reset-second-factor", "ann@example.com")[1].splitlines() == [ANN, *said]
    assert shell.aws.acts == [("OperatorFactorReset", {"user_id": USER_ID, "operator": ARN})]


@pytest.mark.parametrize(
    ("is_cancelled", "said"),
    [(True, "Cancelled. The owner is emailed."), (False, "Nothing was changed: no reset is requested.")],
)
def test_a_reset_is_cancelled(shell: Shell, is_cancelled: bool, said: str) -> None:
    shell.aws.says = {"cancelled": is_cancelled}

    assert shell.run("reset-second-factor", "ann@example.com", "--cancel")[1].splitlines() == [ANN, said]
    assert shell.aws.acts == [("OperatorFactorReset", {"user_id": USER_ID, "operator": ARN, "cancel": "yes"})]


def test_a_requested_reset_is_shown(shell: Shell) -> None:
    shell.patch.setitem(FOUND, "second_factor", {**FOUND["second_factor"], "reset_at": RESET_AT})

    said = shell.run("show", "ann@example.com")[1]
    assert f"trusted browsers: 1; RESET REQUESTED from {RESET_AT}" in said


@pytest.mark.parametrize("stop", [EOFError, KeyboardInterrupt])
@pytest.mark.parametrize("words", [("delete", "ann@example.com"), ("revoke-key",), ("show",)])
def test_ctrl_c_and_ctrl_d_at_a_question_do_nothing(
    shell: Shell, words: tuple[str, ...], stop: type[BaseException]
) -> None:
    shell.patch.setattr("builtins.input", Mock(side_effect=stop))
    shell.patch.setattr("sys.stdin", Input("", person=True))
    shell.patch.setattr("getpass.getpass", Mock(side_effect=stop))

    assert command.main(list(words)) == 1
    assert shell.capsys.readouterr().err == "On the stack our-stack\n\nmake admin: nothing was done\n"
    assert shell.aws.acts == []


def test_ctrl_c_leaves_no_traceback(shell: Shell) -> None:
    """While AWS answers."""
    shell.patch.setattr(Aws, "invoke", Mock(side_effect=KeyboardInterrupt))

    assert shell.run("show", "ann@example.com") == (
        130,
        "",
        "On the stack our-stack\n\nmake admin: stopped before it was finished\n",
    )


FINAL = {
    "disable": "OperatorAccountDisable",
    "revoke-password": "OperatorPasswordRevoke",
    "delete": "OperatorAccountDelete",
}


@pytest.mark.parametrize(("word", "function"), FINAL.items())
def test_irreversible_actions_are_confirmed(shell: Shell, word: str, function: str) -> None:
    """The question names the account and what is lost with it; only "yes" confirms."""
    for answer in ("no\n", "\n", "y\n", "YES\n"):
        code, out, err = shell.run(word, "ann@example.com", typed=answer)
        assert (code, err) == (1, "On the stack our-stack\nmake admin: nothing was done\n")
        question = f"{ANN}, with 1 sessions and 2 API keys, on the stack our-stack? This cannot be undone. Type yes: "
        assert question in out
    assert shell.aws.acts == []

    assert shell.run(word, "ann@example.com", typed="yes\n")[0] == 0
    assert shell.aws.acts == [(function, {"user_id": USER_ID, "operator": ARN})]


@pytest.mark.parametrize("words", [*((word, "ann@example.com") for word in FINAL), ("revoke-key",)])
def test_without_a_terminal_only_the_option_yes_confirms(shell: Shell, words: tuple[str, ...]) -> None:
    """A script that forgot it changes nothing."""
    code, out, err = shell.run(*words, piped=f"{KEY}\n")
    assert (code, out) == (1, "")
    assert "This cannot be undone; without a terminal, confirm with --yes" in err
    assert shell.aws.acts == []

    assert shell.run(*words, "--yes", piped=f"{KEY}\n")[0] == 0
    assert len(shell.aws.acts) == 1


@pytest.mark.parametrize("typed", [None, KEY])
def test_a_leaked_key_is_read_and_never_sent_or_printed(shell: Shell, typed: str | None) -> None:
    """Only its digest, which the table stores, is sent."""
    code, out, err = shell.run("revoke-key", "--yes", piped=f"  {KEY}\n", typed=typed)

    assert (code, out.splitlines()[0]) == (0, ANN)
    assert shell.aws.sent == [
        ("OperatorAccountInspect", {"name": secrets.digest(KEY), "operator": ARN}),
        ("OperatorKeyRevoke", {"user_id": USER_ID, "operator": ARN, "api_key": secrets.digest(KEY)}),
    ]
    assert KEY not in out + err


def test_the_owner_of_a_key_can_be_looked_up(shell: Shell) -> None:
    """By the key, read from standard input."""
    said = "On the stack our-stack\nPaste the key: reading one line from standard input\n"
    assert shell.run("show", piped=KEY) == (0, SHOWN, said)
    assert shell.aws.sent == [("OperatorAccountInspect", {"name": secrets.digest(KEY), "operator": ARN})]


def test_a_key_is_revoked_by_its_prefix(shell: Shell) -> None:
    """As `show` prints it."""
    assert shell.run("revoke-key", "ann@example.com", "comfyui-kkkk", "--yes")[0] == 0
    assert shell.aws.acts == [
        ("OperatorKeyRevoke", {"user_id": USER_ID, "operator": ARN, "api_key": secrets.digest(KEY)})
    ]


def test_a_key_is_revoked_by_its_id(shell: Shell) -> None:
    """As in the history."""
    assert shell.run("revoke-key", secrets.digest(KEY), "--yes")[0] == 0
    assert shell.aws.acts == [
        ("OperatorKeyRevoke", {"user_id": USER_ID, "operator": ARN, "api_key": secrets.digest(KEY)})
    ]


@pytest.mark.parametrize("prefix", ["comfyui-", "comfyui-q", ""])
def test_a_prefix_that_does_not_match_exactly_one_key_revokes_none(shell: Shell, prefix: str) -> None:
    """It matches both keys, or neither, or is not a prefix."""
    code, _, err = shell.run("revoke-key", "ann@example.com", prefix, "--yes")

    assert (code, shell.aws.acts) == (1, [])
    assert "show" in err


@pytest.mark.parametrize(
    ("prefix", "keys", "why"),
    [
        ("comfyui-", ["comfyui-abcdefgh"], "is the start of every key"),
        ("c", ["comfyui-abcdefgh"], "is the start of every key"),
        ("comfyui-a", ["comfyui-abcdefgh", "comfyui-abzzzzzz"], "2 keys of that account begin with"),
        ("comfyui-b", ["comfyui-abcdefgh"], "0 keys of that account begin with"),
    ],
)
def test_too_short_a_prefix_is_refused(prefix: str, keys: list[str], why: str) -> None:
    """Even if the account has a single key today: the wrong one must not be revoked."""
    account = {"api_keys": [{"id": it, "key_prefix": it} for it in keys]}
    with pytest.raises(CannotDo, match=why):
        leaked_key(account, prefix)


LEAK = f"export KEY={KEY}\n# the same again: {KEY}, and no key: {KEY[:-1]}0 x{KEY} {KEY}x\n"


@pytest.mark.parametrize("from_file", [True, False])
def test_every_key_in_a_text_that_leaked_is_revoked(shell: Shell, tmp_path: Path, *, from_file: bool) -> None:
    """From a file or standard input. Only the ids of keys are sent, and only their start is shown."""
    leaked = tmp_path / "leak.txt"
    leaked.write_text(LEAK)
    where = ("--url", "https://paste.example.com/1", "--yes")
    code, out, err = shell.run("leaked", *([str(leaked)] if from_file else []), *where, piped=LEAK)

    assert (code, out.splitlines()) == (
        0,
        [
            "1 API keys in the text; 1 of them exist here",
            f"  {KEY[:16]}  {ANN}",
            f"Revoked {KEY[:16]}. Its owner is notified by email.",
        ],
    )
    asked = {"user_id": USER_ID, "operator": ARN, "api_key": secrets.digest(KEY)}
    assert shell.aws.sent == [
        ("OperatorAccountInspect", {"name": secrets.digest(KEY), "operator": ARN}),
        ("OperatorKeyRevoke", asked | {"leaked": "yes", "url": "https://paste.example.com/1"}),
    ]
    assert KEY not in out + err


@pytest.mark.parametrize("text", ["", "nothing", KEY[:-1], KEY[:-1] + "0", f"x{KEY}"])
def test_a_text_without_a_key_revokes_nothing(shell: Shell, text: str) -> None:
    code, _, err = shell.run("leaked", "--yes", piped=text)

    assert (code, shell.aws.sent) == (1, [])
    assert "the text has no whole API key" in err


def test_keys_that_do_not_exist_are_counted(shell: Shell) -> None:
    """They may be another deployment's."""
    shell.aws.refuses = "No account matches that name."

    assert shell.run("leaked", "--yes", piped=LEAK)[:2] == (0, "1 API keys in the text; 0 of them exist here\n")
    assert shell.aws.acts == []


def test_a_file_that_cannot_be_read_is_named(shell: Shell, tmp_path: Path) -> None:
    code, _, err = shell.run("leaked", str(tmp_path / "missing"), "--yes")

    assert code == 1
    assert "missing cannot be read: No such file" in err


@pytest.mark.parametrize(
    "url", ["ftp://paste.example.com/1", "http://paste.example.com/1", "paste.example.com", "https:"]
)
def test_an_address_that_the_email_cannot_show_is_refused(shell: Shell, url: str) -> None:
    """Otherwise it would be left out, which no one would notice."""
    code, out, err = shell.run("leaked", "--yes", "--url", url, piped=LEAK)

    assert (code, out) == (1, "")
    assert err.endswith(f"make admin: {url} is not an https address that the email can show\n")
    assert shell.aws.sent == []


def test_leaked_keys_are_confirmed(shell: Shell, tmp_path: Path) -> None:
    leaked = tmp_path / "leak.txt"
    leaked.write_text(LEAK)
    code, out, _ = shell.run("leaked", str(leaked), typed="no\n")

    assert (code, shell.aws.acts) == (1, [])
    assert "Revoke 1 API keys, on the stack our-stack? This cannot be undone. Type yes: " in out


@pytest.mark.parametrize("words", [("show", KEY), ("revoke-key", KEY), ("revoke-key", "ann@example.com", KEY)])
def test_a_whole_key_among_the_arguments_is_refused(shell: Shell, words: tuple[str, ...]) -> None:
    """It is in the shell's history and in the list of processes; the error says so without printing it again."""
    code, out, err = shell.run(*words)

    assert (code, out, shell.aws.sent) == (1, "", [])
    assert err.startswith("make admin: never pass a whole API key as an argument")
    assert KEY not in err


@pytest.mark.parametrize("piped", ["", "\n", KEY[:-1], KEY[:-1] + "0", "ann@example.com"])
def test_a_malformed_key_is_not_looked_up(shell: Shell, piped: str) -> None:
    """Its length or checksum is wrong."""
    code, _, err = shell.run("revoke-key", "--yes", piped=piped)

    assert (code, shell.aws.sent) == (1, [])
    assert err.endswith("make admin: that is not a whole API key: its length or checksum is wrong\n")


@pytest.mark.parametrize(
    "words", [("disable",), ("disabel", "ann@example.com"), ("unlock", "ann", "bob"), ("delete", "a", "--y")]
)
def test_a_misspelt_command_does_nothing(shell: Shell, words: tuple[str, ...]) -> None:
    """Options are not completed from their first letters."""
    code, _, err = shell.run(*words)

    assert (code, shell.aws.sent) == (2, [])
    assert "usage: make admin" in err


def test_a_refusal_of_the_function_is_printed(shell: Shell) -> None:
    """In its own words, and nothing is done after it."""
    shell.aws.refuses = "There is no account by that name."

    assert shell.run("delete", "bob@example.com", "--yes") == (
        1,
        "",
        "On the stack our-stack\nmake admin: There is no account by that name.\n",
    )
    assert len(shell.aws.sent) == 1


def test_a_stack_without_the_function_is_reported(shell: Shell) -> None:
    """Another stack, or one that is not up to date, is not the same as a refusal."""
    place.find().names.clear()

    assert shell.run("show", "ann@example.com")[2].endswith(
        "make admin: the stack our-stack has no OperatorAccountInspectFunction: it is another service or version\n"
    )
