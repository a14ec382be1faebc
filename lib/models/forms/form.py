"""The forms that a tuned model can be exported in.

Light, for the pages and commands that offer them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec

from lib.errors import InputError


class Form(StrEnum):
    """A form of a model; its value is what the command calls it."""

    TRUNCATED = "truncated"
    STATIC = "static"
    ONNX = "onnx"
    ONNX_INT8 = "onnx-int8"
    OPENVINO_INT8 = "openvino-int8"

    @property
    def is_graph(self) -> bool:
        """Whether it is a graph that a runtime of its own runs, in fp32 or int8."""
        return self in (Form.ONNX, Form.ONNX_INT8, Form.OPENVINO_INT8)


@dataclass(frozen=True)
class FormFacts:
    """What a form is called and what it is.

    has_dimension: whether its dimension can be chosen. packages: modules that making it needs beyond requirements.txt.
    """

    title: str
    help: str
    has_dimension: bool = False
    packages: tuple[str, ...] = ()


_ONNX_PACKAGES = ("onnxruntime", "onnx", "onnxscript")

FORM_FACTS = {
    Form.TRUNCATED: FormFacts(
        "Fewer dimensions",
        "The same model with `truncate_dim` set: embeddings keep their first dimensions, and an index gets smaller.",
        has_dimension=True,
    ),
    Form.STATIC: FormFacts(
        "Static",
        "A vector for each token of the vocabulary, distilled from the tuned model: a text is their mean. Many times faster, and much less exact on words of a trade.",
        has_dimension=True,
    ),
    Form.ONNX: FormFacts(
        "ONNX",
        "The model as a graph that onnxruntime runs, without torch, in many languages.",
        packages=_ONNX_PACKAGES,
    ),
    Form.ONNX_INT8: FormFacts(
        "ONNX, int8",
        "The same graph with weights of 8 bits: a quarter of the size, faster on most processors, a little less exact.",
        packages=_ONNX_PACKAGES,
    ),
    Form.OPENVINO_INT8: FormFacts(
        "OpenVINO, int8",
        "A graph of 8 bits for OpenVINO, its ranges taken from training texts: as small as that of ONNX, faster on x86 processors, and nearer to fp32.",
        packages=("openvino",),
    ),
}
"""By form, in the order in which they are offered."""

EXTRA_REQUIREMENTS = "requirements-export.txt"
"""The file that names the packages of forms which need more than requirements.txt."""


def missing_packages(form: Form) -> list[str]:
    """List the packages that a form needs and that are not installed."""
    return [name for name in FORM_FACTS[form].packages if find_spec(name) is None]


def check_packages(form: Form) -> None:
    """Raise InputError where a package that the form needs is not installed."""
    missing = missing_packages(form)
    if missing:
        raise InputError(
            f"The form {form} needs {' and '.join(missing)}.",
            todo=f"Install {'them' if len(missing) > 1 else 'it'}: pip install -r {EXTRA_REQUIREMENTS}",
        )


def form_name(form: Form, dimension: int = 0) -> str:
    """Name an exported form's folder and record: the form, with the dimension where it can be chosen."""
    return f"{form}-{dimension}" if FORM_FACTS[form].has_dimension else str(form)
