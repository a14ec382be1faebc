"""The server: Streamlit's ASGI app over pages/router.py, the download routes, and the supervisor's life. No UI here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from lib import settings
from lib.jobs.supervisor import Supervisor
from lib.ui.explore import sections
from lib.ui.server import downloads, health, preload, push
from lib.ui.server.error_page import keep_log, show_failure
from lib.ui.server.supervisor_status import serve

HOSTS = ["127.0.0.1", "localhost"]
"""As server.allowedHosts: Streamlit guards its own socket with those, not the routes that are ours."""


@asynccontextmanager
async def lifespan(_app: object) -> AsyncIterator[dict[str, object]]:
    """Supervise the workspace's jobs while the server lives; workers outlive it."""
    home = settings.home()
    keep_log(home)
    supervisor = Supervisor(home, on_begin=push.work_begins)
    serve(supervisor)
    supervisor.start()
    preload.begin([sections.load_sections, preload.load_plotly, sections.load_newest_map])
    try:
        yield {"supervisor": supervisor}
    finally:
        supervisor.stop()


app = st.App(
    Path(__file__).parent / "pages" / "router.py",
    lifespan=lifespan,
    routes=[*downloads.ROUTES, *health.ROUTES, *push.ROUTES],
    middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=HOSTS)],
    on_script_error=show_failure,
)
