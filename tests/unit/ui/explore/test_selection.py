"""The selection of pairs: in the session and in the link, by run, apart from what the map shows."""

from __future__ import annotations

from typing import Any

import pytest
import streamlit as st

from lib.ui.explore import keys, selection

pytestmark = pytest.mark.usefixtures("session")


def test_a_link_selects_until_the_person_does() -> None:
    st.query_params[keys.PAIR] = "4,x,8"
    assert selection.selected_pairs("run") == [4, 8]
    selection.select_pairs([5, 5], "run")
    assert selection.selected_pairs("run") == [5]
    assert st.query_params[keys.PAIR] == "5"


def test_a_link_holds_the_first_pairs_only() -> None:
    selection.select_pairs(range(30), "run")
    assert len(selection.selected_pairs("run")) == 30
    assert st.query_params[keys.PAIR].count(",") == keys.LINKED_PAIRS - 1


def test_another_run_starts_with_no_selection() -> None:
    selection.select_pairs([5], "run")
    assert selection.selected_pairs("other") == []


def test_pairs_selected_on_the_map_get_no_ring_and_leave_the_others() -> None:
    selection.select_pairs([5], "run")
    assert selection.highlighted_pairs("run") == (5,)
    selection.select_on_map([6], "run")
    assert selection.highlighted_pairs("run") == (5,)
    selection.select_pairs([7], "run")
    assert selection.highlighted_pairs("run") == (7,)


def test_clearing_resets_every_widget_that_shows_a_selection() -> None:
    selection.select_pairs([5], "run")
    version = selection.selection_version()
    selection.clear_selection("run")
    assert selection.selected_pairs("run") == []
    assert selection.highlighted_pairs("run") == ()
    assert selection.selection_version() == version + 1
    assert keys.PAIR not in st.query_params


def test_a_widget_without_a_selection_has_none(session: dict[str, Any]) -> None:
    assert selection.selected_rows("table") == []
    session["figure"] = {"selection": {"points": [{"curve_number": 1, "point_index": 2}, {"curve_number": 1}]}}
    assert selection.selected_points("figure") == [(1, 2)]
