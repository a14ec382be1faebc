"""The figures of the map and of plain UMAP, drawn to compare with."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from lib.errors import StoreError
from lib.projection.methods import LAYOUT_METHODS
from lib.projection.store import MapFacts, load_map_facts
from lib.store.map_paths import MapKind
from lib.store.runs import Run
from lib.ui.explore import jobs
from lib.ui.explore.map.view import MapView

_PLAIN_TITLE = LAYOUT_METHODS["umap"]


def show_layout_figures(view: MapView) -> None:
    """Show the figures of the map and of plain UMAP beside each other, or offer to draw plain UMAP."""
    facts, plain = load_map_facts(view.run), _plain_facts(view.run)
    if facts is None:
        return
    layouts = {LAYOUT_METHODS[facts.method]: facts} | ({_PLAIN_TITLE: plain} if plain else {})
    st.table(pd.DataFrame({name: _figures(one) for name, one in layouts.items()}))
    if plain is not None or facts.method == "umap":
        return
    if jobs.find_open_job(view.run, "project_plain") is not None:
        st.caption("Plain UMAP is being drawn to compare with.")
    elif st.button("Draw plain UMAP to compare", key="draw-plain-map"):
        jobs.submit_job(view.run, "project_plain")


def _plain_facts(run: Run) -> MapFacts | None:
    """Read the facts of plain UMAP, if it is whole and holds the texts of the map."""
    try:
        facts, plain = load_map_facts(run), load_map_facts(run, kind=MapKind.PLAIN)
    except StoreError:
        return None
    return plain if facts is not None and plain is not None and facts.texts == plain.texts else None


def _figures(facts: MapFacts) -> dict[str, str]:
    """Write the figures of a layout, base and tuned, over all lines and over the held-out ones."""
    every, held_out = facts.quality, facts.held_out_quality
    return {
        "Lines that change as ranks": _share(every.rank_sign_agreement),
        "Lines that change as ranks, held-out": _share(held_out.rank_sign_agreement),
        "Rank correlation of changes": _number(every.rank_change_correlation),
        "Rank correlation, held-out": _number(held_out.rank_change_correlation),
        "Lines that change as cosines": _share(every.sign_agreement),
        "Lines that change as cosines, held-out": _share(held_out.sign_agreement),
        "Correlation with changes of cosines": _number(every.rank_correlation),
        "Correlation with changes of cosines, held-out": _number(held_out.rank_correlation),
        "Near pairs drawn near": _ends(every.seen),
        "Near pairs drawn near, held-out": _ends(held_out.seen),
        "Drawn near that are near": _ends(every.right),
        "Drawn near that are near, held-out": _ends(held_out.right),
        "Trustworthiness": " → ".join(_number(value) for value in every.trustworthiness.values()),
        "Movement of unchanged texts": _share(every.movement_of_identical_snapshot),
        "Seconds": f"{facts.seconds:.1f}",
    }


def _ends(shares: dict[str, float]) -> str:
    return " → ".join(_share(share) for share in shares.values())


def _share(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
