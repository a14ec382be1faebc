"""The exported page tells all and does not start by itself."""

from __future__ import annotations

from lib.charts.map.figure import map_figure
from lib.charts.map.page import map_page
from tests.unit.charts.planted import planted_map


def test_a_page_of_its_own_tells_all_and_does_not_start_by_itself() -> None:
    map_data, lines, texts = planted_map()
    page = map_page(
        map_figure(map_data, lines, texts).figure, title="A <map>", sentences=["83% tell <truth>."], alt='Of "50"'
    )
    assert "<title>A &lt;map&gt;</title>" in page
    assert "83% tell &lt;truth&gt;." in page
    assert 'aria-label="Of &quot;50&quot;"' in page
    assert "Moved closer" in page
    assert "Plotly.animate(" not in page.rsplit("</script>", 2)[-2]
