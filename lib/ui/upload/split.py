"""The split: fractions, seed, own held-out file, sizes, and whether held-out is large enough."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from lib.data.prepare import LEAK_REASON
from lib.data.prepared_dataset import PreparedDataset
from lib.data.split.sample_size import count_independent, held_out_advice
from lib.errors import CloserError
from lib.format import format_count
from lib.settings import HELD_OUT_FRACTION, PARTS, VALIDATION_FRACTION
from lib.shapes import Shape
from lib.store.uploads import Draft, Upload, remove_own_held_out, store_own_held_out
from lib.ui.shared.components import escape_markdown, show_error
from lib.ui.upload.parts import PART_TITLES
from lib.ui.upload.session import widget_key


def edit_split(upload: Upload, draft: Draft) -> Draft:
    """Draw the split's settings and store them."""
    st.subheader("Split", anchor=False)
    st.caption(
        "Validation selects the best epoch; the held-out split is only for evaluation. Rows that share a text, a near "
        "duplicate or a group always stay in the same split."
    )
    cells = st.columns(3)
    validation = _percent(cells[0], upload, "Validation, %", draft.validation, VALIDATION_FRACTION, "validation")
    held_out = _percent(cells[1], upload, "Held-out, %", draft.held_out, HELD_OUT_FRACTION, "held-out")
    seed = cells[2].number_input(
        "Seed", min_value=0, max_value=2**31 - 1, value=draft.seed, step=1, key=widget_key(upload, "seed")
    )
    _edit_own_file(upload)
    return upload.change(validation=validation, held_out=held_out, seed=int(seed or 0))


def _percent(
    cell: DeltaGenerator, upload: Upload, label: str, current: float | None, default: float, name: str
) -> float:
    value = default if current is None else current
    percent = cell.number_input(
        label, min_value=1, max_value=80, value=round(100 * value), step=5, key=widget_key(upload, name)
    )
    return int(percent) / 100


def _edit_own_file(upload: Upload) -> None:
    with st.expander("Use your own held-out file", icon=":material/upload_file:", expanded=bool(upload.own_held_out)):
        if upload.own_held_out:
            st.text("Your own file is the held-out split. Training rows that share a text with it are dropped.")
            if st.button("Remove", icon=":material/close:", key=widget_key(upload, "own-remove")):
                remove_own_held_out(upload)
                st.rerun()
            return
        uploaded = st.file_uploader("Held-out examples (same columns)", key=widget_key(upload, "own"))
        if uploaded:
            try:
                store_own_held_out(upload, uploaded.name, uploaded)
            except CloserError as error:
                show_error(error)
                return
            st.rerun()


def show_split(prepared: PreparedDataset, draft: Draft) -> None:
    """Show the sizes of the splits, warnings, and what the held-out split can detect."""
    total = max(1, len(prepared.frame))
    cells = st.columns(len(PARTS) + 1)
    for cell, part in zip(cells, PARTS, strict=False):
        rows = prepared.counts[part]
        cell.metric(PART_TITLES[part], f"{rows:,}", border=True, help=f"{rows / total:.1%} of the remaining rows")
    largest = prepared.split.largest_component
    cells[-1].metric(
        "Largest group", f"{largest:,}", border=True, help="Rows linked by shared texts, directly or transitively."
    )
    for warning in split_warnings(prepared, draft):
        st.warning(escape_markdown(warning), icon=":material/warning:")
    held_out_rows = prepared.frame[prepared.frame["part"] == "held_out"]
    st.text(
        held_out_advice(len(held_out_rows), count_independent(held_out_rows), scored=prepared.shape is Shape.SCORED)
    )


def split_warnings(prepared: PreparedDataset, draft: Draft) -> list[str]:
    """List what is unfair about the split."""
    warnings, total = [], max(1, len(prepared.frame))
    cut = int((prepared.left_out["reason"] == LEAK_REASON).sum()) if len(prepared.left_out) else 0
    if cut:
        warnings.append(
            f"{format_count(cut, 'row is', 'rows are')} dropped for sharing texts with two splits: keeping them would leak held-out texts "
            "into training."
        )
    if prepared.split.largest_component > 0.2 * total:
        warnings.append(
            f"One group of rows that share texts holds {prepared.split.largest_component:,} of {total:,} rows. It stays in one "
            "split as a whole, so the splits are less alike than random ones."
        )
    for part, target in (
        ("validation", prepared.split.validation_fraction),
        ("held_out", prepared.split.held_out_fraction),
    ):
        share = prepared.counts[part] / total
        if abs(share - target) > 0.25 * target and not prepared.split.given:
            warnings.append(f"{PART_TITLES[part]} has {share:.0%} of the rows instead of the requested {target:.0%}.")
    num_independent = count_independent(prepared.frame[prepared.frame["part"] == "held_out"])
    if num_independent < 30:
        warnings.append(
            f"The held-out split has only {format_count(num_independent, 'different source or target', 'different sources or targets')}, "
            "too few for precise results. "
            "More different texts help; more rows of the same texts don't."
        )
    return warnings
