"""The server: Streamlit's ASGI app over pages/router.py, the download routes, the supervisor's life.

No UI here.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from lib import settings
from lib.jobs.supervisor import Supervisor
from lib.process import keep_new_files_private
from lib.store.permission import set_change_rule
from lib.ui.explore.inference import enable_preparation
from lib.ui.explore.map.scripts import MAP_SCRIPTS
from lib.ui.explore.sections import load_newest_map, load_sections
from lib.ui.server.connections import limit_connections
from lib.ui.server.downloads import DOWNLOAD_ROUTES
from lib.ui.server.entrance import load_access, print_addresses
from lib.ui.server.guard import Guard
from lib.ui.server.health import HEALTH_ROUTES
from lib.ui.server.log_file import configure_log
from lib.ui.server.media import hide_media_addresses
from lib.ui.server.module_links import ModuleLinks
from lib.ui.server.preload import freeze_loaded_objects, load_plotly, start_preload
from lib.ui.server.push import PUSH_ROUTES, notify_work_began
from lib.ui.server.static_files import StreamlitFiles
from lib.ui.shared.access import set_access
from lib.ui.shared.error_box import show_bug
from lib.ui.shared.session_role import session_may_change
from lib.ui.shared.supervisor_status import set_supervisor


def allowed_hosts() -> list[str]:
    """Names that the server answers to: the setting that Streamlit guards its own socket with."""
    return list(st.get_option("server.allowedHosts"))


def open_entrance() -> None:
    """Set the rules of who may enter, and print the address."""
    address, port = st.get_option("server.address") or "", int(st.get_option("server.port"))
    access = load_access(os.environ, address=address, port=port)
    set_access(access)
    set_change_rule(session_may_change)
    is_secure = bool(st.get_option("server.sslCertFile"))
    print_addresses(access, address=address, port=port, hosts=allowed_hosts(), is_secure=is_secure)


@asynccontextmanager
async def lifespan(_app: object) -> AsyncIterator[dict[str, object]]:
    """Supervise the workspace's jobs while the server lives; workers outlive it."""
    home = settings.home()
    keep_new_files_private()
    configure_log(home)
    supervisor = Supervisor(home, on_begin=notify_work_began)
    set_supervisor(supervisor)
    supervisor.start()
    open_entrance()
    enable_preparation()
    start_preload((load_sections, load_plotly, load_newest_map, freeze_loaded_objects))
    try:
        yield {"supervisor": supervisor}
    finally:
        supervisor.stop()


limit_connections()
hide_media_addresses()
app = st.App(
    Path(__file__).parent / "pages" / "router.py",
    lifespan=lifespan,
    routes=[*DOWNLOAD_ROUTES, *HEALTH_ROUTES, *PUSH_ROUTES],
    middleware=[
        Middleware(Guard, inserted_html=MAP_SCRIPTS, allowed_hosts=allowed_hosts),
        Middleware(StreamlitFiles, base_path=st.get_option("server.baseUrlPath") or ""),
        Middleware(ModuleLinks),
    ],
    on_script_error=show_bug,
)
