"""The Python API search sample: what a function does -> its name and signature.

Taken from the sources installed here.

Sources are parsed, never imported: torch and scikit-learn would cost the server half a gigabyte.
"""

from __future__ import annotations

import ast
import importlib.util
import re
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pandas as pd

from lib.data.normalisation import same_key, words

STANDARD = words(
    "argparse ast asyncio.tasks base64 bisect calendar codecs collections colorsys configparser contextlib copy csv "
    "datetime decimal difflib dis email.utils fileinput fnmatch fractions ftplib functools getpass gettext glob gzip "
    "hashlib heapq html http.client imaplib inspect ipaddress json keyword linecache locale logging lzma mailbox mimetypes "
    "multiprocessing.pool numbers os pathlib pickletools pkgutil platform plistlib posixpath pprint queue quopri random "
    "sched secrets selectors shelve shlex shutil smtplib socket sqlite3.dump ssl stat statistics string subprocess "
    "sysconfig tarfile tempfile textwrap threading timeit tokenize traceback tracemalloc types typing unicodedata "
    "unittest.mock urllib.parse urllib.request uuid warnings wave weakref webbrowser zipfile zoneinfo"
)
PACKAGES = words(
    "numpy numpy.lib.stride_tricks numpy.linalg numpy.fft numpy.ma numpy.polynomial.polynomial numpy.testing "
    "pandas pandas.api.types scipy.cluster.hierarchy scipy.fft scipy.integrate scipy.interpolate scipy.io "
    "scipy.linalg scipy.ndimage scipy.optimize scipy.signal scipy.sparse scipy.sparse.linalg scipy.spatial "
    "scipy.spatial.distance scipy.special scipy.stats sklearn.cluster sklearn.covariance sklearn.datasets "
    "sklearn.decomposition sklearn.ensemble sklearn.feature_extraction sklearn.feature_selection sklearn.gaussian_process "
    "sklearn.impute sklearn.inspection sklearn.linear_model sklearn.manifold sklearn.metrics sklearn.metrics.pairwise "
    "sklearn.mixture sklearn.model_selection sklearn.naive_bayes sklearn.neighbors sklearn.neural_network "
    "sklearn.preprocessing sklearn.svm sklearn.tree sklearn.utils torch torch.nn torch.nn.functional torch.nn.init "
    "torch.nn.utils torch.optim torch.optim.lr_scheduler torch.utils.data torch.linalg torch.fft torch.cuda torch.autograd "
    "plotly.express plotly.io plotly.figure_factory PIL.ImageOps PIL.ImageChops"
)
REEXPORTING_PACKAGES = ("numpy",)
"""Packages whose __init__ imports what inner packages import from their own modules."""
CLASSES = {
    "pandas.DataFrame": "pandas.core.frame",
    "pandas.Series": "pandas.core.series",
    "pandas.Index": "pandas.core.indexes.base",
    "PIL.Image.Image": "PIL.Image",
}
"""Classes whose methods are what people call: public name -> the module that defines it."""
DOCSTRING_TABLES = ("torch._torch_docs", "torch._tensor_docs", "numpy._core._add_newdocs")
"""Modules that hold the docstrings of functions written in C, as calls add_docstr(name, text)."""
STREAMLIT = "streamlit.elements"

Pair = tuple[str, str]


@cache
def load_python_api() -> pd.DataFrame:
    """Load source_sentence (what it does) and target_sentence (name and signature), in a fixed order.

    Depends on the installed packages; each sentence and each name occurs once. Takes a few seconds, once a process.
    """
    pairs: dict[str, str] = {}
    keys: set[str] = set()
    names: set[str] = set()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        for sentence, signature in _pairs():
            name, key = signature.partition("(")[0].casefold(), same_key(sentence)
            if key not in keys and name not in names:
                pairs[sentence] = signature
                keys.add(key)
                names.add(name)
    return pd.DataFrame({"source_sentence": list(pairs), "target_sentence": list(pairs.values())}, dtype="str")


