"""Actions on runs: open, rename, note, star, extend, delete and restore; and cleanup after crashes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import streamlit as st

from lib.errors import CloserError
from lib.format import format_bytes, format_count, format_headline
from lib.recipe.recipe import FIELDS
from lib.store.free_space import checkpoint_bytes, has_checkpoint
from lib.store.publish import remove, size_of
from lib.store.runs import Run
from lib.store.workspace import Workspace
from lib.ui.shared import cache, state
from lib.ui.shared.components import catch_errors, show_error, show_partial_badge, show_state_badge, show_verdict_badge
from lib.ui.shared.edit_button import edit_button

_MAX_EPOCHS = int(FIELDS["epochs"].high or 500)

_LEAST_VECTORS = 1_000_000
"""Bytes of cached vectors below which they are not worth a word."""


def show_run_actions(workspace: Workspace, run: Run) -> None:
    """Draw the selected run with its actions."""
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.text(run.name)
            show_state_badge(run.state)
            show_partial_badge(run)
            show_verdict_badge(run.headline.verdict if run.headline else "")
        if run.headline:
            st.caption(format_headline(run.headline))
        _show_buttons(workspace, run)
        _edit_words(workspace, run)


def _show_buttons(workspace: Workspace, run: Run) -> None:
    with st.container(horizontal=True):
        there = run.model_dir.is_dir()
        if st.button(
            "Explore", icon=":material/explore:", disabled=not there, type="primary", key=f"to-explore-{run.id}"
        ):
            st.switch_page(state.EXPLORE_PAGE, query_params={state.RUN_PARAM: run.id})
        if st.button("Open training", icon=":material/monitoring:", key=f"to-train-{run.id}"):
            st.switch_page(state.TRAIN_PAGE, query_params={state.RUN_PARAM: run.id})
        if there and edit_button("Continue from this model", icon=":material/fork_right:", key=f"on-from-{run.id}"):
            st.switch_page(
                state.TRAIN_PAGE, query_params={state.MODEL_PARAM: f"run:{run.id}", state.DATASET_PARAM: run.dataset}
            )
        if edit_button("New run from this run", icon=":material/content_copy:", key=f"like-{run.id}"):
            st.switch_page(state.TRAIN_PAGE, query_params={state.LIKE_PARAM: run.id, state.DATASET_PARAM: run.dataset})
        star = "Unstar" if run.starred else "Star"
        if edit_button(star, icon=":material/star:", key=f"star-{run.id}"):
            workspace.runs.star(run.id, not run.starred)
            st.rerun()
        if there and not run.is_open:
            with st.popover("More epochs", icon=":material/add_circle:"):
                _show_extend(workspace, run)
        if there and not run.is_open:
            st.link_button(
                "Download run",
                f"/download/{run.id}/run.zip",
                icon=":material/download:",
                help="One file with model, dataset, evaluation and map, which another Closer opens. It holds the dataset's texts.",
            )
        with st.popover("Delete", icon=":material/delete:"):
            st.write(
                f"Delete this run ({format_bytes(cache.disk_bytes(run.folder))})? You can undo this until you free up its space."
            )
            if edit_button("Delete run", key=f"delete-{run.id}"):
                _delete(workspace, run)


def _show_extend(workspace: Workspace, run: Run) -> None:
    """Offer to continue the run from its newest checkpoint with more epochs."""
    done = run.recipe.epochs
    if done >= _MAX_EPOCHS:
        st.write(f"This run has {done} epochs, the maximum.")
        return
    if run.state == "succeeded" and not has_checkpoint(run.paths):
        st.write(
            "This run kept no checkpoint. Continue from its model as a new run, or choose “Keep a checkpoint” the next time."
        )
        return
    epochs = st.number_input("Total epochs", done + 1, _MAX_EPOCHS, done + 1, key=f"epochs-{run.id}")
    size = format_bytes(cache.disk_bytes(run.paths.checkpoints))
    st.caption(f"Checkpoints of this run: {size}.")
    st.write("Continues from the newest checkpoint without early stopping; the best epoch on validation is kept.")
    if edit_button("Continue", icon=":material/play_arrow:", key=f"extend-{run.id}"):
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


def _edit_words(workspace: Workspace, run: Run) -> None:
    with st.form(f"words-{run.id}", border=False), catch_errors():
        left, right, last = st.columns([2, 3, 1], vertical_alignment="bottom")
        name = left.text_input("Name", run.name, max_chars=200)
        note = right.text_input("Note", run.note, max_chars=2000)
        if edit_button("Save", draw=last.form_submit_button, icon=":material/save:"):
            workspace.runs.rename(run.id, name)
            workspace.runs.annotate(run.id, note)
            st.rerun()


def show_deleted_runs(workspace: Workspace) -> None:
    """Offer to restore the run deleted last, and to purge all deleted runs."""
    deleted = workspace.runs.all(deleted=True)
    if not deleted:
        state.clear_last_deleted_run()
        return
    total = sum(cache.disk_bytes(run.folder) for run in deleted)
    last = next((run for run in deleted if run.id == state.last_deleted_run()), deleted[0])
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        with st.container(gap=None):
            st.caption(f"{len(deleted)} deleted, {format_bytes(total)} in total. Last deleted:")
            st.text(last.name)
        if edit_button("Undo", icon=":material/undo:", key="undo-delete"):
            workspace.runs.restore(last.id)
            state.clear_last_deleted_run()
            st.rerun()
        with st.popover("Free up space", icon=":material/delete_forever:"):
            _show_purge(workspace, deleted)


def _show_purge(workspace: Workspace, deleted: Sequence[Run]) -> None:
    """Ask for confirmation, then purge the deleted runs; list the runs that use their models as base."""
    st.write(f"Permanently delete {format_count(len(deleted), 'run')}? This can't be undone.")
    ids = {run.id for run in deleted}
    heirs = [child.name for run in deleted for child in workspace.runs.children(run.id) if child.id not in ids]
    if heirs:
        st.write("These runs use one of these models as their base and can't be re-evaluated afterwards:")
        st.text("\n".join(heirs))
    if edit_button("Delete permanently", key="purge", type="primary"):
        _free(lambda: _sum_freed(workspace.runs.purge, deleted))


def show_checkpoints(workspace: Workspace) -> None:
    """Offer to remove the checkpoints of ended runs, after a confirmation."""
    runs = [run for run in workspace.runs.all() if not run.is_open and run.paths.checkpoints.is_dir()]
    if not runs:
        return
    total = sum(checkpoint_bytes(run.paths) for run in runs)
    _offer_space(
        "checkpoints",
        f"Checkpoints of {format_count(len(runs), 'ended run')}: {format_bytes(total)}.",
        "The models and all results stay. These runs can't go on to more epochs, and one that failed or was cancelled "
        "starts over when you try it again.",
        lambda: _sum_freed(workspace.runs.free_checkpoints, runs),
    )


def show_vectors(workspace: Workspace) -> None:
    """Offer to remove the cached vectors, after a confirmation."""
    total = workspace.vector_bytes()
    if total < _LEAST_VECTORS:
        return
    _offer_space(
        "vectors",
        f"Vectors of encoded texts, kept so that no text is encoded twice: {format_bytes(total)}.",
        "Runs, maps and results stay. The next search, evaluation or training encodes its texts again, which takes as "
        "long as the first time.",
        workspace.free_vectors,
    )


def _offer_space(what: str, size: str, price: str, free: Callable[[], int]) -> None:
    """Draw what takes space, and a button that frees it after its price was read."""
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.write(size)
        with st.popover("Free up space", icon=":material/delete_forever:", key=f"free-{what}"):
            st.write(f"Remove them? {price}")
            if edit_button(f"Remove {what}", key=f"remove-{what}", type="primary"):
                _free(free)


def _sum_freed(free: Callable[[str], int], runs: Iterable[Run]) -> int:
    """Free what runs take on the disk, by a function of a run's id, and sum the bytes."""
    return sum(free(run.id) for run in runs)


