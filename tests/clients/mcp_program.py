"""A program that uses the MCP SDK as its documentation shows, run by the clients' own Python.

Arguments: the server's address, and the URL that is the client's id. It prints the URL that it would open in a browser,
and reads from its input where the browser was redirected. Each further line of input makes it call the tool: ``call``,
or ``expired``, for which it believes that its access token has expired. It prints the answers and its access token.
"""

import asyncio
import json
import sys
from urllib.parse import parse_qsl, urlsplit

from mcp import ClientSession
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthToken

METADATA = OAuthClientMetadata(
    client_name="An assistant",
    redirect_uris=["http://127.0.0.1:49152/callback"],
    grant_types=["authorization_code", "refresh_token"],
    token_endpoint_auth_method="none",
)


class Memory:
    """The SDK's storage of tokens."""

    tokens: OAuthToken | None = None
    client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


async def open_browser(url: str) -> None:
    say(url=url)


async def redirected() -> AuthorizationCodeResult:
    return AuthorizationCodeResult(**dict(parse_qsl(urlsplit(await line()).query)))


async def line() -> str:
    return (await asyncio.to_thread(sys.stdin.readline)).strip()


def say(**what: object) -> None:
    sys.stdout.write(f"{json.dumps(what)}\n")
    sys.stdout.flush()


async def main(server: str, client_id: str) -> None:
    memory = Memory()
    auth = OAuthClientProvider(server, METADATA, memory, open_browser, redirected, client_metadata_url=client_id)
    async with (
        create_mcp_http_client(auth=auth) as http,
        streamable_http_client(server, http_client=http) as (read, write, *_),
        ClientSession(read, write) as session,
    ):
        await session.initialize()
        while asked := await line():
            if asked == "expired":
                auth.context.token_expiry_time = 1
            said = await session.call_tool("who_am_i", {})
            assert memory.tokens
            say(said=json.loads(said.content[0].text), token=memory.tokens.access_token)


asyncio.run(main(*sys.argv[1:]))
