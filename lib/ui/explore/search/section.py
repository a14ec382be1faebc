"""The search section: one question, answered by base and tuned side by side, and by BM25 on request."""

from __future__ import annotations

import random
from dataclasses import dataclass

import streamlit as st

from lib.errors import CloserError, MemoryShortageError
from lib.evaluation.questions import HeldOutQuestions, load_questions
from lib.evaluation.stored_answers import stored_answer
from lib.models.inference.answers import Ranking
from lib.store.runs import Run
from lib.store.workspace import open_workspace
from lib.ui.explore import keys
from lib.ui.explore.inference import inference_client, reading_for
from lib.ui.explore.map.data import dataset_rows
from lib.ui.explore.search.answers import SearchRequest, known_answers
from lib.ui.explore.search.rank_changes import show_rank_changes
from lib.ui.shared import state
from lib.ui.shared.cache import cached_evaluation, file_stamp
from lib.ui.shared.components import catch_errors, escape_markdown, show_error

_TITLE_CHARACTERS = 44
"""Characters of a held-out question on its button."""

_NUM_IMPROVED, _NUM_REGRESSED = 2, 1
"""Held-out questions with a button of their own; "Surprise me" offers all."""

_SPINNER = "Running both models (the first time, they are loaded) ..."


@dataclass(frozen=True)
class _Asked:
    """The question of a run's search, and the held-out pair that asks it, if one does."""

    run: str
    text: str
    pair: int | None


@st.fragment
def show_search(run: Run) -> None:
    """Draw question, examples and answers; the section reruns alone, so that an answer comes at once."""
    with catch_errors(), st.container(gap="xsmall"):
        questions = _questions(run)
        asked = _current(run, questions)
        _show_controls(run, questions)
        request = SearchRequest.of(run, open_workspace().datasets.get(run.dataset), reading_for(run))
        request.load(inference_client())
        if asked.text.strip():
            _show_answer(run, asked, request)
        else:
            st.caption("Type a question to see what each model finds.")


def _questions(run: Run) -> HeldOutQuestions:
    """Read the held-out questions; none where the run has no evaluation, or a damaged one."""
    if run.paths.evaluation.pairs.exists():
        try:
            return _load_questions(run.id, file_stamp(run.paths.evaluation.pairs))
        except CloserError as error:
            show_error(error)
    return HeldOutQuestions({}, (), ())


@st.cache_resource(max_entries=16, show_spinner=False)
def _load_questions(run_id: str, stamp: tuple[int, int]) -> HeldOutQuestions:
    return load_questions(open_workspace().runs.get(run_id))


def _current(run: Run, questions: HeldOutQuestions) -> _Asked:
    """Read what is asked; a run opens on the question that tells most."""
    asked = st.session_state.get(keys.SEARCH_ASKED)
    if not isinstance(asked, _Asked) or asked.run != run.id:
        asked = _ask_pair(run, questions, questions.opening)
    return asked


def _ask_pair(run: Run, questions: HeldOutQuestions, pair: int | None) -> _Asked:
    """Ask a held-out question: its answers are stored."""
    text = questions.texts[pair] if pair is not None else ""
    asked = st.session_state[keys.SEARCH_ASKED] = _Asked(run.id, text, pair)
    st.session_state[keys.SEARCH_TEXT] = " ".join(text.split())
    return asked


def load_opening_answer(run: Run) -> None:
    """Read what the search of a run opens on, for the page to find it in the cache."""
    pair = _questions(run).opening
    if pair is not None:
        _stored_answer(run.id, pair, file_stamp(run.paths.evaluation.summary))


