"""The choice of the groups A and B: in the session and in the link, by run."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import streamlit as st

from lib.ui.explore import keys
from lib.ui.explore.map import group_choice

RUN, OTHER = SimpleNamespace(id="run"), SimpleNamespace(id="other")

pytestmark = pytest.mark.usefixtures("session")


def test_a_link_chooses_until_the_person_does() -> None:
    st.query_params.update(a="wide:0", b="wide:1")
    assert group_choice.chosen_groups(RUN) == ("wide:0", "wide:1")
    group_choice.choose_group(RUN, 1, "near:2")
    assert group_choice.chosen_groups(RUN) == ("wide:0", "near:2")
    assert st.query_params == {"a": "wide:0", "b": "near:2"}
    group_choice.clear_groups(RUN)
    assert st.query_params == {}


def test_another_run_starts_with_no_groups_and_leaves_none_in_the_link() -> None:
    group_choice.choose_group(RUN, 0, "wide:0")
    assert group_choice.chosen_groups(OTHER) == ("", "")
    assert st.query_params == {}


def test_a_group_too_large_for_a_link_stays_in_the_session() -> None:
    large = "texts:" + "x" * 3_000
    group_choice.choose_group(RUN, 0, large)
    assert group_choice.chosen_groups(RUN) == (large, "")
    assert "a" not in st.query_params
    assert not group_choice.is_linked(large)


def test_a_lasso_is_offered_until_it_is_a_group(session: dict[str, Any]) -> None:
    group_choice.store_lasso(RUN, [4, 9, 4])
    owner, word = session[keys.MAP_LASSO]
    assert owner == "run"
    group_choice.choose_group(RUN, 0, word)
    assert keys.MAP_LASSO not in session
    group_choice.store_lasso(RUN, [4, 9])
    group_choice.store_lasso(RUN, [4])
    assert keys.MAP_LASSO not in session, "a click on one text is no group"


def test_the_map_leaves_the_colours_of_groups_that_are_gone(session: dict[str, Any]) -> None:
    for number in range(2):
        group_choice.choose_group(RUN, number, "wide:0")
    session[keys.MAP_COLOUR] = keys.COLOUR_GROUPS
    group_choice.choose_group(RUN, 1, "")
    assert session[keys.MAP_COLOUR] == "change"
