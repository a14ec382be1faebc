"""The split: fractions, seed, own held-out file, sizes, and whether that is enough to judge on."""

from __future__ import annotations

import streamlit as st

from lib.data.prepare import LEAK_REASON, PreparedDataset
from lib.data.shapes import Shape
from lib.data.split.sample_size import count_independent, held_out_advice
from lib.errors import CloserError
from lib.settings import HELD_OUT_FRACTION, PARTS, VALIDATION_FRACTION
from lib.store.uploads import Draft, Upload, remove_own_held_out, store_own_held_out
from lib.ui.shared.components import show_error
from lib.ui.upload.parts import PART_TITLES
from lib.ui.upload.session import widget_key


def edit_split(upload: Upload, draft: Draft) -> Draft:
    """Draw the split's settings and remember them."""
    st.subheader("How it is split", anchor=False)
    st.caption(
        "Train teaches, validation chooses the best epoch, held-out only judges. Rows that share a text, a near duplicate "
        "or a group never stand in two parts."
    )
    cells = st.columns(3)
    validation = _percent(cells[0], upload, "Validation, %", draft.validation, VALIDATION_FRACTION, "validation")
    held_out = _percent(cells[1], upload, "Held-out, %", draft.held_out, HELD_OUT_FRACTION, "held-out")
    seed = cells[2].number_input(
        "Seed", min_value=0, max_value=2**31 - 1, value=draft.seed, step=1, key=widget_key(upload, "seed")
    )
    _own(upload)
    return upload.change(validation=validation, held_out=held_out, seed=int(seed or 0))


def _percent(cell: object, upload: Upload, label: str, known: float | None, default: float, name: str) -> float:
    value = default if known is None else known
    given = cell.number_input(  # type: ignore[attr-defined]
        label, min_value=1, max_value=80, value=round(100 * value), step=5, key=widget_key(upload, name)
    )
    return int(given) / 100


def _own(upload: Upload) -> None:
    with st.expander("Bring your own held-out file", icon=":material/upload_file:", expanded=bool(upload.own_held_out)):
        if upload.own_held_out:
            st.text("Your own file is the held-out part. Training rows that share a text with it are left out.")
            if st.button("Take it away", icon=":material/close:", key=widget_key(upload, "own-remove")):
                remove_own_held_out(upload)
                st.rerun()
            return
        given = st.file_uploader("Held-out examples, with the same columns", key=widget_key(upload, "own"))
        if given:
            try:
                store_own_held_out(upload, given.name, given)
            except CloserError as error:
                show_error(error)
                return
            st.rerun()


def show_split(prepared: PreparedDataset, draft: Draft) -> None:
    """Show the sizes achieved, warn where they are not what was asked, and say what they can show."""
    total = max(1, len(prepared.frame))
    cells = st.columns(len(PARTS) + 1)
    for cell, part in zip(cells, PARTS, strict=False):
        rows = prepared.counts[part]
        cell.metric(PART_TITLES[part], f"{rows:,}", border=True, help=f"{rows / total:.1%} of the rows that stay")
    largest = prepared.facts["split"]["largest_component"]
    cells[-1].metric(
        "Largest group", f"{largest:,}", border=True, help="Rows that share texts, directly or over others."
    )
    for warning in split_warnings(prepared, draft):
        st.warning(warning, icon=":material/warning:")
    judged = prepared.frame[prepared.frame["part"] == "held_out"]
    st.text(
        "Enough data? " + held_out_advice(len(judged), count_independent(judged), scored=prepared.shape is Shape.SCORED)
    )


def split_warnings(prepared: PreparedDataset, draft: Draft) -> list[str]:
    """Return what is unfair about the split, in plain words."""
    found, total = [], max(1, len(prepared.frame))
    facts = prepared.facts["split"]
    cut = int((prepared.left_out["reason"] == LEAK_REASON).sum()) if len(prepared.left_out) else 0
    if cut:
        found.append(
            f"{cut:,} rows are left out because they share texts with two parts: keeping them would let the model see "
            "what it is judged on."
        )
    if facts["largest_component"] > 0.2 * total:
        found.append(
            f"One group of rows that share texts holds {facts['largest_component']:,} of {total:,} rows. It stands in one "
            "part as a whole, so the parts are less alike than a random split would make them."
        )
    for part, asked in (("validation", facts["validation_fraction"]), ("held_out", facts["held_out_fraction"])):
        share = prepared.counts[part] / total
        if abs(share - asked) > 0.25 * asked and not _given(prepared):
            found.append(f"{PART_TITLES[part]} has {share:.0%} of the rows, not the {asked:.0%} asked for.")
    judged = count_independent(prepared.frame[prepared.frame["part"] == "held_out"])
    if judged < 30:
        found.append(
            f"The held-out part has only {judged} different sources or targets: its numbers will say little. "
            "More different texts help, more rows of the same texts do not."
        )
    return found


def _given(prepared: PreparedDataset) -> bool:
    return bool(prepared.facts["split"].get("given"))
