"""A small ComfyUI: the files of its frontend, and what the frontend reads from its own server at start."""

import json
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

from local.serving import Serving

_NO_JOBS = {"jobs": [], "pagination": {"offset": 0, "limit": 200, "total": 0, "has_more": False}}
_SYSTEM = {
    "os": "posix",
    "python_version": "3.13",
    "embedded_python": False,
    "comfyui_version": "0.3.76",
    "pytorch_version": "2.9",
    "argv": [],
    "ram_total": 1,
    "ram_free": 1,
}
_ANSWERS: dict[str, Any] = {
    "/api/users": {"storage": "server", "migrated": True},
    "/api/settings": {"Comfy.TutorialCompleted": True},
    "/api/object_info": {},
    "/api/extensions": [],
    "/api/i18n": {},
    "/api/system_stats": {"system": _SYSTEM, "devices": []},
    "/api/userdata": [],
    "/api/experiment/models": [],
    "/api/global_subgraphs": {},
    "/api/jobs": _NO_JOBS,
    "/api/prompt": {"exec_info": {"queue_remaining": 0}},
}


ADDRESSES = ("comfy_api_base_url", "comfy_cloud_base_url", "comfy_platform_base_url")


class ComfyUI(Serving):
    """Serves the frontend at a loopback address. Its `/features` name `site` as the place to log in."""

    def __init__(self, frontend: Path, site: str, **changes: object) -> None:
        """`changes` replace features; those that are None are left out."""
        features = {"local_web_sso": True, **dict.fromkeys(ADDRESSES, site), **changes}
        answers = _ANSWERS | {"/api/features": {name: it for name, it in features.items() if it is not None}}
        handler = type("Handler", (_Handler,), {"frontend": frontend, "answers": answers})
        super().__init__(handler)
        self.url = f"http://127.0.0.1:{self.port}/"


class _Handler(SimpleHTTPRequestHandler):
    frontend: Path
    answers: dict[str, Any]

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments, directory=str(self.frontend))

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path in self.answers:
            self._answer(HTTPStatus.OK, self.answers[path])
        elif path.startswith(("/api/", "/ws")):
            self._answer(HTTPStatus.NOT_FOUND, {})
        else:
            super().do_GET()

    def do_POST(self) -> None:
        """Settings, which are not kept."""
        self.rfile.read(int(self.headers.get("content-length") or 0))
        self._answer(HTTPStatus.OK, {})

    def _answer(self, status: HTTPStatus, body: Any) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: Any) -> None:
        """Write nothing."""
