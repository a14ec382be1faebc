"""Which of a run's maps is shown: of the training's texts, the same by plain UMAP, or of all texts."""

from __future__ import annotations

import streamlit as st

from lib.errors import StoreError
from lib.projection.methods import LAYOUT_METHODS
from lib.projection.store import MapFacts, load_map_facts
from lib.settings import MAX_MAP_TEXTS
from lib.store.map_paths import MapKind
from lib.store.runs import Run
from lib.ui.explore import jobs, keys
from lib.ui.explore.map.view import MapView
from lib.ui.shared import cache, polling
from lib.ui.shared.components import escape_markdown
from lib.ui.shared.edit_button import edit_button

_ALL_TEXTS_JOB = "project_all"
_PLAIN_TITLE = LAYOUT_METHODS["umap"]


def drawn_maps(run: Run) -> dict[MapKind, str]:
    """List the run's maps that are drawn, by their titles; none where the first is missing or damaged."""
    main, plain, every = (_facts(run, kind) for kind in (MapKind.MAIN, MapKind.PLAIN, MapKind.ALL))
    if main is None:
        return {}
    titles = {MapKind.MAIN: LAYOUT_METHODS[main.method]}
    if plain is not None and main.method != "umap" and plain.texts == main.texts:
        titles[MapKind.PLAIN] = _PLAIN_TITLE
    return titles | ({MapKind.ALL: f"All {every.texts:,} texts"} if every is not None else {})


def chosen_map(run: Run) -> MapKind:
    """Look up the map that the person chose, if it is there."""
    chosen = st.session_state.get(_key(run))
    return next((kind for kind, title in drawn_maps(run).items() if title == chosen), MapKind.MAIN)


def choose_map(view: MapView) -> None:
    """Let the person choose between the maps that are drawn."""
    titles = drawn_maps(view.run)
    if len(titles) < 2:
        return
    st.segmented_control(
        "Map shown",
        list(titles.values()),
        default=titles.get(view.data.kind, titles[MapKind.MAIN]),
        label_visibility="collapsed",
        key=_key(view.run),
    )


def offer_all_texts(view: MapView) -> None:
    """Offer the map of all texts where this one lacks some, or show how far it is."""
    job = jobs.find_open_job(view.run, _ALL_TEXTS_JOB)
    if job is not None:
        polling.redraw_while_running(job, lambda: _show_progress(view.run))
    elif lacks_texts(view) and MapKind.ALL not in drawn_maps(view.run):
        help = (
            "Embeds every text of the dataset with both models, base and tuned, and draws them on one map"
            f" ({MAX_MAP_TEXTS:,} at most). Texts that were embedded before come from the cache."
        )
        if edit_button("Draw all texts", icon=":material/scatter_plot:", key="draw-all-texts", help=help):
            jobs.submit_job(view.run, _ALL_TEXTS_JOB)


def lacks_texts(view: MapView) -> bool:
    """Check whether the dataset has pairs, or labelled texts, that the map does not show."""
    shown = len(set(view.data.rows.tolist()) - {-1}) if view.data.classes else len(view.data.lines)
    return shown < view.data.num_pairs


def _show_progress(run: Run) -> None:
    status = cache.run_status(run)
    words = ", ".join(word for word in (status.stage, status.detail) if word) or "waiting in the queue"
    st.badge(escape_markdown(f"Drawing all texts: {words}"), icon=":material/progress_activity:", color="blue")


def _facts(run: Run, kind: MapKind) -> MapFacts | None:
    """Read the facts of a map; None where it is missing or damaged."""
    try:
        return load_map_facts(run, kind=kind)
    except StoreError:
        return None


def _key(run: Run) -> str:
    return f"{keys.MAP_LAYOUT}-{run.id}"
