"""What one does to a run: open, rename, note, star, delete and bring back; and what crashes left behind."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from lib.errors import CloserError
from lib.format import format_bytes, format_headline
from lib.store.publish import remove, size_of
from lib.store.runs import Run
from lib.store.workspace import Workspace
from lib.training.recipe import FIELDS
from lib.ui.shared import cache, state
from lib.ui.shared.components import catch_errors, show_error, show_partial_badge, show_state_badge, show_verdict_badge

_MAX_EPOCHS = int(FIELDS["epochs"].high or 500)


def show_run_actions(workspace: Workspace, run: Run) -> None:
    """Draw the chosen run with its actions."""
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.text(run.name)
            show_state_badge(run.state)
            show_partial_badge(run)
            show_verdict_badge(run.headline.verdict if run.headline else "")
        if run.headline:
            st.caption(format_headline(run.headline))
        _actions(workspace, run)
        _words(workspace, run)


def _actions(workspace: Workspace, run: Run) -> None:
    with st.container(horizontal=True):
        there = run.model_dir.is_dir()
        if st.button(
            "Explore", icon=":material/explore:", disabled=not there, type="primary", key=f"to-explore-{run.id}"
        ):
            st.switch_page(state.EXPLORE_PAGE, query_params={state.RUN_PARAM: run.id})
        if st.button("Training", icon=":material/monitoring:", key=f"to-train-{run.id}"):
            st.switch_page(state.TRAIN_PAGE, query_params={state.RUN_PARAM: run.id})
        if there and st.button("Train on from it", icon=":material/fork_right:", key=f"on-from-{run.id}"):
            st.switch_page(
                state.TRAIN_PAGE, query_params={state.MODEL_PARAM: f"run:{run.id}", state.DATASET_PARAM: run.dataset}
            )
        star = "Take the star away" if run.starred else "Star"
        if st.button(star, icon=":material/star:", key=f"star-{run.id}"):
            workspace.runs.star(run.id, not run.starred)
            st.rerun()
        if there and not run.is_open:
            with st.popover("More epochs", icon=":material/add_circle:"):
                _extend(workspace, run)
        with st.popover("Delete", icon=":material/delete:"):
            st.write(
                f"Deleting frees {format_bytes(cache.disk_bytes(run.folder))}. It can be undone until the space is freed."
            )
            if st.button("Delete this run", key=f"delete-{run.id}"):
                _delete(workspace, run)


def _extend(workspace: Workspace, run: Run) -> None:
    """Let the run go on from its newest checkpoint."""
    done = int(run.recipe.get("epochs", 1))
    if done >= _MAX_EPOCHS:
        st.write(f"It has {done} epochs, as many as there can be.")
        return
    epochs = st.number_input("Epochs in all", done + 1, _MAX_EPOCHS, done + 1, key=f"epochs-{run.id}")
    st.write("It goes on from its newest checkpoint, without early stopping; the best epoch on validation is kept.")
    if st.button("Go on", icon=":material/play_arrow:", key=f"extend-{run.id}"):
        try:
            workspace.runs.extend(run.id, int(epochs))
        except CloserError as error:
            show_error(error)
            return
        st.switch_page(state.TRAIN_PAGE, query_params={state.RUN_PARAM: run.id})


def _delete(workspace: Workspace, run: Run) -> None:
    try:
        workspace.runs.delete(run.id)
    except CloserError as error:
        show_error(error)
        return
    state.set_last_deleted_run(run.id)
    st.rerun()


def _words(workspace: Workspace, run: Run) -> None:
    with st.form(f"words-{run.id}", border=False), catch_errors():
        left, right, last = st.columns([2, 3, 1], vertical_alignment="bottom")
        name = left.text_input("Name", run.name, max_chars=200)
        note = right.text_input("Note", run.note, max_chars=2000)
        if last.form_submit_button("Save", icon=":material/save:"):
            workspace.runs.rename(run.id, name)
            workspace.runs.annotate(run.id, note)
            st.rerun()


def show_deleted_runs(workspace: Workspace) -> None:
    """Offer to bring back what was deleted last, and to free the space of all that is deleted."""
    deleted = workspace.runs.all(deleted=True)
    if not deleted:
        state.clear_last_deleted_run()
        return
    total = sum(cache.disk_bytes(run.folder) for run in deleted)
    last = next((run for run in deleted if run.id == state.last_deleted_run()), deleted[0])
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        with st.container(gap=None):
            st.caption(f"{len(deleted)} deleted, {format_bytes(total)} to free. The last one:")
            st.text(last.name)
        if st.button("Undo", icon=":material/undo:", key="undo-delete"):
            workspace.runs.restore(last.id)
            state.clear_last_deleted_run()
            st.rerun()
        with st.popover("Free the space", icon=":material/delete_forever:"):
            _purge(workspace, deleted)


def _purge(workspace: Workspace, deleted: Sequence[Run]) -> None:
    """Remove deleted runs for good, once that was confirmed; say which runs began from their models."""
    st.write(f"Remove {len(deleted)} deleted {'run' if len(deleted) == 1 else 'runs'} for good? This cannot be undone.")
    gone = {run.id for run in deleted}
    heirs = [child.name for run in deleted for child in workspace.runs.children(run.id) if child.id not in gone]
    if heirs:
        st.write("These began from a model among them, and cannot be compared with it anew:")
        st.text("\n".join(heirs))
    if st.button("Remove for good", key="purge", type="primary"):
        try:
            freed = sum(workspace.runs.purge(run.id) for run in deleted)
        except CloserError as error:
            show_error(error)
            return
        state.add_notice(f"{format_bytes(freed)} freed.", ":material/check:")
        st.rerun()


def show_leftovers(workspace: Workspace) -> None:
    """Offer to clean what crashes left behind."""
    found = workspace.leftovers()
    if not found:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.write(
            f"{len(found)} unfinished {'part' if len(found) == 1 else 'parts'} ({format_bytes(sum(map(_bytes, found)))}) of interrupted work: "
            "half-written, and nothing will finish them."
        )
        if st.button("Clean up", icon=":material/mop:", key="clean"):
            for path in workspace.leftovers():  # looked up anew: work may have begun since this was drawn
                remove(path)
            st.rerun()


def _bytes(path: Path) -> int:
    return size_of(path) if path.is_dir() else path.stat().st_size if path.exists() else 0


def show_unlisted_folders(workspace: Workspace) -> None:
    """Say what lies on the disk that the list does not know; it may be a person's only copy."""
    found = workspace.unlisted()
    if not found:
        return
    with st.expander(f"{len(found)} folders are not in the list", icon=":material/folder_off:"):
        st.write(
            "They were made after the backup of the list that is in use now, or copied here by hand. Nothing is lost: "
            "a tuned model in them loads with sentence-transformers as it is."
        )
        st.code("\n".join(str(path) for path in found), language=None)