def _free(free: Callable[[], int]) -> None:
    """Free space by a function that returns bytes, and say how much."""
    try:
        size = free()
    except CloserError as error:
        show_error(error)
        return
    state.add_notice(f"{format_bytes(size)} freed.", ":material/check:")
    st.rerun()


def show_leftovers(workspace: Workspace) -> None:
    """Offer to delete what crashes left behind."""
    folders = workspace.leftovers()
    if not folders:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.write(
            f"{format_count(len(folders), 'leftover')} of interrupted work ({format_bytes(sum(map(_bytes, folders)))}), safe to delete."
        )
        if edit_button("Clean up", icon=":material/mop:", key="clean"):
            for path in workspace.leftovers():  # read again: work may have begun since this was drawn
                remove(path)
            st.rerun()


def _bytes(path: Path) -> int:
    return size_of(path) if path.is_dir() else path.stat().st_size if path.exists() else 0


def show_unlisted_folders(workspace: Workspace) -> None:
    """List the folders that the database does not know; one may be the only copy of a model."""
    folders = workspace.unlisted_folders()
    if not folders:
        return
    with st.expander(f"Unlisted folders: {len(folders)}", icon=":material/folder_off:"):
        st.write(
            "They were created after the restored backup, or copied here by hand. Nothing is lost: a tuned model in them "
            "loads with sentence-transformers."
        )
        st.code("\n".join(str(path) for path in folders), language=None)
