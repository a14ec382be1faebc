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
from lib.ui.explore.sections import load_newest_map, load_sections
from lib.ui.server.downloads import DOWNLOAD_ROUTES
from lib.ui.server.health import HEALTH_ROUTES
from lib.ui.server.log_file import configure_log
from lib.ui.server.preload import load_plotly, start_preload
from lib.ui.server.push import PUSH_ROUTES, notify_work_began
from lib.ui.shared.error_box import show_bug
from lib.ui.shared.supervisor_status import set_supervisor

HOSTS = ["127.0.0.1", "localhost"]
"""As server.allowedHosts: Streamlit guards its own socket with those, not the routes that are ours."""


@asynccontextmanager
async def lifespan(_app: object) -> AsyncIterator[dict[str, object]]:
    """Supervise the workspace's jobs while the server lives; workers outlive it."""
    home = settings.home()
    configure_log(home)
    supervisor = Supervisor(home, on_begin=notify_work_began)
    set_supervisor(supervisor)
    supervisor.start()
    start_preload((load_sections, load_plotly, load_newest_map))
    try:
        yield {"supervisor": supervisor}
    finally:
        supervisor.stop()


app = st.App(
    Path(__file__).parent / "pages" / "router.py",
    lifespan=lifespan,
    routes=[*DOWNLOAD_ROUTES, *HEALTH_ROUTES, *PUSH_ROUTES],
    middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=HOSTS)],
    on_script_error=show_bug,
)