def _pairs() -> Iterator[Pair]:
    for module in STANDARD:
        yield from _pairs_of(module, _functions(_tree(module)))
    for package in PACKAGES:
        yield from _pairs_of(package, _exports(package, depth=2 if package in REEXPORTING_PACKAGES else 1))
    for name, module in CLASSES.items():
        yield from _methods(name, module)
    yield from _streamlit()
    for table in DOCSTRING_TABLES:
        yield from _table(table)


def _path(module: str) -> Path | None:
    """Find the source file of a module without importing anything but the namespace of its root."""
    root, _, rest = module.partition(".")
    spec = importlib.util.find_spec(root)
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return None
    if not rest:
        return Path(spec.origin)
    base = Path(spec.origin).parent.joinpath(*rest.split("."))
    return next((path for path in (base / "__init__.py", base.with_suffix(".py")) if path.is_file()), None)


@cache
def _tree(module: str) -> ast.Module:
    """Parse the source of a module; an empty module where there is none."""
    path = _path(module)
    return ast.parse(path.read_bytes()) if path else ast.Module([], [])


def _functions(tree: ast.Module) -> dict[str, ast.AST]:
    """Collect the public functions and classes that a module defines."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return {node.name: node for node in tree.body if isinstance(node, kinds) and not node.name.startswith("_")}


def _exports(package: str, *, depth: int) -> dict[str, ast.AST]:
    """Collect what a package exports: what it defines, and what its __init__ imports from its own modules."""
    path = _path(package)
    functions = _functions(_tree(package))
    if path is None or path.name != "__init__.py" or depth == 0:
        return _keep_exported(package, functions)
    for node in _imports(_tree(package).body):
        if not node.module or not (node.level == 1 or node.module.startswith(package)):
            continue
        defined = _exports(f"{package}.{node.module}" if node.level else node.module, depth=depth - 1)
        for name in node.names:
            if name.name == "*":
                functions = defined | functions
            elif name.name in defined and not (name.asname or name.name).startswith("_"):
                functions.setdefault(name.asname or name.name, defined[name.name])
    return functions


def _imports(body: list[ast.stmt]) -> Iterator[ast.ImportFrom]:
    """Find the imports of a module, also those under if and try, but none inside functions."""
    for node in body:
        if isinstance(node, ast.ImportFrom):
            yield node
        elif isinstance(node, ast.If | ast.Try):
            yield from _imports([*node.body, *node.orelse])


def _keep_exported(module: str, functions: dict[str, ast.AST]) -> dict[str, ast.AST]:
    """Keep what the module's __all__ names, where it has a literal one."""
    for node in _tree(module).body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets):
            try:
                names = set(ast.literal_eval(node.value))
            except ValueError:
                return functions
            return {name: node for name, node in functions.items() if name in names}
    return functions


def _pairs_of(prefix: str, functions: dict[str, ast.AST]) -> Iterator[Pair]:
    for name, node in functions.items():
        yield from _pair(f"{prefix}.{name}", node)


def _methods(name: str, module: str) -> Iterator[Pair]:
    tree = _functions(_tree(module)).get(name.rpartition(".")[2])
    for node in tree.body if isinstance(tree, ast.ClassDef) else []:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield from _pair(f"{name}.{node.name}", node)


def _streamlit() -> Iterator[Pair]:
    """Find pairs for the st.* functions, which are methods of mixin classes."""
    path = _path(STREAMLIT)
    for file in sorted(path.parent.rglob("*.py")) if path else []:
        for node in ast.parse(file.read_bytes()).body:
            if isinstance(node, ast.ClassDef) and node.name.endswith("Mixin"):
                for method in node.body:
                    if isinstance(method, ast.FunctionDef) and not method.name.startswith("_"):
                        yield from _pair(f"streamlit.{method.name}", method)


