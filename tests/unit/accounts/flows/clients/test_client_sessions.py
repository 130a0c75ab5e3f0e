"""What a program is handed."""

from accounts.flows.clients.client_sessions import Tokens


def test_tokens_do_not_show_in_a_traceback() -> None:
    """Neither of the two (LG-02)."""
    assert repr(Tokens("somebody", "access", "refresh", "account")) == "Tokens(user_id='somebody')"
