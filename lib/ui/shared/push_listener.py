"""Redraw an idle page when the push socket says that work begins, or when the colour scheme changes.

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
  if (!listener.scheme) {
    // The figures' colours are those of the scheme they were drawn in. Streamlit takes the new scheme over first.
    listener.scheme = matchMedia("(prefers-color-scheme: dark)");
    listener.redraw = () => setTimeout(() => listener.notify(), 500);
    listener.scheme.addEventListener("change", listener.redraw);
  }
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
    listener.scheme.removeEventListener("change", listener.redraw);
    listener.socket?.close();
    delete parentElement.closerPush;
  };
}
""".replace("PATH", PUSH_PATH.lstrip("/"))

_mount = st.components.v2.component("closer_push", js=_JS)


def mount_push_listener() -> None:
    """Let the page that is being drawn rerun when work begins or the colour scheme changes."""
    _mount(key="push", on_begun_change=lambda: None)
