"""What a viewer's session shows: results and running trainings; nothing to upload or train, and no press changes anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from streamlit.testing.v1 import AppTest

from lib.store import permission
from lib.store.runs import Run
from lib.store.workspace import Workspace
from lib.ui.shared import session_role
from lib.ui.shared.access import AccessRole
from tests.app.conftest import button, texts


@pytest.fixture(autouse=True)
def editors_again() -> Iterator[None]:
    """Let all change things again at the end."""
    yield
    permission.set_change_rule(lambda: True)


def become_viewer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every session be a viewer's from now on, by the server's own rule."""
    monkeypatch.setattr(session_role, "session_role", lambda: AccessRole.VIEWER)
    permission.set_change_rule(session_role.session_may_change)


def refusals(app: AppTest) -> list[str]:
    """List the errors of a page that say what a viewer may not."""
    return [str(box.value) for box in app.error if "You can look at this workspace" in str(box.value)]


def test_upload_and_train_are_closed_and_the_rest_is_open(
    make_run: Callable[..., Run], open_page: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run("succeeded", name="Mine")
    become_viewer(monkeypatch)
    for page, closed in {"overview": False, "explore": False, "train": True, "upload": True}.items():
        app = open_page(page)
        assert len(refusals(app)) == int(closed), page
    followed = open_page("train", run=run.id)
    assert not refusals(followed)
    assert "Mine" in texts(followed)
    assert not open_page("upload", upload="0" * 16).text_area


@pytest.mark.parametrize(
    ("page", "state"),
    [
        ("overview", ""),
        ("overview", "succeeded"),
        ("train", "queued"),
        ("train", "running"),
        ("train", "failed"),
        ("explore", ""),
        ("explore", "succeeded"),
    ],
)
def test_no_button_that_a_viewer_can_press_is_refused(
    make_run: Callable[..., Run],
    open_page: Callable[..., AppTest],
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    page: str,
    state: str,
) -> None:
    runs = [make_run(state) for _ in range(2)] if state else []
    become_viewer(monkeypatch)
    query = {"run": runs[0].id} if runs else {}
    app = open_page(page, **query)
    buttons = list(app.button)
    assert [one for one in buttons if one.disabled], "nothing here is for editors"
    assert all(
        "View only" in one.help for one in buttons if one.disabled and one.label not in ("Explore", "Up", "Down")
    )
    before = (workspace.runs.all(), workspace.jobs.all())
    for place, one in enumerate(buttons):
        app = open_page(page, **query)
        app.button[place].proto.disabled = False  # as a request does that no page of a viewer sends
        pressed = app.button[place].click().run()
        assert bool(refusals(pressed)) <= one.disabled, one.label
        assert not pressed.exception
    assert (workspace.runs.all(), workspace.jobs.all()) == before


def test_a_press_of_a_viewer_changes_nothing(
    make_run: Callable[..., Run],
    open_page: Callable[..., AppTest],
    workspace: Workspace,
) -> None:
    run = make_run("running")
    app = open_page("train", run=run.id)
    permission.set_change_rule(lambda: False)
    button(app, "Cancel run").click().run()
    assert refusals(app)
    assert workspace.runs.get(run.id).state == "running"
    permission.set_change_rule(lambda: True)
    button(app, "Cancel run").click().run()
    assert workspace.runs.get(run.id).state == "cancelling"


def test_one_who_is_not_known_sees_nothing(
    make_run: Callable[..., Run], open_page: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_run("succeeded", name="Secret run")
    monkeypatch.setattr(session_role, "session_role", lambda: None)
    app = open_page("overview")
    assert "Secret run" not in texts(app)
    assert [one.label for one in app.button] == ["Sign in"]
