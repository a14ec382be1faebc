"""Is the server well, and does it hold what only workers should: torch and its like?"""

from __future__ import annotations

import sys

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

HEAVY_PACKAGES = ("torch", "transformers", "sentence_transformers", "umap", "numba", "sklearn")
"""What makes a page open in ten seconds instead of two; pages and server do without."""


def loaded_heavy_packages() -> list[str]:
    """List the heavy packages that this process has imported."""
    return [name for name in HEAVY_PACKAGES if name in sys.modules]


def health(_request: Request) -> Response:
    """Answer with the heavy packages in this server: none, when all is well."""
    return JSONResponse({"ok": True, "heavy_modules": loaded_heavy_packages()})


HEALTH_ROUTES = [Route("/health", health, methods=["GET"])]
