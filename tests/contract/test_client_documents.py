"""The contract of copies of clients' documents."""

from copy import replace
from datetime import timedelta

from tests.contract.backends import Backend
from tests.contract.samples import a_document


def test_a_document_that_was_not_kept_is_not_found(backend: Backend) -> None:
    assert backend.documents.get(a_document().client_id) is None


def test_a_newer_copy_replaces_the_one_before(backend: Backend) -> None:
    """And no other document's."""
    first, other = a_document(), a_document()
    newer = replace(first, text="{}", fresh_until=first.fresh_until + timedelta(days=1))
    for document in (first, other, newer):
        backend.documents.keep(document)

    assert [backend.documents.get(it.client_id) for it in (first, other)] == [newer, other]
