"""The consent page passes on every parameter that the service reads: one that it dropped would be ignored."""

import re

from msgspec.structs import fields

from accounts.web import client_schemas, routes
from scripts.openapi.programs import OAUTH
from tests.guards import project

PAGE = project.ROOT / "layers/domain/accounts/web/static/assets/consent.js"
OF_THE_PAGE = {"decision", "account", "fingerprint", "asked_at"}


def test_the_page_passes_on_every_parameter_of_a_request() -> None:
    listed = re.search(r"const KNOWN = \[(.*?)\]", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert listed
    known = set(re.findall(r'"(\w+)"', listed[1]))
    (shown,) = (it for it in OAUTH if it.route == routes.CLIENT_QUESTION)

    assert known == {it.name for it in shown.query}
    assert known | OF_THE_PAGE == {it.name for it in fields(client_schemas.Consent)}
