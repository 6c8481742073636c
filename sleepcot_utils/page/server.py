"""The web server of the page: on this machine only, silent towards others, and nothing loaded from anywhere else."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sleepcot_utils.page.memory import LANGUAGE
from sleepcot_utils.page.texts import DEFAULT_LANGUAGE, Texts
from sleepcot_utils.page.visits import MEGABYTE
from sleepcot_utils.serve.observing import log
from sleepcot_utils.serve.settings import LOOPBACK, Settings

SCRIPT = Path(__file__).parent / "script.py"
#: The browser may load nothing but what this server gives. Streamlit's page holds scripts and styles of its own.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'self'; form-action 'self'; object-src 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), browsing-topics=()",
}
#: Scripts, styles and fonts, which are the same for everybody.
LIBRARY = "/static/"
#: Blue of the house for controls that are chosen, dark and light enough for white and black beside it.
ACCENT_LIGHT, ACCENT_DARK = "#005f96", "#56b4e9"
#: Seconds after which a page that was closed is forgotten; a telephone that looks at something else comes back sooner.
FORGET_AFTER_S = 120


def options(settings: Settings) -> dict[str, Any]:
    """Options of Streamlit; they go before those of any file of a user."""
    return {
        "server.address": settings.host,
        "server.port": settings.port,
        "server.headless": True,
        "server.allowedHosts": [*LOOPBACK],
        "server.maxUploadSize": settings.max_upload_bytes // MEGABYTE,
        "server.enableXsrfProtection": True,
        "server.enableStaticServing": False,
        "server.fileWatcherType": "none",
        "server.disconnectedSessionTTL": FORGET_AFTER_S,
        "browser.gatherUsageStats": False,
        "browser.serverAddress": settings.host,
        "client.toolbarMode": "minimal",
        "client.showErrorDetails": "none",
        "client.showErrorLinks": False,
        "theme.light.primaryColor": ACCENT_LIGHT,
        "theme.dark.primaryColor": ACCENT_DARK,
        "theme.baseRadius": "medium",
        "runner.magicEnabled": False,
        # Streamlit's own lines may quote what a reader brought.
        "logger.level": "critical",
        "logger.hideWelcomeMessage": True,
    }


def make_app() -> st.App:
    """The page as an ASGI application."""
    return st.App(
        SCRIPT,
        middleware=[
            # A page of a stranger could otherwise reach this server through a name of its own that points to loopback.
            Middleware(TrustedHostMiddleware, allowed_hosts=[*LOOPBACK, "[::1]"]),
            Middleware(Headers, headers=HEADERS),
        ],
        on_script_error=failed,
    )


class Headers:
    """Adds headers to every answer, as an ASGI middleware; no cache may keep what is not a file of the library."""

    def __init__(self, app: ASGIApp, headers: Mapping[str, str]) -> None:
        self._app = app
        self._headers = [(name.lower().encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_own = scope["type"] == "http" and not scope["path"].startswith(LIBRARY)

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [one for one in message["headers"] if not (is_own and one[0].lower() == b"cache-control")]
                headers += [*self._headers, *([(b"cache-control", b"no-store")] if is_own else [])]
                message = {**message, "headers": headers}
            await send(message)

        await self._app(scope, receive, with_headers)


def failed(problem: Exception) -> bool:
    """Say that the page failed, and log where; texts of exceptions quote values, so they are neither shown nor kept."""
    frames = traceback.extract_tb(problem.__traceback__)
    place = f"{Path(frames[-1].filename).stem}:{frames[-1].lineno}" if frames else ""
    log("failed", code=type(problem).__name__, at=place)
    st.error(Texts(st.session_state.get(LANGUAGE, DEFAULT_LANGUAGE))("problem_here"))
    return True