def _table(module: str) -> Iterator[Pair]:
    """Find pairs in a table of docstrings; there the signature is the first line."""
    for node in ast.walk(_tree(module)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or len(node.args) < 2:
            continue
        name, text = _table_name(node), _text(node.args[-1])
        if node.func.id.startswith("add_") and name and text:
            first, _, rest = text.strip().partition("\n")
            signature = re.match(r"[\w.]+(\(.*\))", first)
            sentence = first_sentence(rest if signature else text)
            if sentence and not name.rpartition(".")[2].startswith("_"):
                yield sentence, name + (signature.group(1) if signature else "()")


def _table_name(node: ast.Call) -> str:
    """Find the public name that an entry documents: torch.abs, torch.Tensor.abs_, numpy.arange."""
    first, second = node.args[0], node.args[1]
    if getattr(node.func, "id", "") == "add_docstr_all":
        return f"torch.Tensor.{_text(first)}" if _text(first) else ""
    if isinstance(first, ast.Constant):
        return f"numpy.{_text(second)}" if isinstance(second, ast.Constant) and _text(second) else ""
    if isinstance(first, ast.Attribute):
        return ast.unparse(first).replace("torch._C.TensorBase", "torch.Tensor")
    return ""


def _text(node: ast.AST) -> str:
    """Evaluate a literal text, also r"..." + r"..." or one with .format(...) after it."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.BinOp):
        return _text(node.left) + _text(node.right)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return _text(node.func.value)
    return ""


def _pair(name: str, node: ast.AST) -> Iterator[Pair]:
    """Build one pair where the docstring has a useful first sentence."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    sentence = first_sentence(ast.get_docstring(node) or "") if isinstance(node, kinds) else ""
    if sentence:
        yield sentence, name + _signature(node)


def first_sentence(docstring: str) -> str:
    """Extract the first sentence as plain text; "" where it is too short, too long or a cross-reference."""
    paragraph = docstring.strip().partition("\n\n")[0]
    plain = re.sub(r":\w+:`~?([^`<]+)(?:<[^>]*>)?`", r"\1", " ".join(paragraph.split())).replace("`", "")
    sentence = re.split(r"(?<=[a-z)\]])\.(?=\s+[A-Z]|$)", plain)[0].strip(" .:")
    count = len(sentence.split())
    reference = re.match(
        r"(see|alias|deprecated|note|in-place version|out-of-place version|\.\. |@|\w+\()", sentence, re.IGNORECASE
    ) or re.search(r"deprecated|\b(e\.g|i\.e)$", sentence)
    return "" if reference or count < 4 or count > 40 or len(sentence) > 240 else sentence


def _signature(node: ast.AST, *, limit: int = 8) -> str:
    """Write the signature as (a, b=1, *, c=None, ...), without self and annotations.

    At most `limit` parameters.
    """
    if isinstance(node, ast.ClassDef):
        inits = [item for item in node.body if isinstance(item, ast.FunctionDef) and item.name == "__init__"]
        return _signature(inits[-1], limit=limit) if inits else "()"
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return "()"
    plain = [*node.args.posonlyargs, *node.args.args]
    defaults = [None] * (len(plain) - len(node.args.defaults)) + list(node.args.defaults)
    shown = [
        _parameter(*pair) for pair in zip(plain, defaults, strict=True) if pair[0].arg not in ("self", "cls", "dg")
    ]
    shown += [f"*{node.args.vararg.arg}"] if node.args.vararg else ["*"] if node.args.kwonlyargs else []
    shown += [_parameter(*pair) for pair in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)]
    shown += [f"**{node.args.kwarg.arg}"] if node.args.kwarg else []
    return f"({', '.join(shown[:limit] + ['...'] * (len(shown) > limit))})"


def _parameter(argument: ast.arg, default: ast.expr | None) -> str:
    value = ast.unparse(default) if default is not None else ""
    return argument.arg + (f"={value if len(value) <= 20 else '...'}" if value else "")
