"""The Explore page from top to bottom: the run, then its sections.

A failed one shows its error, the others go on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from lib.errors import CloserError
from lib.store.runs import Run
from lib.store.workspace import Workspace, open_workspace
from lib.ui.explore.presentation import current_step, show_presentation_header
from lib.ui.explore.report import show_report
from lib.ui.shared import state
from lib.ui.shared.components import pick_run, show_error, warn_unknown_run
from lib.ui.shared.error_box import show_bug

_ShowSection = Callable[[Run], None]

_EXPLORABLE = ("succeeded", "cancelled", "failed")
"""States whose runs are listed when they have a model.

Of a training that was cut short, the best so far.
"""


def _verdict() -> _ShowSection:
    from lib.ui.explore.evaluation.verdict import show_verdict

    return show_verdict


def _search() -> _ShowSection:
    from lib.ui.explore.search.section import show_search

    return show_search


def _map() -> _ShowSection:
    from lib.ui.explore.map.section import show_map

    return show_map


def _pairs() -> _ShowSection:
    from lib.ui.explore.pairs.table import show_pair_results

    return show_pair_results


def _details() -> _ShowSection:
    from lib.ui.explore.evaluation.details import show_evaluation_details

    return show_evaluation_details


def _map_filters() -> _ShowSection:
    from lib.ui.explore.map.section import show_hidden_filters

    return show_hidden_filters


def _three_pairs() -> _ShowSection:
    from lib.ui.explore.pairs.presented import show_three_pairs

    return show_three_pairs


def _playground() -> _ShowSection:
    from lib.ui.explore.playground import show_playground

    return show_playground


_SECTIONS = (_verdict, _search, _map, _pairs, _details, _playground)
"""What imports each section, in reading order.

Imported when they are drawn, so that the server starts without them.
"""

_STEPS = {
    "verdict": (_verdict, _map_filters),
    "search": (_search, _map_filters),
    "play": (_verdict, _map),
    "pairs": (_three_pairs, _map_filters),
}
"""The sections of each step of the present mode."""


def explorable_runs(workspace: Workspace) -> list[Run]:
    """List the runs that have a tuned model, the newest first."""
    return [run for run in workspace.runs.all() if run.state in _EXPLORABLE and run.model_dir.is_dir()]


def choose_run(runs: Sequence[Run]) -> Run | None:
    """Let the person choose a run, present it, and take its report."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        run = pick_run(runs)
        if run is not None and st.button(
            "Present", icon=":material/slideshow:", help="Verdict, search, map and three pairs, one after the other"
        ):
            state.set_presenting(True)
            st.rerun()
        if run is not None:
            show_report(run, runs)
    return run


def presented_run(runs: Sequence[Run]) -> Run:
    """Show the header of the present mode for the run that the URL names, or for the newest."""
    run = next((one for one in runs if one.id == state.run_id()), None)
    if run is None:
        run = runs[0]
        if state.run_id():
            warn_unknown_run()
        else:
            state.set_run_id(run.id)
    show_presentation_header(run)
    return run


def show_sections(run: Run) -> None:
    """Draw every section of a run, or those of the present mode's step."""
    for load in _STEPS[current_step()] if state.is_presenting() else _SECTIONS:
        _show_section(load, run)


def _show_section(load: Callable[[], _ShowSection], run: Run) -> None:
    try:
        load()(run)
    except CloserError as error:
        show_error(error)
    except Exception as error:  # noqa: BLE001 - files of another version or a bug here must not hide the other sections
        show_bug(error)


def load_sections() -> None:
    """Import what draws the sections, before somebody opens the page."""
    for load in (*_SECTIONS, _three_pairs):
        load()


def load_newest_map() -> None:
    """Prepare map and opening question of the run that the page opens on, before somebody opens it."""
    from lib.ui.explore.map.figure import build_opening_figure
    from lib.ui.explore.search.section import load_opening_answer

    run = next((run for run in open_workspace().runs.all() if run.state == "succeeded"), None)
    if run is not None:
        load_opening_answer(run)
        build_opening_figure(run)
