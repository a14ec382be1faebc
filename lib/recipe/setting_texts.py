"""Write options and values of settings for people: pages, reports and the list of runs."""

from __future__ import annotations

from lib.recipe.losses import LOSSES
from lib.recipe.options import ALL_DEVICES, RAY_CLUSTER, THIS_MACHINE
from lib.recipe.recipe import FIELDS

_OPTION_TITLES = {
    "query_to_doc": "source to target",
    THIS_MACHINE: "this machine",
    ALL_DEVICES: "all its devices",
    RAY_CLUSTER: "Ray cluster",
}


def option_title(name: str) -> str:
    """Title of a loss or of another option: MultipleNegativesRanking -> Multiple negatives ranking."""
    return LOSSES[name].title if name in LOSSES else _OPTION_TITLES.get(name, name.replace("_", " "))


def format_setting(name: str, value: object) -> str:
    """Write a setting's value: 9, on, Ray cluster, 256 and 128; none for an empty one."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list | tuple):
        return " and ".join(map(str, value)) or "none"
    if value in (None, ""):
        return "none"
    if isinstance(value, float):
        return f"{value:g}"
    is_option = isinstance(value, str) and name in FIELDS and value in FIELDS[name].choices
    return option_title(str(value)) if is_option else str(value)


def describe_setting(name: str, value: object) -> str:
    """Write a setting with its value: epochs 9; where to run: Ray cluster; packed batches off."""
    label = FIELDS[name].label
    label = label.lower() if label == label.capitalize() else label  # LoRA rank stays
    return f"{label}{':' if isinstance(value, str) else ''} {format_setting(name, value)}"
