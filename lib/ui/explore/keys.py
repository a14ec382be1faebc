"""Session keys, widget keys and query parameters of the Explore page.

Shared ones stand in lib/ui/shared/state.py.
"""

from __future__ import annotations

PAIR = "pair"
"""Query parameter with the selected pairs, separated by commas."""

LINKED_PAIRS = 20
"""Selected pairs that a link holds: more would make an address too long to paste."""

# Widgets of the map that are bound to query parameters of the same name, so that a link opens the same view. The page's own script
# writes the snapshot (frame), because the slider moves without asking the server.
MAP_FRAME, MAP_PART, MAP_CHANGE, MAP_SEARCH, MAP_GROUP = "frame", "part", "change", "find", "group"
MAP_CLASSES, MAP_VIEW = "class", "view"
MAP_COLOUR, MAP_NEIGHBOURS, MAP_DOUBTFUL, MAP_VALUE = "colour", "neighbours", "doubtful", "value"

MAP_GROUP_A, MAP_GROUP_B = "a", "b"
"""Query parameters with the groups of texts that are compared; no widget's."""

COLOUR_GROUPS = "groups"
"""Value of MAP_COLOUR: the groups A and B."""

# Widgets whose state stays in the session.
MAP_LIST, MAP_SVG, MAP_METHOD, MAP_BALANCE, MAP_PAIR = "map-list", "map-svg", "map-method", "map-balance", "map-pair"
MAP_FIGURE, MAP_PRESENTED, MAP_SCATTER = "map-figure", "map-presented", "map-scatter"
MAP_LAYOUT, MAP_ALL_TEXTS = "map-layout", "map-all-texts"
MAP_TRAJECTORY, MAP_WRONG_ANSWER = "map-trajectory", "map-wrong-answer"
PAIR_TABLE, PAIR_DETAIL = "pair-table", "pair-detail"
EMBED_FILE, EMBED_UPLOAD, EMBED_VERSION = "embed-file", "embed-upload", "embed-version"
REPORT_TEXTS, REPORT_OTHER = "report-texts", "report-other"
GROUP_COLUMN = "group-column"
PLAYGROUND, DETAILS, DISTRIBUTIONS = "playground", "evaluation-details", "similarity-distributions"
SEARCH_TEXT, SEARCH_EXAMPLE, SEARCH_WORDS = "search-text", "search-example", "search-words"

# Session state that is no widget's.
SELECTED_PAIRS, SELECTED_RUN = "selected-pairs", "selected-pairs-run"
SELECTION_VERSION = "selection-version"
ACTIVE_PAIR = "active-pair"
HIGHLIGHTED_PAIRS, PAIRS_FROM_MAP = "highlighted-pairs", "pairs-from-map"
SEARCH_ASKED, SEARCH_IGNORES_MEMORY = "search-asked", "search-ignores-memory"
INITIAL_SNAPSHOT, MAP_PREVIEWED = "map-initial-snapshot", "map-previewed"
MAP_GROUPS, MAP_LASSO = "map-groups", "map-lasso"
