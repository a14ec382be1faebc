"""The code that uses a run's tuned model elsewhere, and its download."""

from __future__ import annotations

import streamlit as st

from lib.data.model_inputs import reading_of
from lib.format import format_bytes
from lib.models.usage.description import describe_model
from lib.models.usage.snippets import Snippet, write_snippets
from lib.store.publish import size_of
from lib.store.runs import Run
from lib.ui.explore.hub import show_push


def show_usage(run: Run) -> None:
    """Draw the code of one library or server, which the person chooses, and the model's download."""
    snippets = {one.key: one for one in run_snippets(run)}
    chosen = st.pills(
        "With",
        list(snippets),
        format_func=lambda key: snippets[key].title,
        default="sentence-transformers",
        required=True,
        key=f"usage-library-{run.id}",
    )
    _show_snippet(snippets[chosen or "sentence-transformers"])
    label = f"Download model ({format_bytes(size_of(run.model_dir))})"
    st.link_button(label, f"/download/{run.id}/model.zip", icon=":material/download:")
    show_push(run)


def run_snippets(run: Run) -> list[Snippet]:
    """Write the snippets for a run's tuned model. Raises ModelError."""
    return write_snippets(describe_model(run.model_dir, reading=reading_of(run.recipe)))


def _show_snippet(snippet: Snippet) -> None:
    """Draw the shell commands, and the code in a box of its own, each with a copy button."""
    st.caption(
        "Nothing of Closer is needed. `python -m lib use` prints the same."
        + (f" {snippet.note}" if snippet.note else "")
    )
    if snippet.server:
        st.code(snippet.server, language="bash")
    st.code(snippet.install, language="bash")
    st.code(snippet.code, language="python")
