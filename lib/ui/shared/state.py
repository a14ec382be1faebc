"""The only file that names session keys and query parameters."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping

import streamlit as st

from lib.errors import DamagedError

RUN = "run"
PRESENT = "present"
PAIR = "pair"
LINKED_PAIRS = 20
"""Chosen pairs that a link holds: more would make an address that nobody can paste."""

# Widgets of the map that are bound to query parameters of the same name, so that a link opens the same view. The moment (frame) is
# written by the page's own script, as the slider is moved without the server.
MAP_FRAME, MAP_PART, MAP_CHANGE, MAP_SEARCH, MAP_GROUP = "frame", "part", "change", "find", "group"
MAP_CLASSES = "class"
MAP_LIST, MAP_SVG, MAP_DOWNLOADS = "map-list", "map-svg", "map-downloads"
MAP_FIGURE, MAP_DOTS, MAP_TRAIL, MAP_INTRUDER = "map-figure", "map-dots", "map-trail", "map-intruder"
MAP_PRESENTED, MAP_METHOD, MAP_BALANCE, MAP_FOLLOWED = "map-presented", "map-method", "map-balance", "map-followed"
PAIR_TABLE, PAIR_OPENED = "pair-table", "pair-opened"
_OPENED = "opened-pair"
_ROUND = "choice-round"
_FIRST = "map-first-moment"
_MARKED = "map-marked"
_PICKED = "map-picked"
DATASET = "dataset"
MODEL = "model"
_CHOSEN = "chosen-pairs"
_CHOSEN_RUN = "chosen-pairs-run"
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


def chosen_pairs(run: str | None = None) -> list[int]:
    """Return the pairs (their ids) that are chosen on Explore; another run starts with none."""
    if run is not None and st.session_state.get(_CHOSEN_RUN, run) != run:
        return []
    if _CHOSEN not in st.session_state:
        return [int(pair) for pair in st.query_params.get(PAIR, "").split(",") if pair.strip().isdigit()]
    return list(st.session_state[_CHOSEN])


def choose(pairs: Iterable[int], run: str | None = None) -> None:
    """Choose pairs for map, tables and inspector alike."""
    chosen = list(dict.fromkeys(int(pair) for pair in pairs))
    st.session_state[_CHOSEN] = chosen
    if chosen:
        st.query_params[PAIR] = ",".join(str(pair) for pair in chosen[:LINKED_PAIRS])
    else:
        st.query_params.pop(PAIR, None)
    if run is not None:
        st.session_state[_CHOSEN_RUN] = run


def let_go(run: str) -> None:
    """Choose nothing; tables and map, which keep ticks of their own, begin anew."""
    choose([], run)
    for name in (_OPENED, _MARKED, _PICKED):
        st.session_state.pop(name, None)
    st.session_state[_ROUND] = choice_round() + 1


def choice_round() -> int:
    """Return how often all chosen pairs were let go: part of the key of whatever shows a choice."""
    return int(st.session_state.get(_ROUND, 0))


def opened_pair(chosen: list[int]) -> int | None:
    """Return which of the chosen pairs is looked at from near, on map and inspector alike: the one that was opened, or the first."""
    opened = st.session_state.get(_OPENED)
    return opened if opened in chosen else next(iter(chosen), None)


def open_pair(pair: int) -> None:
    """Look at one of the chosen pairs from near."""
    st.session_state[_OPENED] = int(pair)


def value(key: str) -> object:
    """Return what a control holds."""
    return st.session_state.get(key)


def set_value(key: str, given: object) -> None:
    """Give a control what it shows next; only before it is drawn."""
    st.session_state[key] = given


def first_moment(run: str, labels: Mapping[str, str]) -> str:
    """Return the moment that the link asks for, by its name (epoch-002) or label; the first one where it names none. Asked once a run."""
    known = st.session_state.get(_FIRST)
    if known is None or known[0] != run:
        raw = linked(MAP_FRAME)
        names = (name for name, label in labels.items() if raw in (name, label))
        known = st.session_state[_FIRST] = (run, next(names, next(iter(labels), "")))
    return str(known[1])


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


def linked(name: str) -> str:
    """Return the raw value of a query parameter, empty where the link has none."""
    return st.query_params.get(name, "")


def linked_all(key: str) -> list[str]:
    """Return all the words that the address holds for a control of which several can be chosen."""
    return st.query_params.get_all(key)


def selected_points(key: str) -> list[tuple[int, int]]:
    """Return the (trace, point) pairs that are selected in a figure."""
    points = st.session_state.get(key, {}).get("selection", {}).get("points", [])
    return [(int(point["curve_number"]), int(point["point_index"])) for point in points if "point_index" in point]


def selected_rows(key: str) -> list[int]:
    """Return the rows that are selected in a table."""
    return [int(row) for row in st.session_state.get(key, {}).get("selection", {}).get("rows", [])]


def pick(pairs: Iterable[int], run: str) -> None:
    """Choose pairs by the map itself, which shows its own selection: they are not ringed again."""
    choose(pairs, run)
    st.session_state[_PICKED] = chosen_pairs(run)


def marked_pairs(run: str) -> tuple[int, ...]:
    """Return the pairs to ring on the map: the last that were chosen elsewhere, kept while the map itself picks others."""
    chosen = chosen_pairs(run)
    if chosen != st.session_state.get(_PICKED):
        st.session_state[_MARKED] = (run, tuple(chosen))
        st.session_state.pop(_PICKED, None)
    known = st.session_state.get(_MARKED, (run, ()))
    return known[1] if known[0] == run else ()
