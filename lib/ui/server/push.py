"""Idle pages ask nothing of the server; this is how they hear that work began, whoever asked for it.

A page holds one socket to the server, silent while nothing runs. When work begins the server says one word on it, the page is drawn
anew, sees the work and looks by itself until it ends.
"""

from __future__ import annotations

import asyncio

import streamlit as st
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

LOOK_SECONDS = 1.0
JS = """
export default function (component) {
  const { parentElement, setTriggerValue } = component;
  const held = (parentElement.closerWake ??= {});
  held.tell = () => setTriggerValue("begun", Date.now());
  if (!held.open) {
    held.open = () => {
      const address = new URL("wake", document.baseURI);
      address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
      held.socket = new WebSocket(address);
      held.socket.onmessage = () => held.tell();
      held.socket.onclose = () => { if (!held.ended) held.timer = setTimeout(held.open, 5000); };
    };
    held.open();
  }
  return () => {
    held.ended = true;
    clearTimeout(held.timer);
    held.socket?.close();
    delete parentElement.closerWake;
  };
}
"""

_mount = st.components.v2.component("closer_wake", js=JS)
_begun = 0


def work_begins() -> None:
    """Tell every open page that work began; call it from any thread."""
    global _begun  # one count for the whole server, read by every socket
    _begun += 1


def listen() -> None:
    """Let the page that is being drawn hear when work begins."""
    _mount(key="wake", on_begun_change=lambda: None)


async def tell(socket: WebSocket) -> None:
    """Say a word on a page's socket whenever work begins, until the page goes."""
    await socket.accept()
    known = _begun
    gone = asyncio.ensure_future(_gone(socket))
    try:
        while not gone.done():
            await asyncio.wait({gone}, timeout=LOOK_SECONDS)
            if known != _begun and not gone.done():
                known = _begun
                await socket.send_text("begun")
    except (WebSocketDisconnect, RuntimeError):
        return  # it went while it was told
    finally:
        gone.cancel()


async def _gone(socket: WebSocket) -> None:
    while (await socket.receive())["type"] != "websocket.disconnect":
        continue


ROUTES = [WebSocketRoute("/wake", tell)]
