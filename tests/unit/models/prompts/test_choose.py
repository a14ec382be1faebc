"""A model's prompts: by hand before its own before the table, and from where is known."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from lib.data.model_inputs import ModelInputs, Reading
from lib.errors import InputError
from lib.models.prompts.choose import ExpectedPrompts, choose_prompts, expected_prompts
from lib.models.prompts.describe import describe_prompts, warn_of_missing_prompts
from lib.models.prompts.known_models import KNOWN_MODELS, find_known_model
from lib.recipe.options import PromptSource
from lib.recipe.recipe import Recipe
from lib.settings import BUNDLED_MODEL
from lib.shapes import Shape
from lib.store.layout import MODEL_CARD_DATA
from tests.unit.models.folder_check.spoil import PROMPTS, put
from tests.unit.training.small import frame_of

PASSAGES = "Represent this sentence for searching relevant passages: "
NAMES = {
    "intfloat/e5-small-v2": ("query: ", "passage: ", "query: "),
    "intfloat/multilingual-e5-base": ("query: ", "passage: ", "query: "),
    "intfloat/multilingual-e5-large-instruct": (
        "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery: ",
        "",
        "Instruct: Retrieve semantically similar text.\nQuery: ",
    ),
    "BAAI/bge-small-en-v1.5": (PASSAGES, "", ""),
    "BAAI/bge-large-zh": ("为这个句子生成表示以用于检索相关文章：", "", ""),
    "BAAI/bge-m3": ("", "", ""),
    "Snowflake/snowflake-arctic-embed-xs": (PASSAGES, "", ""),
    "Snowflake/snowflake-arctic-embed-l-v2.0": ("query: ", "", ""),
    "nomic-ai/nomic-embed-text-v1.5": ("search_query: ", "search_document: ", "clustering: "),
    "mixedbread-ai/mxbai-embed-large-v1": (PASSAGES, "", ""),
    "google/embeddinggemma-300m": (
        "task: search result | query: ",
        "title: none | text: ",
        "task: sentence similarity | query: ",
    ),
    "Qwen/Qwen3-Embedding-0.6B": (
        "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:",
        "",
        "Instruct: Retrieve semantically similar text.\nQuery:",
    ),
    "NovaSearch/stella_en_1.5B_v5": (
        "Instruct: Given a web search query, retrieve relevant passages that answer the query.\nQuery: ",
        "",
        "Instruct: Retrieve semantically similar text.\nQuery: ",
    ),
    "Alibaba-NLP/gte-modernbert-base": ("", "", ""),
}
"""Hub names, and the prompts of a query, a document and a text to compare, as the cards state them."""


@pytest.mark.parametrize("name", list(NAMES))
def test_a_known_model_has_the_prompts_of_its_card(name: str) -> None:
    known = find_known_model([name])
    assert known is not None
    assert (*known.prompts(Shape.PAIRS), known.prompts(Shape.SCORED)[0]) == NAMES[name]
    assert known.prompts(Shape.TRIPLETS) == known.prompts(Shape.PAIRS)
    assert len(set(known.prompts(Shape.LABELLED_TEXTS))) == 1


def test_every_row_states_its_source_and_has_a_model_here() -> None:
    """Each name is one family's alone."""
    for row in KNOWN_MODELS:
        assert re.fullmatch(r"https://\S+", row.source)
    families = [[row for row in KNOWN_MODELS if re.fullmatch(row.name, name.split("/")[1].lower())] for name in NAMES]
    assert all(len(rows) == 1 for rows in families)
    assert {rows[0].name for rows in families} == {row.name for row in KNOWN_MODELS}


def test_classes_have_a_prompt_of_their_own() -> None:
    known = find_known_model(["nomic-ai/nomic-embed-text-v1"])
    assert known is not None
    assert known.prompts(Shape.LABELLED_TEXTS) == ("classification: ", "classification: ")


@pytest.mark.parametrize(
    "name", [BUNDLED_MODEL, "someone/e5", "someone/my-bge-small-en", "e5-base-v2-finetuned", "", "/"]
)
def test_other_names_are_not_known(name: str) -> None:
    assert find_known_model([name]) is None


