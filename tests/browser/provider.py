"""A small OpenID provider on this machine: discovery, keys, sign-in by a press, tokens; PKCE and nonce as in OpenID Connect Core."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from dataclasses import dataclass, field
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "closer", "a-secret-of-the-client"

PEOPLE: dict[str, dict[str, object]] = {
    "editor": {"email": "Ann@team.example", "email_verified": True},
    "viewer": {"email": "bob@team.example", "email_verified": True},
    "stranger": {"email": "eve@evil.example", "email_verified": True},
    "unverified": {"email": "ann@team.example", "email_verified": False},
    "unsaid": {"email": "ann@team.example"},
}
"""Claims of everybody who can sign in, by the word on the button."""


@dataclass
class Provider:
    """The provider's address, and what it was asked."""

    url: str = ""
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, parameters={"kid": "one", "use": "sig"}))
    asked: dict[str, dict[str, str]] = field(default_factory=dict)
    """By code: the parameters of the request to sign in, with the person."""

    def metadata(self) -> dict[str, object]:
        """Describe the provider (OpenID Connect Discovery, section 3)."""
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        }

    def choices(self, query: dict[str, str]) -> str:
        """Write the page on which a person signs in."""
        links = (f'<a href="/chosen?{escape(urlencode(query | {"person": name}))}">{name}</a>' for name in PEOPLE)
        return f"<h1>Provider</h1>{' '.join(links)}"

    def redirect(self, query: dict[str, str]) -> str:
        """Store who signed in under a new code, and write the address that goes back."""
        code = f"code-{len(self.asked)}"
        self.asked[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def tokens(self, form: dict[str, str]) -> dict[str, object]:
        """Exchange a code, once, by the one who asked for it (RFC 7636, section 4.6)."""
        query = self.asked.pop(form["code"])
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == query["code_challenge"]
        assert form["redirect_uri"] == query["redirect_uri"]
        now = int(time.time())
        claims = {"iss": self.url, "sub": query["person"], "aud": CLIENT, "iat": now, "exp": now + 600}
        claims |= {"nonce": query["nonce"]} | PEOPLE[query["person"]]
        token = jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.key)
        return {"access_token": "x", "token_type": "Bearer", "expires_in": 600, "id_token": token}


def start_provider() -> tuple[Provider, ThreadingHTTPServer]:
    """Start a provider on a free port; whoever starts it shuts its server down."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(address.query).items()}
            if address.path == "/.well-known/openid-configuration":
                self._answer(json.dumps(provider.metadata()), "application/json")
            elif address.path == "/keys":
                self._answer(json.dumps({"keys": [provider.key.as_dict(private=False)]}), "application/json")
            elif address.path == "/authorize":
                self._answer(provider.choices(query), "text/html")
            elif address.path == "/chosen":
                self.send_response(302)
                self.send_header("Location", provider.redirect(query))
                self.end_headers()
            else:
                self.send_error(404)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            wanted = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
            assert self.headers["Authorization"] == wanted
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self._answer(json.dumps(provider.tokens(form)), "application/json")

        def _answer(self, body: str, kind: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return provider, server
