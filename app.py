"""The server: Streamlit's ASGI app over pages/router.py, the download routes, and the supervisor's life. No UI here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from lib import settings
from lib.jobs.supervisor import Supervisor
from lib.process import keep_new_files_private
from lib.ui.explore.map.scripts import MAP_SCRIPTS
from lib.ui.explore.sections import load_newest_map, load_sections
from lib.ui.server.connections import limit_connections
from lib.ui.server.downloads import DOWNLOAD_ROUTES
from lib.ui.server.guard import Guard
from lib.ui.server.health import HEALTH_ROUTES
from lib.ui.server.log_file import configure_log
from lib.ui.server.preload import load_plotly, start_preload
from lib.ui.server.push import PUSH_ROUTES, notify_work_began
from lib.ui.shared.error_box import show_bug
from lib.ui.shared.supervisor_status import set_supervisor


def allowed_hosts() -> list[str]:
    """Names that the server answers to: the setting that Streamlit guards its own socket with."""
    return list(st.get_option("server.allowedHosts"))


def public_address() -> str:
    """Address of the server for a browser; of one that listens everywhere, by the first of its names."""
    address = st.get_option("server.address")
    name = next(iter(allowed_hosts()), "localhost") if address in ("", "0.0.0.0", "::", None) else address
    scheme = "https" if st.get_option("server.sslCertFile") else "http"
    return f"{scheme}://{name}:{st.get_option('server.port')}"


@asynccontextmanager
async def lifespan(_app: object) -> AsyncIterator[dict[str, object]]:
    """Supervise the workspace's jobs while the server lives; workers outlive it."""
    home = settings.home()
    keep_new_files_private()
    configure_log(home)
    supervisor = Supervisor(home, on_begin=notify_work_began)
    set_supervisor(supervisor)
    supervisor.start()
    print(f"Closer opens on {public_address()}. Stop it with Ctrl-C; trainings go on.", flush=True)  # noqa: T201
    start_preload((load_sections, load_plotly, load_newest_map))
    try:
        yield {"supervisor": supervisor}
    finally:
        supervisor.stop()


limit_connections()
app = st.App(
    Path(__file__).parent / "pages" / "router.py",
    lifespan=lifespan,
    routes=[*DOWNLOAD_ROUTES, *HEALTH_ROUTES, *PUSH_ROUTES],
    middleware=[Middleware(Guard, inserted_html=MAP_SCRIPTS, allowed_hosts=allowed_hosts)],
    on_script_error=show_bug,
)