Folder = Callable[..., Path]


@pytest.fixture
def folder(tiny_model: Path, tmp_path: Path) -> Folder:
    """Make a copy of the tiny model of a name, with prompts and a card."""

    def make(name: str = "some-model", *, card: str = "", config: str = "", **prompts: object) -> Path:
        made = Path(shutil.copytree(tiny_model, tmp_path / name))
        if prompts:
            put(PROMPTS, **prompts)(made)
        if card:
            (made / "README.md").write_text(card, encoding="utf-8")
        if config:
            path = made / "config.json"
            values = json.loads(path.read_text(encoding="utf-8"))
            path.write_text(json.dumps(values | {"_name_or_path": config}), encoding="utf-8")
        return made

    return make


def expect(where: Path, shape: Shape, home: Path) -> tuple[str, str, PromptSource]:
    found = expected_prompts(str(where), shape, home=home)
    return found.query, found.document, found.source


E5 = ("query: ", "passage: ", PromptSource.TABLE)


@pytest.mark.parametrize(
    "facts",
    [
        {"name": "e5-base-v2"},
        {"config": "intfloat/e5-base-v2"},
        {"card": "---\nlicense: mit\nbase_model: intfloat/e5-small\n---\n# A model"},
        {"card": '---\nbase_model:\n- someone/unknown\n- "intfloat/e5-small"\ntags:\n- a\n---\n'},
    ],
    ids=["folder", "config", "card", "list in card"],
)
def test_a_model_is_known_by_folder_config_or_card(facts: dict[str, str], folder: Folder, home: Path) -> None:
    made = folder(**facts)
    assert expect(made, Shape.PAIRS, home) == E5
    assert expect(made, Shape.SCORED, home) == ("query: ", "query: ", PromptSource.TABLE)
    assert expected_prompts(str(made), Shape.PAIRS, home=home).where == "https://huggingface.co/intfloat/e5-base-v2"


@pytest.mark.parametrize(
    "card", ["base_model: intfloat/e5-small", "---\nother: intfloat/e5-small\n---", "---\nbase_model:"]
)
def test_only_the_front_matter_names_a_base_model(card: str, folder: Folder, home: Path) -> None:
    assert expect(folder(card=card), Shape.PAIRS, home) == ("", "", PromptSource.NONE)


def test_a_models_own_prompts_come_before_the_table(folder: Folder, home: Path) -> None:
    own = folder("e5-base-v2", prompts={"query": "q> ", "document": "d> ", "STS": "s> "})
    assert expect(own, Shape.PAIRS, home) == ("q> ", "d> ", PromptSource.MODEL)
    assert expect(own, Shape.SCORED, home) == ("s> ", "s> ", PromptSource.MODEL)


@pytest.mark.parametrize(
    ("prompts", "pairs", "scored"),
    [
        ({"query": "", "document": ""}, ("", ""), ""),
        ({"query": "q: ", "passage": "p: "}, ("q: ", "p: "), "q: "),
        ({"query": "find: "}, ("find: ", ""), ""),
        ({"s2p_query": "find: ", "s2s_query": "like: "}, ("find: ", ""), "like: "),
        ({"Retrieval-query": "q: ", "Retrieval-document": "d: "}, ("q: ", "d: "), "q: "),
    ],
    ids=["none", "both", "query only", "Stella", "Gemma"],
)
def test_the_names_that_models_give_their_prompts(
    prompts: dict[str, str], pairs: tuple[str, str], scored: str, folder: Folder, home: Path
) -> None:
    made = folder(prompts=prompts)
    assert expect(made, Shape.PAIRS, home)[:2] == pairs
    assert expect(made, Shape.SCORED, home)[:2] == (scored, scored)


def test_a_default_prompt_stands_before_all_texts_unless_roles_have_theirs(folder: Folder, home: Path) -> None:
    everywhere = folder("a", prompts={"mine": "Say: "}, default_prompt_name="mine")
    queries = folder("b", prompts={"query": "Say: "}, default_prompt_name="query")
    assert expect(everywhere, Shape.PAIRS, home) == ("Say: ", "Say: ", PromptSource.MODEL)
    assert expect(queries, Shape.PAIRS, home) == ("Say: ", "", PromptSource.MODEL)
    assert expect(queries, Shape.SCORED, home) == ("Say: ", "Say: ", PromptSource.MODEL)


