"""Common column names in training data, the most specific first, spelled as `ColumnProfile.key`."""

from __future__ import annotations

import re

from lib.data.normalisation import words

ANCHOR_NAMES = words(
    "source_sentence source_text anchor query queries question title_question user_query search_query premise sentence1 "
    "sentence_a sentence text_a text1 source src input prompt instruction title heading headline headword term summary q"
)
POSITIVE_NAMES = words(
    "target_sentence target_text positive pos positive_passage answer answers document doc passage context response reply "
    "hypothesis sentence2 sentence_b text_b text2 target tgt output completion body description content text article solution a"
)
NEGATIVE_NAME = re.compile(r"(hard_?)?neg(ative)?s?(_?(passage|document|doc|text|sentence))?(_?\d+)?")
PLACEHOLDER_NAME = re.compile(r"(column|col|field|spalte|unnamed|c|v|x|f)?_?\d+")
"""Names that a reader gives to columns without a header: they say nothing."""
TEXT_NAMES = words(
    "text texts sentence utterance message question query content comment review body document title description"
)
LABEL_NAMES = words(
    "label_text label_name class_name intent category class label labels topic tag target department gold_label"
)
PAIR_LABEL_NAMES = words(
    "is_duplicate duplicate similar is_similar same is_same match is_match paraphrase is_paraphrase gold_label label labels "
    "class relation judgment judgement entailment entailment_judgment"
)
SCORE_NAMES = words(
    "score scores similarity similarity_score sim relatedness relatedness_score rating gold_score label labels value"
)
GROUP_NAMES = words(
    "group group_id groups thread thread_id cluster cluster_id conversation conversation_id document_id doc_id"
)
SPLIT_NAMES = words("split part fold subset partition set")
SAME_WORDS = (
    "1",
    "1.0",
    "true",
    "yes",
    "y",
    "same",
    "duplicate",
    "similar",
    "paraphrase",
    "match",
    "positive",
    "entailment",
)
"""Classes of labelled pairs that mean "the same", most telling first."""
