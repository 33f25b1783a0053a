"""Who may come in: a browser on this machine that was given the address with its token, and no page of another site.

The app launches and removes runs, so whoever reaches it can do so. A page of another site could send requests to
127.0.0.1 from the same browser (its `Origin` tells), or make its own name point there (`Host` tells).
"""

from __future__ import annotations

import hmac
import secrets
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

LOOPBACK = frozenset({"127.0.0.1", "localhost"})
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; connect-src 'self' ws://{host}; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Guard:
    """The token of one server, and what it asks of every request."""

    def __init__(self) -> None:
        self.token = secrets.token_urlsafe(32)
        self.cookie = (
            f"stickgen_{secrets.token_hex(4)}"  # cookies know no ports: several servers, several names
        )

    def refusal(self, request: web.Request) -> str:
        """Why this request may not come in; empty if it may."""
        if not _is_loopback(request.host):
            return "this address is not the one that stickgen-tui printed"
        origin = request.headers.get("Origin")
        if origin is not None and origin != f"http://{request.host}":
            return "a page of another site asked for this"
        if _is_websocket(request) and origin is None:
            return "a websocket must say which page opens it"
        if not self._knows_token(request):
            return "the token is missing or wrong; open the address that stickgen-tui printed, all of it"
        return ""

    def _knows_token(self, request: web.Request) -> bool:
        given = (
            request.query.get("token", "") if request.path == "/" else "",
            request.cookies.get(self.cookie, ""),
        )
        return any(hmac.compare_digest(one.encode(), self.token.encode()) for one in given)

    @property
    def middleware(self) -> Middleware:
        """What stands before every handler: 403, or the answer, or, for the first load, the cookie."""

        @web.middleware
        async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
            if reason := self.refusal(request):
                return web.Response(status=403, text=f"403: {reason}\n", headers=_headers(request))
            if "token" in request.query:  # a token in the address would stay in the history
                answer = web.Response(status=303, headers={"Location": "/", **_headers(request)})
                answer.set_cookie(self.cookie, self.token, httponly=True, samesite="Strict", path="/")
                return answer
            response = await handler(request)
            if not response.prepared:
                response.headers.update(_headers(request))
            return response

        return check


def _headers(request: web.Request) -> dict[str, str]:
    host = request.host if _is_loopback(request.host) else "127.0.0.1"
    return {name: value.format(host=host) for name, value in HEADERS.items()}


def _is_loopback(host: str) -> bool:
    """Whether a `Host` names this machine itself; any port, for it may come through a tunnel of ssh."""
    try:
        parts = urlsplit(f"//{host}")
        return parts.hostname in LOOPBACK and parts.netloc == host and "@" not in host and parts.port != 0
    except ValueError:
        return False


def _is_websocket(request: web.Request) -> bool:
    return request.headers.get("Upgrade", "").lower() == "websocket"
