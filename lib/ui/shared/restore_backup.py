"""Offer to restore the last backup of a damaged database, once per page."""

from __future__ import annotations

import streamlit as st

from lib import settings
from lib.errors import CloserError
from lib.store.check import is_whole, restore_backup
from lib.store.layout import WorkspacePaths
from lib.ui.shared import state
from lib.ui.shared.components import show_error
from lib.ui.shared.edit_button import edit_button


def offer_restore() -> bool:
    """Draw the button where the database is damaged and has a backup; return whether it is damaged."""
    home = settings.home()
    damaged = state.pop_database_error()
    if damaged is None:
        return False
    if damaged.has_backup and edit_button(
        "Restore last backup",
        icon=":material/settings_backup_restore:",
        type="primary",
        key="restore-backup",
        help="Restores the list of runs and datasets as it was at most a minute before. The damaged file is kept.",
    ):
        try:
            damaged_file = restore_backup(home)
        except CloserError as error:
            if not is_whole(WorkspacePaths(home).database):  # another window may have restored it
                show_error(error)
                return True
        else:
            state.add_notice(f"Backup restored; the damaged file is kept as {damaged_file.name}.", ":material/check:")
        st.rerun()
    return True
