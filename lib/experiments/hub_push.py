"""Push a run's tuned model to the Hub: its own files and a card, never a text of the dataset."""

from __future__ import annotations

import json
import re
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lib import settings
from lib.data.model_inputs import reading_of
from lib.errors import InputError, NotAllowedError, NotFoundError, StoreError
from lib.models.catalog import hub_name
from lib.models.folder_check.check import check_folder
from lib.models.folder_check.files import list_files
from lib.models.hub_network import has_hub_token, hub_address, unreachable_hub
from lib.models.usage.description import describe_model
from lib.models.usage.snippets import write_snippets
from lib.process import answer_call, call_module
from lib.progress import Progress, Silent
from lib.store.permission import must_be_editor
from lib.store.publish import MANIFEST
from lib.store.regular_file import open_regular_file
from lib.store.runs import Run
from lib.training.card import CARD, FACTS, rename_card

LEFT_AT_HOME = (MANIFEST, FACTS)
"""Files of a tuned model's folder that only Closer reads."""

SUFFIXES = (".json", ".safetensors", ".txt", ".model", ".jinja")
"""Files that sentence-transformers loads a model from; others stay at home."""


@dataclass(frozen=True)
class HubFile:
    """A file that goes out: its name, with `/`, and its bytes."""

    name: str
    bytes: int


@dataclass(frozen=True)
class PushPlan:
    """What would go out.

    repo: its name on the Hub; folder: of the tuned model; card: the README that goes with it.
    """

    repo: str
    is_private: bool
    folder: Path
    files: tuple[HubFile, ...]
    card: str

    @property
    def bytes(self) -> int:
        """The bytes of all files."""
        return sum(file.bytes for file in self.files)

    @property
    def address(self) -> str:
        """Where the model will be found, for a repository that names its owner."""
        return f"{hub_address()}/{self.repo}"

    def to_json(self) -> dict[str, Any]:
        """Build what --json prints."""
        return {
            "repo": self.repo,
            "private": self.is_private,
            "files": {file.name: file.bytes for file in self.files},
            "bytes": self.bytes,
        }


def plan_push(run: Run, repo: str, *, is_private: bool = True) -> PushPlan:
    """List what would be pushed; nothing is sent and nothing asked.

    Raises InputError for a name that the Hub does not take, NotFoundError without a tuned model, ModelError for a damaged one.
    """
    repo = check_repo(repo)
    if not run.model_dir.is_dir():
        raise NotFoundError(f"{run.name} has no tuned model.", todo="Train it to the end first.")
    check_folder(run.model_dir)
    reading = reading_of(run.recipe)
    model = describe_model(run.model_dir, reading=reading, place=repo, on_hub=True)
    card = rename_card(
        _read_card(run.model_dir),
        name=repo.rpartition("/")[2],
        model_name=run.model,
        reading=reading,
        snippets=write_snippets(model),
    )
    there = list_files(run.model_dir).values()
    sent = [HubFile(file.name, file.size) for file in there if is_sent(file.name)]
    files = sorted([*sent, HubFile(CARD, len(card.encode()))], key=lambda file: file.name)
    return PushPlan(repo, is_private, run.model_dir, tuple(files), card)


def check_repo(repo: str) -> str:
    """Check a repository's name by the Hub's rule: owner/name. Raises InputError."""
    repo = repo.strip()
    if "/" not in repo or hub_name(repo) != repo:
        raise InputError(
            f"{json.dumps(repo[:100], ensure_ascii=False)} is no repository of the Hub.",
            todo="Write owner/name: letters, digits, -, _ and . only.",
        )
    return repo


def is_sent(name: str) -> bool:
    """Check whether a file of the folder goes out; the card is another one."""
    return name.endswith(SUFFIXES) and name not in LEFT_AT_HOME and not re.search(r"(^|/)\.", name)


def _read_card(folder: Path) -> str:
    try:
        with open_regular_file(folder, CARD) as file:
            return file.read().decode("utf-8", errors="replace")
    except StoreError:
        return ""


def check_hub_access() -> None:
    """Raise NotAllowedError where connecting is not allowed, InputError without a token."""
    if not settings.downloads_allowed():
        raise NotAllowedError(
            "Closer may not connect to the Hub: nothing leaves this machine by default.",
            todo=f"Set {settings.DOWNLOADS}=1 before the start to allow it.",
        )
    if not has_hub_token():
        raise InputError("There is no token for the Hub.", todo="Run hf auth login, or set HF_TOKEN.")


def push(plan: PushPlan, *, progress: Progress = Silent()) -> str:
    """Create the repository where there is none, send the files as one commit, give the address.

    Raises NotAllowedError, InputError (no token; a public repository where a private one was asked for) and StoreError with
    what the Hub answered.
    """
    check_hub_access()
    reason = unreachable_hub()
    if reason:
        raise StoreError(f"Nothing was pushed: {reason}.", todo="Connect to the network and try again.")
    from httpx2 import HTTPError  # huggingface_hub's client: its errors pass through
    from huggingface_hub import HfApi

    try:
        return _send(HfApi(endpoint=hub_address()), plan, progress)
    except (HTTPError, OSError, ValueError, RuntimeError) as error:
        said = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise StoreError(f"The Hub did not take the model: {said}", todo="Check the name and the token.") from error


def _send(api: Any, plan: PushPlan, progress: Progress) -> str:
    from huggingface_hub import CommitOperationAdd
    from huggingface_hub.utils import disable_progress_bars

    disable_progress_bars()
    progress.stage("pushing", plan.repo)
    address = api.create_repo(plan.repo, private=plan.is_private, exist_ok=True)
    if plan.is_private and api.repo_info(plan.repo).private is False:
        raise InputError(f"{plan.repo} is public already.", todo="Choose another name, or push it as public.")
    progress.check()
    operations = [
        CommitOperationAdd(file.name, plan.card.encode() if file.name == CARD else str(plan.folder / file.name))
        for file in plan.files
    ]
    api.create_commit(plan.repo, operations, commit_message="Add a model tuned with Closer")
    return str(address)


def push_in_process(plan: PushPlan) -> str:
    """Push in a process of its own, which alone gets the token; wait for it, and give the model's address.

    No job of the queue: what stands in a workspace, which may be from somebody else, sends nothing. Raises what `push` raises.
    """
    must_be_editor()
    with tempfile.TemporaryDirectory() as folder:
        request = asdict(plan) | {"folder": str(plan.folder)}
        return str(call_module(__name__, request, folder=Path(folder), secrets=True))


def _push_request(stored: dict[str, Any]) -> str:
    files = tuple(HubFile(**file) for file in stored["files"])
    return push(PushPlan(**stored | {"folder": Path(stored["folder"]), "files": files}))


if __name__ == "__main__":
    raise SystemExit(answer_call(_push_request))
