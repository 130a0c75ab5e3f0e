"""Texts that are the same for everyone: compressed for those who accept it, with a validator for each encoding."""

import base64
import gzip

import pytest

from accounts.web import responses
from accounts.web.responses import Response
from accounts.web.static_texts import StaticText
from tests.unit.accounts.web.events import request

TEXT = "a { color: red } /* é */\n" * 40
STATIC = StaticText(TEXT, "text/css; charset=utf-8")
KEPT = {"cache-control": "no-cache"}
GZIP = {"accept-encoding": "gzip"}


def answer(headers: dict[str, str] | None = None, static: StaticText = STATIC) -> Response:
    return static.cached(request("GET", "/assets/1/site.css", headers=headers or {}), KEPT)


def test_a_caller_that_accepts_gzip_gets_fewer_bytes() -> None:
    """As API Gateway takes them: in base64, and marked."""
    compressed, plain = answer({"accept-encoding": "gzip, deflate, br, zstd"}), answer()
    event = responses.as_event(compressed, request_id="r", cors=False)

    sent = base64.b64decode(event["body"], validate=True)
    assert event["isBase64Encoded"] is True
    assert (gzip.decompress(sent).decode(), plain.body, plain.is_base64) == (TEXT, TEXT, False)
    assert len(sent) < len(TEXT) / 10
    assert event["headers"]["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers


@pytest.mark.parametrize(
    "accepted", ["gzip", "GZIP", "x-gzip", "br, gzip", "deflate;q=1.0, gzip;q=0.5", "*", "identity, *;q=0.1"]
)
def test_gzip_is_accepted_by_name_or_by_a_star(accepted: str) -> None:
    assert answer({"accept-encoding": accepted}).headers.get("content-encoding") == "gzip"


@pytest.mark.parametrize(
    "accepted",
    ["", "identity", "br", "deflate, br", "gzip;q=0", "gzip; q=0.000", "gzip;q=0, *", "*;q=0", ";", ",,;q=1"],
)
def test_gzip_is_not_sent_without_being_accepted(accepted: str) -> None:
    """By its name before a star (RFC 9110 12.5.3); what has no meaning accepts nothing."""
    got = answer({"accept-encoding": accepted})

    assert (got.body, got.is_base64) == (TEXT, False)
    assert "content-encoding" not in got.headers


def test_caches_keep_the_encodings_apart() -> None:
    """By ``Vary``, which both have, and by an ETag for each (RFC 9110 8.8.3.3)."""
    plain, compressed = answer().headers, answer(GZIP).headers

    assert (plain["vary"], compressed["vary"]) == ("Accept-Encoding", "Accept-Encoding")
    assert compressed["etag"] == f'{plain["etag"][:-1]}-gzip"'
    varying = STATIC.response(request(), {"vary": "Cookie"})
    assert varying.headers == {"vary": "Accept-Encoding, Cookie"}


@pytest.mark.parametrize("held", ["{}", "W/{}", '"another", {}', "*"])
@pytest.mark.parametrize("accepted", [{}, GZIP], ids=["identity", "gzip"])
def test_a_current_copy_is_not_sent_again(held: str, accepted: dict[str, str]) -> None:
    """304 with what a cache updates, compared weakly (RFC 9110 13.1.2, 15.4.5)."""
    etag = answer(accepted).headers["etag"]
    got = answer({**accepted, "if-none-match": held.format(etag)})

    assert got == Response(304, headers={**KEPT, "etag": etag, "vary": "Accept-Encoding"})


def test_a_copy_in_another_encoding_or_of_another_text_is_replaced() -> None:
    other = StaticText(TEXT.upper(), "text/css; charset=utf-8")
    held = answer(GZIP).headers["etag"]

    assert answer({"if-none-match": held}).status == 200
    assert answer({**GZIP, "if-none-match": answer().headers["etag"]}).status == 200
    assert answer({**GZIP, "if-none-match": held}, other).status == 200


def test_what_compression_would_make_longer_is_sent_as_it_is() -> None:
    short = answer(GZIP, StaticText(".a{}", "text/css; charset=utf-8"))

    assert (short.body, short.is_base64) == (".a{}", False)
    assert '-gzip"' not in short.headers["etag"]


def test_head_has_the_headers_of_get_and_no_body() -> None:
    """Also of the compressed text (RFC 9110 9.3.2)."""
    get, head = (responses.as_event(answer(GZIP), request_id="r", cors=False, head=it) for it in (False, True))

    assert (head["headers"], head["body"]) == (get["headers"], "")
    assert "isBase64Encoded" not in head
