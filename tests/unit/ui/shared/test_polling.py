"""The toast of a run that ended."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lib.ui.shared.polling import end_notice
from tests.builders import fake_run

RUN = fake_run(id="abc", name="Mine [x](http://evil)")


@pytest.mark.parametrize(("state", "page"), [("succeeded", "/explore"), ("failed", "/train"), ("cancelled", "/train")])
def test_a_notice_links_to_the_run_and_escapes_its_name(state: str, page: str) -> None:
    icon, text = end_notice(replace(RUN, state=state))
    assert icon.startswith(":material/")
    assert f"({page}?run=abc)" in text
    assert "](http://evil" not in text
