"""Push a run's tuned model to the Hub: what would go out is listed first."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from lib import settings
from lib.experiments.hub_push import PushPlan, check_hub_access, plan_push, push_in_process
from lib.format import format_bytes, format_count
from lib.store.runs import Run
from lib.ui.shared.components import catch_errors
from lib.ui.shared.edit_button import edit_button


def show_push(run: Run) -> None:
    """Draw the form: repository, files that would go out, and the button that sends them."""
    with st.expander("Push to the Hub", icon=":material/cloud_upload:"), catch_errors():
        if settings.downloads_allowed():
            _show_form(run)
        else:
            st.caption(
                f"Off: nothing leaves this machine by default. Start Closer with `{settings.DOWNLOADS}=1` to allow it."
            )


def _show_form(run: Run) -> None:
    check_hub_access()
    repo = st.text_input("Repository", placeholder="owner/name", key=f"push-repo-{run.id}", max_chars=96)
    is_public = st.toggle("Public", key=f"push-public-{run.id}", help="By default only its owner sees it.")
    if not repo.strip():
        return
    plan = plan_push(run, repo, is_private=not is_public)
    _show_files(plan)
    label = f"Push {format_count(len(plan.files), 'file')} ({format_bytes(plan.bytes)})"
    if edit_button(label, key=f"push-start-{run.id}", icon=":material/cloud_upload:", type="primary"):
        with st.spinner("Sending the files ..."):
            address = push_in_process(plan)
        st.success("Pushed.", icon=":material/check:")
        st.code(address, language=None)


def _show_files(plan: PushPlan) -> None:
    st.caption("These files go out. No text of the dataset is in them.")
    rows = [{"File": file.name, "Size": format_bytes(file.bytes)} for file in plan.files]
    st.dataframe(pd.DataFrame(rows), hide_index=True, alt="Files that go out, with their sizes")
