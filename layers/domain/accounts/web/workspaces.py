"""The account as a workspace, with the names that ComfyUI's frontend parses.

A person has one personal workspace, which has the account's id. The frontend uses a token only if its claim
``workspace_id`` is in the list.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from accounts.model.users import User
from accounts.web import routes
from accounts.web.routes import Route
from accounts.web.timestamps import Timestamp, timestamp

_NAME = "Personal workspace"


class Workspace(Struct):
    id: str
    name: str
    type: Literal["personal"]
    role: Literal["owner"]
    created_at: Timestamp
    joined_at: Timestamp


class Workspaces(Struct):
    workspaces: list[Workspace]
    can_create_workspace: bool


class CurrentWorkspace(Struct):
    """The workspace of the request's credential; ``auth_method`` is the kind of the credential."""

    id: str
    name: str
    type: Literal["personal"]
    role: Literal["owner"]
    auth_method: str


class Member(Struct):
    id: str
    name: str
    email: str
    role: Literal["owner"]
    joined_at: Timestamp
    is_original_owner: bool


class Pagination(Struct):
    """There is one page, whatever was asked for."""

    offset: int
    limit: int
    total: int
    has_more: bool


class Members(Struct):
    members: list[Member]
    pagination: Pagination


def shown(route: Route | None, user: User, credential_kind: str) -> Workspaces | CurrentWorkspace | Members:
    """The body of ``route``."""
    if route == routes.WORKSPACE_MEMBERS:
        return _members(user)
    if route == routes.WORKSPACE_CURRENT:
        return CurrentWorkspace(user.user_id, _NAME, "personal", "owner", credential_kind)
    return _listed(user)


def _listed(user: User) -> Workspaces:
    created = timestamp(user.created_at)
    only = Workspace(user.user_id, _NAME, "personal", "owner", created, created)
    return Workspaces([only], can_create_workspace=False)


def _members(user: User) -> Members:
    joined = timestamp(user.created_at)
    owner = Member(user.user_id, user.name, user.email, "owner", joined, is_original_owner=True)
    return Members([owner], Pagination(offset=0, limit=1, total=1, has_more=False))
