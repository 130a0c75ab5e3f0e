"""What the document says about one route beyond what the route itself says."""

from typing import Any

from msgspec import Struct

from accounts.errors import AccountsError
from accounts.web.responses import Accepted
from accounts.web.routes import Route

JSON, HTML, TEXT, FORM = "application/json", "text/html", "text/plain", "application/x-www-form-urlencoded"
# A JSON body: a struct, or several of which the response is one.
type Body = type[Struct] | tuple[type[Struct], ...]


class Parameter(Struct, frozen=True):
    """A parameter of the query, a text."""

    name: str
    description: str
    required: bool = False
    example: str = ""


class Answer(Struct, frozen=True):
    """A response that is not a refusal. ``headers`` are names from ``accounts`` beyond those of every response.

    ``many``: the response is an array of bodies.
    """

    status: int
    description: str
    body: Body | None = None
    media: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    many: bool = False


class Operation(Struct, frozen=True, kw_only=True):
    """``errors`` are those of the use case; ``refusals`` adds those that the endpoint raises.

    - ``credential``: what identifies the caller where the route accepts no credential of its own.
    - ``form``: the request's body is a form of one of these kinds.
    - ``many``: the request's body is an array of ``body``.
    """

    route: Route
    tag: str
    summary: str
    answers: tuple[Answer, ...]
    description: str = ""
    credential: str = "none"
    body: type[Struct] | None = None
    form: tuple[type[Struct], ...] = ()
    many: bool = False
    query: tuple[Parameter, ...] = ()
    errors: tuple[type[AccountsError], ...] = ()
    example: dict[str, Any] | None = None

    @property
    def id(self) -> str:
        """Unique: a function may serve several routes."""
        name = self.route.path.strip("/").replace("{", "").replace("}", "")
        words = "".join(it if it.isalnum() else "_" for it in name) or "home"
        return f"{self.route.method.lower()}_{words.strip('_')}"


def ok(body: Body, description: str, *headers: str, status: int = 200) -> Answer:
    return Answer(status, description, body, (JSON,), headers)


def each(body: Body, description: str) -> Answer:
    return Answer(200, description, body, (JSON,), many=True)


def accepted(description: str, *headers: str) -> Answer:
    return ok(Accepted, description, *headers, status=202)


def done(description: str, *headers: str) -> Answer:
    return Answer(204, description, headers=headers)


def redirect(description: str, *headers: str) -> Answer:
    return Answer(303, description, headers=("Location", *headers))