def _show_controls(run: Run, questions: HeldOutQuestions) -> None:
    """Draw the question, the examples, and what else can be asked for."""

    def ask_text() -> None:
        text = str(st.session_state[keys.SEARCH_TEXT])
        st.session_state[keys.SEARCH_ASKED] = _Asked(run.id, text, questions.pair_of(text))

    def surprise() -> None:
        _ask_pair(run, questions, random.choice(list(questions.texts)))

    with st.container(horizontal=True, vertical_alignment="bottom", key="search-controls"):
        st.text_input(
            "Search the targets, base and tuned side by side",
            label_visibility="collapsed",
            placeholder="Search the targets, base and tuned side by side",
            key=keys.SEARCH_TEXT,
            icon=":material/search:",
            on_change=ask_text,
        )
        if questions.texts:
            st.button("Surprise me", icon=":material/casino:", on_click=surprise, help="Ask a random held-out question")
        st.toggle("BM25", key=keys.SEARCH_WORDS, help="Add what a search by words alone finds, as a third column")
    _show_examples(run, questions)


def _show_examples(run: Run, questions: HeldOutQuestions) -> None:
    """Draw a button for each of a few questions that only one of both models answers right."""
    examples = [
        *((pair, "Only tuned right", ":material/trending_up:") for pair in questions.improved[:_NUM_IMPROVED]),
        *((pair, "Only base right", ":material/trending_down:") for pair in questions.regressed[:_NUM_REGRESSED]),
    ]
    if not examples:
        return
    with st.container(horizontal=True, gap="xsmall"):
        for pair, kind, icon in examples:
            st.button(
                f"{kind}: {escape_markdown(_shorten(questions.texts[pair]))}",
                icon=icon,
                key=f"{keys.SEARCH_EXAMPLE}-{pair}",
                on_click=_ask_pair,
                args=(run, questions, pair),
            )


def _shorten(question: str) -> str:
    """Write a question as one short line."""
    line = " ".join(question.split())
    return line if len(line) <= _TITLE_CHARACTERS else line[: _TITLE_CHARACTERS - 1] + "…"


def _show_answer(run: Run, asked: _Asked, request: SearchRequest) -> None:
    """Draw the columns: stored answers of a held-out question, those of the models for any other."""
    right = known_answers(dataset_rows(run), asked.text)
    if asked.pair is not None:
        rankings = _stored_answer(run.id, asked.pair, file_stamp(run.paths.evaluation.summary))
    elif (answer := _ask_models(request, asked.text, right)) is not None:
        rankings = answer
    else:
        return
    columns: dict[str, Ranking] = {"Base": rankings["base"], "Tuned": rankings["tuned"]}
    if st.session_state.get(keys.SEARCH_WORDS):
        with st.spinner("Indexing the words of all targets ..."):
            columns["BM25"] = request.ask_by_words(inference_client(), asked.text, right)
    note = _describe(asked, rankings["tuned"], has_answer=bool(right))
    show_rank_changes(columns, note=note, is_large=state.is_presenting(), key=f"search-answer-{run.id}")


def _ask_models(request: SearchRequest, question: str, right: list[str]) -> dict[str, Ranking] | None:
    """Ask both models; where memory may not suffice to load and index, offer to go on all the same."""
    try:
        with st.spinner(_SPINNER):
            ignores = bool(st.session_state.get(keys.SEARCH_IGNORES_MEMORY))
            return request.ask(inference_client(), question, right, ignore_memory=ignores)
    except MemoryShortageError as error:
        show_error(error)

    def go_on() -> None:
        st.session_state[keys.SEARCH_IGNORES_MEMORY] = True

    st.button("Search all the same", icon=":material/memory:", key="search-all-the-same", on_click=go_on)
    return None


@st.cache_data(max_entries=256, show_spinner=False)
def _stored_answer(run_id: str, pair: int, stamp: tuple[int, int]) -> dict[str, Ranking]:
    run = open_workspace().runs.get(run_id)
    evaluation = cached_evaluation(run)
    return stored_answer(run, pair, texts=evaluation.documents if evaluation else 0)


def _describe(asked: _Asked, ranking: Ranking, *, has_answer: bool) -> str:
    """Write what was ranked, and where the right answer comes from."""
    ranked = f"Ranked among {ranking.texts:,} targets by cosine. " if ranking.texts else ""
    if asked.pair is not None:
        return f"{ranked}A held-out question: neither model was trained on it."
    known = "The dataset knows its answer." if has_answer else "The dataset knows no answer to it."
    return f"{ranked}{known}"
