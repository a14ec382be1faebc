"""The README of an exported form: what it is, and the lines that load it."""

from __future__ import annotations

from pathlib import Path

from lib.data.model_inputs import PLAIN_READING, Reading
from lib.models.forms.form import FORM_FACTS, Form

GUIDE = "README.md"


def write_form_guide(folder: Path, form: Form, reading: Reading) -> None:
    """Write the README into a form's folder. It holds no text of the dataset."""
    (folder / GUIDE).write_text(guide_text(form, reading), encoding="utf-8")


def guide_text(form: Form, reading: Reading) -> str:
    """Write the guide in Markdown."""
    return "\n".join(
        [
            f"# {FORM_FACTS[form].title}",
            "",
            f"A model that was fine-tuned with Closer. {FORM_FACTS[form].help}",
            "",
            "```python",
            *load_lines(form, reading),
            "```",
            "",
        ]
    )


def load_lines(form: Form, reading: Reading, *, folder: str = "path/to/this/folder") -> list[str]:
    """Write the Python that loads a form and embeds texts, by role where prompts differ."""
    reading = PLAIN_READING if form is Form.STATIC else reading
    query, document = ("encode_query", "encode_document") if reading.has_two_roles else ("encode", "encode")
    return [
        "from sentence_transformers import SentenceTransformer",
        "",
        f"model = SentenceTransformer({folder!r})",
        f'queries = model.{query}(["a query"])',
        f'documents = model.{document}(["a document", "another document"])',
        "print(model.similarity(queries, documents))",
    ]
