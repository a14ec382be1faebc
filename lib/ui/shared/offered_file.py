"""A file that was made: its name, a download, and a way to remove it."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from lib.format import format_bytes
from lib.ui.shared.components import escape_markdown
from lib.ui.shared.edit_button import edit_button


def offer_file(
    name: str, *, address: str, size: int, key: str, remove: Callable[[], object], caption: str = ""
) -> None:
    """Draw a file's box.

    address: of its download on this server. size: in bytes. key: of the button that removes it.
    """
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        with st.container(gap=None, width="content"):
            st.text(name)
            if caption:
                st.caption(escape_markdown(caption))
        st.link_button(f"Download ({format_bytes(size)})", address, icon=":material/download:")
        if edit_button("Remove", key=key, icon=":material/delete:", type="tertiary"):
            remove()
            st.rerun()
