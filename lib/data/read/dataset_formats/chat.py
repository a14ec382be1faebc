"""Chat messages and instructions: what a user says, and what the assistant answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from lib.data.read.dataset_formats.records import Records, RowCollector, format_note, list_objects, list_texts
from lib.data.read.raw_table import cell_text
from lib.format import format_count

CONVERSATION_NAMES = ("messages", "conversations", "conversation", "dialog", "dialogue")
USER, ASSISTANT = "user", "assistant"
SPEAKERS = {"user": USER, "human": USER, "prompter": USER, "assistant": ASSISTANT, "gpt": ASSISTANT, "model": ASSISTANT}
"""Roles of OpenAI's messages, ShareGPT's conversations and their like; any other is system or tool."""
PREFERENCE_NAMES = ("chosen", "rejected")


def is_chat(records: Records) -> bool:
    """Detect a column of conversations: lists of objects with a role and a text."""
    return bool(_conversation_column(records))


def _conversation_column(records: Records) -> str:
    for name in CONVERSATION_NAMES:
        if records.holds(name, list, of=dict):
            messages = (list_objects(value) for value in records.columns[name])
            first: dict[str, Any] = next((found[0] for found in messages if found), {})
            if ("role" in first and "content" in first) or ("from" in first and "value" in first):
                return name
    return ""


def read_chat(records: Records) -> Records:
    """Make a row of every message of a user and the answer to it."""
    column, found = _conversation_column(records), RowCollector()
    others: Counter[str] = Counter()
    several = max(sum(1 for _ in _turns(value, Counter())) for value in records.columns[column]) > 1
    for line, row in records.rows():
        turns = list(_turns(row.pop(column), others))
        number = {"conversation_id": line} if several else {}
        for prompt, response in turns:
            found.add(line, {**row, "prompt": prompt, "response": response, **number})
        if not turns:
            found.skip(line, "without a message of a user and an answer")
    each = ", ".join(f"{count:,} of “{name}”" for name, count in others.items())
    return found.records(
        format_note("Every message of a user and the answer to it is a row.") if several else None,
        format_note(f"Left out: messages of others ({each}).") if others else None,
    )


def _turns(messages: object, others: Counter[str]) -> Iterator[tuple[str, str]]:
    """Iterate over the messages of a user and the answers to them; counts messages of other roles.

    Messages that follow each other of the same role are joined; a message without an answer gives no row.
    """
    prompt: list[str] = []
    response: list[str] = []
    for message in list_objects(messages):
        role = str(message.get("role", message.get("from", ""))).casefold()
        text = message_text(message)
        speaker = SPEAKERS.get(role)
        if speaker is None:
            others[role or "nobody"] += 1
        elif speaker == USER:
            if response:
                yield "\n".join(prompt), "\n".join(response)
                prompt, response = [], []
            prompt += [text] if text.strip() else []
        elif prompt and text.strip():
            response.append(text)
    if response:
        yield "\n".join(prompt), "\n".join(response)


def message_text(message: dict[str, Any]) -> str:
    """Join the texts of a message: its content is a text, or a list of parts of which some are text."""
    content = message.get("content", message.get("value"))
    parts = content if isinstance(content, list) else [content]
    texts = [part.get("text") if isinstance(part, dict) else part for part in parts]
    return "\n".join(text for text in texts if isinstance(text, str))


def is_preference(records: Records) -> bool:
    """Detect pairs of conversations of which one was preferred: `chosen` and `rejected`."""
    return all(records.holds(name, list, of=dict) for name in PREFERENCE_NAMES)


def read_preference(records: Records) -> Records:
    """Make a triplet of every prompt with the chosen and the rejected answer."""
    found = RowCollector()
    for line, row in records.rows():
        ends = {name: list(_turns(_with_prompt(row, name), Counter())) for name in PREFERENCE_NAMES}
        if all(ends.values()):
            prompt, chosen = ends["chosen"][-1]
            found.add(line, {"prompt": prompt, "chosen": chosen, "rejected": ends["rejected"][-1][1]})
        else:
            found.skip(line, "without a prompt and two answers")
    rest = [name for name in records.columns if name not in ("prompt", *PREFERENCE_NAMES)]
    note = f"Left out: {format_count(len(rest), 'further column')} ({', '.join(rest)})."
    return found.records(format_note(note, names=rest) if rest else None)


def _with_prompt(row: dict[str, Any], name: str) -> list[Any]:
    """List the messages of an end with those of the prompt before them, where it stands apart."""
    prompt = row.get("prompt")
    before = prompt if isinstance(prompt, list) else [{"role": USER, "content": text} for text in list_texts(prompt)]
    messages = list_objects(row[name])
    has_user = any(one.get("role", one.get("from")) in ("user", "human") for one in messages)
    return messages if has_user else [*before, *messages]


def is_alpaca(records: Records) -> bool:
    """Detect Alpaca's rows: texts as `instruction` and `output`, most often with an `input`."""
    return all(records.holds(name, str) for name in ("instruction", "output"))


def read_alpaca(records: Records) -> Records:
    """Make a row of every instruction, with its input below it, and its output."""
    found = RowCollector()
    for line, row in records.rows():
        asked = [text for name in ("instruction", "input") if (text := cell_text(row.get(name)).strip())]
        rest = {name: value for name, value in row.items() if name not in ("instruction", "input", "output")}
        found.add(line, {"prompt": "\n".join(asked), "response": row["output"], **rest})
    note = format_note("“prompt” is the instruction, and below it the input.") if records.has("input") else None
    return found.records(note)