def test_a_model_tuned_here_is_used_as_it_was_tuned(folder: Folder, home: Path) -> None:
    """Also where that was without prompts: its card names a base that has some."""
    made = folder("intfloat_e5-small", card="---\nbase_model: intfloat/e5-small\n---\n")
    (made / MODEL_CARD_DATA).write_text("{}")
    assert expect(made, Shape.PAIRS, home) == ("", "", PromptSource.MODEL)


def test_what_is_set_by_hand_comes_first_role_by_role(folder: Folder, home: Path) -> None:
    model = str(folder("e5-base-v2"))

    def chosen(shape: Shape = Shape.PAIRS, **prompts: str) -> tuple[str | None, str | None, PromptSource]:
        recipe = choose_prompts(Recipe(**prompts), model, shape, home=home)  # type: ignore[arg-type]
        assert choose_prompts(recipe, model, shape, home=home) == recipe
        return recipe.query_prompt, recipe.document_prompt, recipe.prompt_source

    assert chosen() == E5
    assert chosen(query_prompt="ask: ") == ("ask: ", "passage: ", PromptSource.HAND)
    assert chosen(document_prompt="") == ("query: ", "", PromptSource.HAND)
    assert chosen(Shape.SCORED, query_prompt="like: ") == ("like: ", "like: ", PromptSource.HAND)
    with pytest.raises(InputError, match="Document prompt"):
        chosen(Shape.SCORED, document_prompt="d: ")


def test_a_model_that_is_not_here_is_decided_by_its_training(home: Path) -> None:
    recipe = choose_prompts(Recipe(), "intfloat/e5-small-v2", Shape.PAIRS, home=home)
    assert (recipe.has_prompts_set, recipe.prompt_source) == (False, PromptSource.UNDECIDED)
    assert expected_prompts("intfloat/e5-small-v2", Shape.PAIRS, home=home).source is PromptSource.TABLE


def test_a_base_that_expects_prompts_and_has_none_is_warned_about() -> None:
    expected = ExpectedPrompts("query: ", "passage: ", PromptSource.TABLE, "https://example.org")
    bare = [Reading(), Reading("", "", default_prompt=False)]
    assert all("passage: " in warn_of_missing_prompts(reading, expected, model="m") for reading in bare)
    assert not warn_of_missing_prompts(Reading("q", "", default_prompt=False), expected, model="m")
    assert not warn_of_missing_prompts(Reading(), ExpectedPrompts(), model="m")


def test_the_words_name_the_source_and_show_blanks() -> None:
    expected = ExpectedPrompts("query: ", "", PromptSource.TABLE, "https://example.org")
    taken, own = Reading("query: ", "", default_prompt=False), Reading("q\n", "d", default_prompt=False)
    lines = describe_prompts(taken, expected, has_two_roles=True)
    assert ['"query: "' in lines[0], "https://example.org" in lines[0], len(lines)] == [True, True, 2]
    assert ["hand" in line for line in describe_prompts(own, expected, has_two_roles=True)] == [True, True]
    assert '"q\\n"' in describe_prompts(own, expected, has_two_roles=False)[0]
    assert describe_prompts(Reading("", "", default_prompt=False), ExpectedPrompts(), has_two_roles=True) == []


@pytest.mark.parametrize("shape", list(Shape))
def test_inputs_read_by_the_prompts_that_are_chosen(shape: Shape, folder: Folder, home: Path) -> None:
    recipe = choose_prompts(Recipe(), str(folder("e5-base-v2")), shape, home=home)
    inputs = ModelInputs.of(frame_of(shape), shape, recipe)
    sides = {inputs.reading.prompt(inputs.role_of(name)) for name in inputs.columns}
    assert sides == ({"query: ", "passage: "} if shape in (Shape.PAIRS, Shape.TRIPLETS) else {"query: "})
