"""The session keys and query parameters that more than one page uses, behind typed functions.

A room with keys of its own names them in its own keys module (lib/ui/upload/session.py, lib/ui/explore/keys.py).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable

import streamlit as st

from lib.errors import DamagedError

RUN_PARAM, DATASET_PARAM, MODEL_PARAM, LIKE_PARAM = "run", "dataset", "model", "like"
"""Query parameters that name a run, a dataset, the base model that a training starts from, and the run that it repeats."""

_PRESENT_PARAM, _STEP_PARAM = "present", "step"

UPLOAD_PAGE, TRAIN_PAGE, EXPLORE_PAGE = "upload.py", "train.py", "explore.py"
"""Pages, as st.switch_page and st.page_link name them (relative to pages/router.py)."""

QueueSnapshot = tuple[tuple[int, str, float], ...]
"""Id, state and position of every open job."""

_OPEN_RUNS = "open-runs"
_QUEUE = "queue-snapshot"
_SUBMISSION = "submission"
_POLLING = "page-polls"
_NOTICES = "notices"
_REDIRECT = "redirect-when-done"
_DELETED = "last-deleted-run"
_DATABASE_ERROR = "database-error"


def run_id() -> str | None:
    """Read the id of the run that the URL names."""
    return st.query_params.get(RUN_PARAM) or None


def set_run_id(identity: str | None) -> None:
    """Put a run into the URL, or take it out."""
    if identity:
        st.query_params[RUN_PARAM] = identity
    else:
        st.query_params.pop(RUN_PARAM, None)


def dataset_id() -> str | None:
    """Read the id of the dataset that the URL names."""
    return st.query_params.get(DATASET_PARAM) or None


def base_model_name() -> str | None:
    """Read the base model that the URL names: a tuned model to continue from."""
    return st.query_params.get(MODEL_PARAM) or None


def repeated_run_id() -> str | None:
    """Read the id of the run whose settings a new one begins with."""
    return st.query_params.get(LIKE_PARAM) or None


def is_presenting() -> bool:
    """Whether the URL asks for the present mode: one step after the other, nothing else."""
    return st.query_params.get(_PRESENT_PARAM) == "1"


def set_presenting(on: bool) -> None:
    """Put the present mode into the URL, or take it out."""
    if on:
        st.query_params[_PRESENT_PARAM] = "1"
    else:
        st.query_params.pop(_PRESENT_PARAM, None)
        st.query_params.pop(_STEP_PARAM, None)


def present_step() -> str:
    """Read the step of the present mode that the URL names; empty where it names none."""
    return st.query_params.get(_STEP_PARAM, "")


def set_present_step(step: str) -> None:
    """Put a step of the present mode into the URL."""
    st.query_params[_STEP_PARAM] = step


def open_runs() -> set[str]:
    """Read which runs were queued or running at this session's last poll."""
    return set(st.session_state.get(_OPEN_RUNS, set()))


def set_open_runs(runs: Iterable[str]) -> None:
    """Store which runs are queued or running, so that their end can be announced."""
    st.session_state[_OPEN_RUNS] = set(runs)


def swap_queue_snapshot(queue: QueueSnapshot) -> QueueSnapshot | None:
    """Store the queue as it is now; return it as it was at the last poll, None for the first."""
    before: QueueSnapshot | None = st.session_state.get(_QUEUE)
    st.session_state[_QUEUE] = queue
    return before


def submission_key(form: str) -> str:
    """Idempotency key of a form, the same until `clear_submission_key`: a double click makes one job."""
    return str(st.session_state.setdefault(f"{_SUBMISSION}-{form}", uuid.uuid4().hex))


def clear_submission_key(form: str) -> None:
    """Let the form's next submission be a new one."""
    st.session_state.pop(f"{_SUBMISSION}-{form}", None)


def is_polling() -> bool:
    """Whether a part of the page has its own poller in this run of the script."""
    return bool(st.session_state.get(_POLLING, False))


def set_polling(on: bool) -> None:
    """Store whether a part of the page has its own poller in this run of the script."""
    st.session_state[_POLLING] = on


def add_notice(text: str, icon: str = ":material/info:") -> None:
    """Store a line that the next run of a page shows as a toast."""
    st.session_state.setdefault(_NOTICES, []).append((icon, text))


def pop_notices() -> list[tuple[str, str]]:
    """Take the stored lines (icon, text)."""
    notices: list[tuple[str, str]] = st.session_state.pop(_NOTICES, [])
    return notices


def redirect_when_done(identity: str) -> None:
    """Open Explore as soon as this run is finished (the sample, end to end)."""
    st.session_state[_REDIRECT] = identity


def redirect_run() -> str | None:
    """Read the run that opens Explore when it is finished."""
    return st.session_state.get(_REDIRECT)


def cancel_redirect() -> None:
    """Stay on the page when the run is finished."""
    st.session_state.pop(_REDIRECT, None)


def set_database_error(error: DamagedError) -> None:
    """Store that the database is damaged, for the offer to restore its backup."""
    st.session_state[_DATABASE_ERROR] = error


def pop_database_error() -> DamagedError | None:
    """Take the stored error."""
    error: DamagedError | None = st.session_state.pop(_DATABASE_ERROR, None)
    return error


def last_deleted_run() -> str | None:
    """Read the run that was deleted last in this session."""
    return st.session_state.get(_DELETED)


def set_last_deleted_run(identity: str) -> None:
    """Store the run that can be brought back with Undo."""
    st.session_state[_DELETED] = identity


def clear_last_deleted_run() -> None:
    """Stop offering to bring the last deleted run back."""
    st.session_state.pop(_DELETED, None)
