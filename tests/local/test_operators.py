"""What operators do with `make admin` on the deployed cloud: help accounts and rotate secrets."""

import io
import json
from collections.abc import Callable
from copy import replace
from datetime import UTC, datetime
from functools import partial

import pytest
import requests

from local.cloud import LocalCloud
from local.stack import NAME
from scripts import place
from scripts.admin import __main__ as command
from scripts.admin import rotations
from scripts.place import Place
from tests.local import counters
from tests.local.deployed import restart, secret_of
from tests.local.person import Person, token_in, with_key
from tests.local.programs import fetched, logged_in, signer

type Admin = Callable[..., str]


@pytest.fixture
def admin(cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Admin:
    """The command; what it prints."""
    monkeypatch.setattr(place, "find", lambda: Place(cloud.client, NAME, "the local cloud"))

    def give(*words: str, piped: str = "") -> str:
        monkeypatch.setattr("sys.stdin", io.StringIO(piped))
        code = command.main(list(words))
        said = capsys.readouterr()
        assert code == 0, said.err
        return said.out

    return give


@pytest.fixture
def person(cloud: LocalCloud) -> Person:
    """An owner who has just signed up."""
    return Person(cloud).join()


def test_a_person_is_shut_out_and_let_in_again(admin: Admin, person: Person) -> None:
    """Disabling ends sessions and keys. After enabling, the password works again; sessions and keys stay ended."""
    key = person.make_key()["plaintext_key"]
    admin("disable", person.email, "--yes")
    refused = Person(person.cloud, email=person.email).log_in()
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_credentials")
    assert (person.call("GET", "/auth/session").status_code, with_key(person, key)) == (401, 401)
    assert "status    disabled" in admin("show", person.email)

    admin("enable", person.email)

    assert person.log_in().status_code == 200
    assert with_key(person, key) == 401
    shown = admin("show", person.email)
    assert "status    active" in shown
    assert "user_disabled" in shown
    assert "user_enabled" in shown


def test_a_person_who_has_to_wait_is_unlocked(admin: Admin, person: Person) -> None:
    """After five wrong passwords, the right one works at once."""
    wrong = replace(person, password="not the right one at all")
    assert [wrong.log_in().status_code for _ in range(5)] == [401] * 5
    counters.prolong_waits(person.cloud)
    assert (wrong.log_in().status_code, person.log_in().status_code) == (429, 429)
    assert "failures in a row" in admin("show", person.email)

    admin("unlock", person.email)

    assert person.log_in().status_code == 200


def test_a_password_that_others_know_is_worth_nothing_until_it_is_reset(admin: Admin, person: Person) -> None:
    """It must be reset to another one; the owner is emailed what to do."""
    admin("revoke-password", person.email, "--yes")
    assert (person.call("GET", "/auth/session").status_code, person.log_in().status_code) == (401, 401)
    assert person.wait_for_mail("We disabled your Comfy password: please reset it")

    person.call("POST", "/auth/password/forgot", {"email": person.email})
    token = token_in(person.wait_for_mail("Reset your Comfy password"))
    body = {"token": token, "password": "nine lanterns over a quiet river"}
    again = person.call("POST", "/auth/password/reset", body | {"password": person.password})
    assert (again.status_code, again.json()["error"]) == (400, "weak_password")
    assert person.call("POST", "/auth/password/reset", body).status_code == 204
    assert replace(person, password=body["password"]).log_in().status_code == 200


def test_a_second_factor_that_is_lost_is_reset(admin: Admin, person: Person) -> None:
    """Cancelled once, requested again, and applied by a login when its time has come."""
    person.turn_on_two_steps()
    account = person.call("GET", "/customers/me").json()["id"]
    assert "Requested." in admin("reset-second-factor", person.email)
    assert "Already requested" in admin("reset-second-factor", person.email)
    assert "RESET REQUESTED from" in admin("show", person.email)
    assert "Cancelled." in admin("reset-second-factor", person.email, "--cancel")
    assert person.wait_for_mail("Two-step login reset cancelled for your Comfy account")
    assert "Requested." in admin("reset-second-factor", person.email)
    assert person.wait_for_mail("Two-step login reset requested for your Comfy account", at_least=2)
    assert person.log_in().json()["error"] == "second_factor_required"

    change = {"UpdateExpression": "SET factor_reset_at = :now", "Key": {"user_id": {"S": account}}}
    now = {":now": {"S": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f+0000")}}
    database, table = person.cloud.client("dynamodb"), person.cloud.outputs["UsersTable"]
    database.update_item(TableName=table, ExpressionAttributeValues=now, **change)
    assert person.log_in().status_code == 200
    assert person.wait_for_mail("Two-step login was reset for your Comfy account")
    assert "two-step  off" in admin("show", person.email)


def test_a_key_that_leaked_is_revoked_by_itself(admin: Admin, person: Person) -> None:
    """The operator needs the key only, not its owner; the owner's other keys keep working."""
    leaked, other = (person.make_key(name)["plaintext_key"] for name in ("leaked", "other"))

    assert person.email in admin("revoke-key", "--yes", piped=leaked)

    assert (with_key(person, leaked), with_key(person, other)) == (401, 200)
    assert person.wait_for_mail("An API key was deleted from your Comfy account")


def test_an_account_is_deleted(admin: Admin, person: Person) -> None:
    """The address can sign up again, and gets a new account."""
    account = person.call("GET", "/customers/me").json()["id"]
    admin("delete", person.email, "--yes")
    assert (person.call("GET", "/auth/session").status_code, person.log_in().status_code) == (401, 401)

    person.call("POST", "/auth/signup", {"email": person.email, "password": person.password, "name": "Ann"})
    token = token_in(person.wait_for_mail("Confirm your email address for Comfy", at_least=2))
    assert person.confirm(token).json()["id"] != account


def test_no_login_is_refused_while_the_pepper_is_rotated(admin: Admin, person: Person) -> None:
    """Functions with the old pepper and with the new one accept each other's hashes; logging in renews an old one."""
    restart(person.cloud, "login")
    assert person.log_in().status_code == 200
    admin("rotate", "pepper")
    restart(person.cloud, "password_change")
    current = json.loads(secret_of(person.cloud, "PepperSecretArn"))["current"]

    body = {"current_password": person.password, "new_password": "nine lanterns over a quiet river"}
    assert person.call("POST", "/auth/password/change", body).status_code == 204
    assert stored_hash(person).split(":")[1] == current
    assert replace(person, password=body["new_password"]).log_in().status_code == 200
    joined = Person(person.cloud).join()
    assert joined.log_in().status_code == 200
    assert stored_hash(joined).split(":")[1] == current


def stored_hash(person: Person) -> str:
    """Return the password hash that the table holds."""
    key = {"identity": {"S": f"email#{person.email}"}}
    database, table = person.cloud.client("dynamodb"), person.cloud.outputs["IdentitiesTable"]
    found: str = database.get_item(TableName=table, Key=key)["Item"]["password_hash"]["S"]
    return found


def test_no_service_is_refused_while_the_admin_secret_is_rotated(
    admin: Admin, cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Old and new secret both work until the rotation is finished. Its pauses end when the function has restarted."""
    paused = partial(rotations.admin_secret, pause=lambda _: restart(cloud, "key_verify"))
    monkeypatch.setattr(rotations, "admin_secret", paused)

    def asked_with(secret: str) -> int:
        body = {"api_key": "comfyui-"}
        return Person(cloud).call("POST", "/admin/verify-api-key", body, x_comfy_admin_secret=secret).status_code

    old = secret_of(cloud, "AdminSecretArn")
    assert asked_with(old) == 200
    admin("rotate", "admin-secret")
    new = secret_of(cloud, "AdminSecretArn")
    assert new != old
    assert [asked_with(secret) for secret in (new, old, new, "guess")] == [200, 200, 200, 401]

    admin("rotate", "admin-secret", "--finish", "--yes")
    described = cloud.client("secretsmanager").describe_secret(SecretId=cloud.outputs["AdminSecretArn"])
    assert "OUTGOING" not in str(described["VersionIdsToStages"])
    assert asked_with(new) == 200


def test_people_come_in_with_google_while_its_client_secret_is_rotated(admin: Admin, cloud: LocalCloud) -> None:
    """The other provider keeps its credentials."""
    before = json.loads(secret_of(cloud, "OAuthProvidersSecretArn"))
    for piped in ("another-client-secret", before["google"]["client_secret"]):
        admin("rotate", "google", piped=f"{piped}\n")
        after = json.loads(secret_of(cloud, "OAuthProvidersSecretArn"))
        assert after == before | {"google": {**before["google"], "client_secret": piped}}
        somebody = Person(cloud)
        somebody.call("GET", somebody.with_provider("google"))
        assert somebody.call("GET", "/auth/session").status_code == 200


@pytest.mark.redeploys
def test_programs_stay_signed_in_while_the_signing_key_is_rotated(
    admin: Admin, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other key, already published, signs; tokens of the first stay valid. Then the same in reverse."""
    monkeypatch.setitem(rotations._PATIENCE, "Delay", 0.1)
    cloud = person.cloud
    published = {key["kid"] for key in fetched(cloud, "/.well-known/jwks.json")["keys"]}
    tokens = [logged_in(person)]
    for _ in range(2):
        admin("rotate", "signing-key")
        tokens.append(logged_in(person))

    signers = [signer(it) for it in tokens]
    assert signers[0] == signers[2] != signers[1]
    assert set(signers) == published
    for it in tokens:
        headers = {"authorization": f"Bearer {it['access_token']}"}
        assert requests.get(f"{cloud.site_url}/customers/me", headers=headers, timeout=60).status_code == 200


def test_an_account_that_was_deleted_by_mistake_comes_back(admin: Admin, person: Person) -> None:
    """From restored copies of the tables: keys come back, sessions and other accounts do not."""
    cloud, key, other = person.cloud, person.make_key()["plaintext_key"], Person(person.cloud).join()
    account = person.call("GET", "/customers/me").json()["id"]
    database, tables = cloud.client("dynamodb"), ("UsersTable", "IdentitiesTable", "ApiKeysTable")
    for table in tables:
        database.restore_table_to_point_in_time(
            SourceTableName=cloud.outputs[table], TargetTableName=f"restored-{table}", UseLatestRestorableTime=True
        )
    for who in (person, other):
        admin("delete", who.email, "--yes")

    for table in tables:
        said = admin("refill", table, f"restored-{table}", "--of", account)
        assert said == f"{table}: 1 of 1 items written, 0 were there, 0 deleted.\n"
        database.delete_table(TableName=f"restored-{table}")

    assert (person.call("GET", "/auth/session").status_code, with_key(person, key)) == (401, 200)
    assert (person.log_in().status_code, other.log_in().status_code) == (200, 401)
    admin("delete", person.email, "--yes")
    assert (person.log_in().status_code, with_key(person, key)) == (401, 401)
