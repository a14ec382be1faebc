"""The page's end of the push socket: redraw an idle page when work begins.

An idle page asks nothing of the server.
"""

from __future__ import annotations

import streamlit as st

PUSH_PATH = "/push"
"""Path of the WebSocket route that lib/ui/server/push.py serves."""

_JS = """
export default function (component) {
  const { parentElement, setTriggerValue } = component;
  const listener = (parentElement.closerPush ??= {});
  listener.notify = () => setTriggerValue("begun", Date.now());
  if (!listener.open) {
    listener.open = () => {
      const address = new URL("PATH", document.baseURI);
      address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
      listener.socket = new WebSocket(address);
      listener.socket.onmessage = () => listener.notify();
      listener.socket.onclose = () => { if (!listener.unmounted) listener.timer = setTimeout(listener.open, 5000); };
    };
    listener.open();
  }
  return () => {
    listener.unmounted = true;
    clearTimeout(listener.timer);
    listener.socket?.close();
    delete parentElement.closerPush;
  };
}
""".replace("PATH", PUSH_PATH.lstrip("/"))

_mount = st.components.v2.component("closer_push", js=_JS)


def mount_push_listener() -> None:
    """Let the page that is being drawn rerun when work begins."""
    _mount(key="push", on_begun_change=lambda: None)
