"""Session keys and query parameters that several pages share; a room with keys of its own names them in its own state module."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

import streamlit as st

from lib.errors import DamagedError

RUN = "run"
PRESENT = "present"
DATASET = "dataset"
MODEL = "model"
_OPEN_RUNS = "runs-seen-open"
_PRESS = "press"
_WATCHES = "page-watches"
_NOTICES = "notices"
_JOBS_SEEN = "jobs-seen"
_LEAD = "leads-to-explore"
_DELETED = "deleted-run"
_DAMAGE = "database-damage"

# Pages, as st.switch_page and st.page_link name them (relative to pages/router.py).
OVERVIEW, UPLOAD, TRAIN, EXPLORE = "overview.py", "upload.py", "train.py", "explore.py"


def run_id() -> str | None:
    """Return the run that the URL names."""
    return st.query_params.get(RUN) or None


def name_run(identity: str | None) -> None:
    """Put a run into the URL, or take it out."""
    if identity:
        st.query_params[RUN] = identity
    else:
        st.query_params.pop(RUN, None)


def dataset_id() -> str | None:
    """Return the dataset that the URL names."""
    return st.query_params.get(DATASET) or None


def wanted_model() -> str | None:
    """Return the base model that the URL names: an earlier tuned one that a person wants to train on from."""
    return st.query_params.get(MODEL) or None


def is_presenting() -> bool:
    """Say whether the URL asks for the present mode: title, verdict and map alone."""
    return st.query_params.get(PRESENT) == "1"


def runs_seen_open() -> set[str]:
    """Return the runs that were waiting or working when this window last looked."""
    return set(st.session_state.get(_OPEN_RUNS, set()))


def remember_open(runs: Iterable[str]) -> None:
    """Keep which runs wait or work now, so that their end can be announced."""
    st.session_state[_OPEN_RUNS] = set(runs)


def press_key(form: str) -> str:
    """Return a key for the next press of a button: the same until `pressed` says that it was used."""
    return str(st.session_state.setdefault(f"{_PRESS}-{form}", uuid.uuid4().hex))


def pressed(form: str) -> None:
    """Say that the press was used: the next one is a new one."""
    st.session_state.pop(f"{_PRESS}-{form}", None)


def page_watches(now: bool | None = None) -> bool:
    """Say (or set) whether the page that is being drawn has its own poller in this run of the script."""
    if now is not None:
        st.session_state[_WATCHES] = now
    return bool(st.session_state.get(_WATCHES, False))


def leave_notice(text: str, icon: str = ":material/info:") -> None:
    """Keep a line that the next drawing of a page shows as a toast."""
    st.session_state.setdefault(_NOTICES, []).append((icon, text))


def take_notices() -> list[tuple[str, str]]:
    """Return the lines (icon, text) that were left, once."""
    return st.session_state.pop(_NOTICES, [])


def jobs_seen(jobs: object = None) -> object:
    """Return what the queue looked like when this window last looked, and keep how it looks now."""
    before = st.session_state.get(_JOBS_SEEN)
    st.session_state[_JOBS_SEEN] = jobs
    return before


def lead_to_explore(identity: str) -> None:
    """Ask to be taken to Explore as soon as this run is finished (the sample, end to end)."""
    st.session_state[_LEAD] = identity


def led_run() -> str | None:
    """Return the run that leads to Explore when it is finished."""
    return st.session_state.get(_LEAD)


def stop_leading() -> None:
    """Stay where one is when the run is finished."""
    st.session_state.pop(_LEAD, None)


def note_damage(error: DamagedError) -> None:
    """Keep that the database was found damaged while this page was drawn."""
    st.session_state[_DAMAGE] = error


def take_damage() -> DamagedError | None:
    """Return what was found, once."""
    found: DamagedError | None = st.session_state.pop(_DAMAGE, None)
    return found


def deleted_run(identity: str | None = None) -> str | None:
    """Return (or set) the run that was deleted last in this window and can be brought back."""
    if identity is not None:
        st.session_state[_DELETED] = identity
    return st.session_state.get(_DELETED) or None


def forget_deleted() -> None:
    """Stop offering to bring the last deleted run back."""
    st.session_state.pop(_DELETED, None)
