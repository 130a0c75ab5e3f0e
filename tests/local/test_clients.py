"""A program logs in over HTTP on the deployed local cloud; another JOSE library verifies its token."""

import base64
import json

import jwt
import pytest
import requests

from local.cloud import LocalCloud
from tests.local.person import Person
from tests.local.programs import ELSEWHERE, fetched, logged_in, posted


@pytest.fixture(scope="module")
def ann(cloud: LocalCloud) -> Person:
    """A person with a confirmed account, signed in."""
    return Person(cloud).join()


def test_a_program_signs_in_acts_renews_and_signs_out(ann: Person) -> None:
    """From another origin, with header credentials; what is left is worth nothing."""
    tokens = logged_in(ann)
    bearer = ELSEWHERE | {"authorization": f"Bearer {tokens['access_token']}"}
    site = ann.cloud.site_url

    assert requests.post(f"{site}/customers", headers=bearer, timeout=60).json()["email"] == ann.email
    assert requests.get(f"{site}/customers/api-keys", headers=bearer, timeout=60).json()["api_keys"] == []
    made = requests.post(f"{site}/customers/api-keys", headers=bearer, json={"name": "x"}, timeout=60)
    assert made.json()["error"] == "credential_not_accepted"
    listed = ann.call("GET", "/auth/sessions").json()["sessions"]
    assert "ComfyUI on this computer" in {entry["client"]["name"] for entry in listed if entry["client"]}

    renewed = posted(
        ann.cloud, "/oauth/token", grant_type="refresh_token", refresh_token=tokens["refresh_token"]
    ).json()
    assert posted(ann.cloud, "/oauth/revoke", token=renewed["refresh_token"]).status_code == 200
    assert requests.get(f"{site}/customers/me", headers=bearer, timeout=60).status_code == 401
    gone = posted(ann.cloud, "/oauth/token", grant_type="refresh_token", refresh_token=renewed["refresh_token"])
    assert (gone.status_code, gone.json()["error"]) == (400, "invalid_grant")


def test_a_token_is_checked_offline(ann: Person) -> None:
    """As docs/integrating.md tells other services, with another JOSE library than the service uses."""
    token = logged_in(ann)["access_token"]
    keys = fetched(ann.cloud, "/.well-known/jwks.json")["keys"]
    header = jwt.get_unverified_header(token)
    [key] = [jwt.PyJWK(key) for key in keys if key["kid"] == header["kid"]]
    site = ann.cloud.site_url
    said = jwt.decode(token, key, algorithms=["ES256"], audience=site, issuer=site)

    assert (len(keys), header["typ"]) == (2, "at+jwt")
    assert (said["email"], said["client_id"]) == (ann.email, "comfy-local-web")
    head, payload, signature = token.split(".")
    forged = base64.urlsafe_b64encode(json.dumps(said | {"sub": "somebody else"}).encode()).rstrip(b"=").decode()
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(f"{head}.{forged}.{signature}", key, algorithms=["ES256"], audience=site, issuer=site)
    assert forged != payload


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/customers", "POST"),
        ("/customers/me", "DELETE, GET, HEAD, PATCH"),
        ("/customers/api-keys", "GET, HEAD, POST"),
        ("/customers/api-keys/0", "DELETE, PATCH"),
        ("/oauth/token", "POST"),
        ("/oauth/revoke", "POST"),
        ("/.well-known/oauth-authorization-server", "GET, HEAD"),
        ("/.well-known/jwks.json", "GET, HEAD"),
        ("/.well-known/oauth-protected-resource", "GET, HEAD"),
        ("/auth/methods", "GET, HEAD"),
    ],
)
def test_a_page_of_any_origin_may_send_header_credentials(cloud: LocalCloud, path: str, methods: str) -> None:
    """A real preflight, through the edge; never with the cookie (Fetch 3.2.2)."""
    answer = preflight(cloud, path, "http://lan-box.test:8188", methods.partition(",")[0])

    assert (answer.status_code, answer.content) == (204, b"")
    assert granted(answer) == {
        "access-control-allow-origin": "*",
        "access-control-allow-headers": "Authorization, X-API-KEY, Content-Type",
        "access-control-allow-methods": methods,
        "access-control-expose-headers": "Retry-After, WWW-Authenticate, X-Request-Id",
        "access-control-max-age": "7200",
    }


@pytest.mark.parametrize("path", ["/auth/login", "/auth/session", "/oauth/authorize", "/oauth/authorize/request"])
@pytest.mark.parametrize("origin", ["http://127.0.0.1:8188", "https://evil.example"])
def test_no_other_origin_is_offered_what_lives_by_the_cookie(cloud: LocalCloud, path: str, origin: str) -> None:
    """405, with nothing that a browser would take for a yes."""
    answer = preflight(cloud, path, origin, "POST")

    assert (answer.status_code, granted(answer)) == (405, {})


def preflight(cloud: LocalCloud, path: str, origin: str, method: str) -> requests.Response:
    """What a browser asks before it sends header credentials elsewhere."""
    asked = {"access-control-request-method": method, "access-control-request-headers": "authorization,content-type"}
    return requests.options(cloud.site_url + path, headers={"origin": origin, **asked}, timeout=60)


def granted(answer: requests.Response) -> dict[str, str]:
    """Its CORS headers."""
    return {name: it for name, it in answer.headers.lower_items() if name.startswith("access-control-")}


def test_a_machine_without_a_browser_is_signed_in(ann: Person) -> None:
    """It shows a code; its person types that elsewhere, sees who asks, and says yes."""
    metadata = fetched(ann.cloud, "/.well-known/oauth-authorization-server")
    codes = posted(ann.cloud, "/oauth/device_authorization", client_id="comfy-cli").json()
    grant = "urn:ietf:params:oauth:grant-type:device_code"
    form = {"client_id": "comfy-cli", "grant_type": grant, "device_code": codes["device_code"]}
    waiting = posted(ann.cloud, "/oauth/token", **form)
    assert waiting.json()["error"] == "authorization_pending"

    typed = {"user_code": codes["user_code"].lower()}
    shown = ann.call("POST", "/oauth/device/request", typed).json()
    assert (shown["client"]["name"], shown["device"]["device"]) == ("Comfy CLI", "Python")
    assert ann.call("POST", "/oauth/device", typed | {"decision": "allow"}).status_code == 204
    tokens = posted(ann.cloud, "/oauth/token", **form).json()

    assert metadata["device_authorization_endpoint"] == f"{ann.cloud.site_url}/oauth/device_authorization"
    assert codes["verification_uri_complete"] == f"{ann.cloud.site_url}/device#user_code={codes['user_code']}"
    bearer = {"authorization": f"Bearer {tokens['access_token']}"}
    me = requests.get(f"{ann.cloud.site_url}/customers/me", headers=bearer, timeout=60)
    assert me.json()["email"] == ann.email
    assert posted(ann.cloud, "/oauth/token", **form).json()["error"] == "invalid_grant"
    assert requests.get(f"{ann.cloud.site_url}/customers/me", headers=bearer, timeout=60).status_code == 401
