"""People sign in by OpenID Connect, at a real provider of another site, in a real browser: what each of them then may."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from lib.jobs.locks import kill_worker
from lib.store.runs import Run
from lib.store.workspace import open_workspace
from tests.browser.conftest import Server
from tests.browser.provider import CLIENT, SECRET, start_provider
from tests.builders import add_dataset, add_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Make a run whose name nobody else may see."""
    workspace = open_workspace(tmp_path_factory.mktemp("team") / "workspace")
    made = add_run(workspace, add_dataset(workspace), "nobody/nothing")
    workspace.jobs.cancel(made.job)
    workspace.runs.rename(made.id, "Our secret run")
    return workspace.runs.get(made.id)


@pytest.fixture(scope="module")
def team(run: Run) -> Iterator[str]:
    """Run a server that asks a provider who comes; give its address, which is another site than the provider's."""
    provider, listener = start_provider()
    home = run.folder.parent.parent
    server = Server(home)
    url = f"http://localhost:{server.port}"
    secrets = home.parent / "secrets.toml"
    secrets.write_text(
        f'[auth]\nredirect_uri = "{url}/oauth2callback"\ncookie_secret = "{"c" * 40}"\nclient_id = "{CLIENT}"\n'
        f'client_secret = "{SECRET}"\nserver_metadata_url = "{provider.url}/.well-known/openid-configuration"\n'
    )
    server.variables = {
        "CLOSER_TOKEN": "auto",
        "CLOSER_EDITORS": "ann@team.example",
        "CLOSER_VIEWERS": "*@team.example",
        "STREAMLIT_SECRETS_FILES": str(secrets),
    }
    try:
        server.start()
        yield url
    finally:
        server.stop()
        kill_worker(home)
        listener.shutdown()


@pytest.fixture
def visitor(chromium: Browser) -> Iterator[Page]:
    """Open a window that notes what the policy of a page forbids."""
    context = chromium.new_context()
    context.set_default_timeout(30_000)
    page = context.new_page()
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if "Security Policy" in message.text else None)
    yield page
    assert refused == []
    context.close()


def sign_in(page: Page, url: str, person: str) -> None:
    """Go from the page's button over the provider back to the page."""
    page.goto(url)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name=person, exact=True).click()
    page.wait_for_url(f"{url}/**")


def test_an_editor_signs_in_and_may_upload(visitor: Page, team: str, run: Run) -> None:
    sign_in(visitor, team, "editor")
    visitor.goto(f"{team}/train?run={run.id}")
    expect(visitor.get_by_text("Our secret run").first).to_be_visible()
    cookies = {one["name"]: one for one in visitor.context.cookies(team)}
    assert cookies["_streamlit_user"]["httpOnly"]
    assert cookies["_streamlit_user"]["sameSite"] == "Lax"
    visitor.goto(f"{team}/upload")
    expect(visitor.get_by_test_id("stFileUploader").first).to_be_visible()


def test_a_viewer_signs_in_and_may_not(visitor: Page, team: str, run: Run) -> None:
    sign_in(visitor, team, "viewer")
    visitor.goto(f"{team}/train?run={run.id}")
    expect(visitor.get_by_text("Our secret run").first).to_be_visible()
    visitor.goto(f"{team}/upload")
    expect(visitor.get_by_test_id("stAlert").first).to_be_visible()
    expect(visitor.get_by_test_id("stFileUploader")).to_have_count(0)
    session = "0" * 8 + "-0000-4000-8000-" + "0" * 12
    assert visitor.request.put(f"{team}/_stcore/upload_file/{session}/{session}").status == 403
    assert visitor.request.get(f"{team}/download/{run.id}/model.zip").status == 404  # it may ask; there is none


@pytest.mark.parametrize("person", ["stranger", "unverified", "unsaid"])
def test_others_sign_in_and_see_nothing(visitor: Page, team: str, run: Run, person: str) -> None:
    sign_in(visitor, team, person)
    expect(visitor.get_by_role("button", name="Sign out")).to_be_visible()
    visitor.goto(f"{team}/train?run={run.id}")
    expect(visitor.get_by_role("button", name="Sign out")).to_be_visible()
    assert visitor.get_by_text("Our secret run").count() == 0
    assert visitor.request.get(f"{team}/download/{run.id}/log.txt").status == 403
    with visitor.expect_response("**/auth/logout"):  # the page shows "Sign in" before the browser has asked for this
        visitor.get_by_role("button", name="Sign out").click()
    visitor.wait_for_load_state()
    expect(visitor.get_by_role("button", name="Sign in")).to_be_visible()
    assert "_streamlit_user" not in {one["name"] for one in visitor.context.cookies(team)}


def test_a_forged_answer_of_the_provider_signs_nobody_in(visitor: Page, team: str) -> None:
    visitor.goto(f"{team}/oauth2callback?code=code-0&state=made-up")
    expect(visitor.get_by_role("button", name="Sign in")).to_be_visible()
    assert "_streamlit_user" not in {one["name"] for one in visitor.context.cookies(team)}
