"""A page without a browser: Streamlit's websocket, spoken by a test that may send what no page would."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Button_pb2 import Button
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import connect

ANSWER_SECONDS = 120
"""A busy server answers late; one that never answers still fails."""


@dataclass
class PageAnswer:
    """What the server sent for one run of a page's script."""

    messages: list[ForwardMsg] = field(default_factory=list)

    def holds(self, text: str) -> bool:
        """Whether a text stands anywhere in what was sent."""
        return any(text.encode() in message.SerializeToString() for message in self.messages)

    @property
    def buttons(self) -> list[Button]:
        """The page's buttons, in drawing order."""
        elements = [one.delta.new_element for one in self.messages if one.WhichOneof("type") == "delta"]
        return [one.button for one in elements if one.WhichOneof("type") == "button"]

    @property
    def alerts(self) -> list[str]:
        """Titles and texts of the page's boxes, and of exceptions, which no page may show."""
        elements = [one.delta.new_element for one in self.messages if one.WhichOneof("type") == "delta"]
        boxes = [f"{one.alert.title} {one.alert.body}" for one in elements if one.WhichOneof("type") == "alert"]
        return boxes + [one.exception.message for one in elements if one.WhichOneof("type") == "exception"]


def open_page(
    url: str, page: str = "", query: dict[str, str] | None = None, *, cookie: str = "", press: tuple[str, ...] = ()
) -> PageAnswer:
    """Open a page as a new visitor, then press the buttons with these ids in one request; what the last run sent.

    url: http://host:port.
    """
    headers = {"Cookie": cookie} if cookie else {}
    address = url.replace("http", "ws", 1) + "/_stcore/stream"
    with connect(
        address,
        origin=url,  # type: ignore[arg-type]
        subprotocols=["streamlit"],  # type: ignore[list-item]
        additional_headers=headers,
        max_size=1 << 28,
        open_timeout=ANSWER_SECONDS,
        ping_interval=None,  # a busy server may answer nothing for longer
    ) as socket:
        for pressed in ((), press) if press else ((),):
            message = BackMsg()
            state = message.rerun_script
            state.query_string, state.page_name = urlencode(query or {}), page
            state.context_info.timezone, state.context_info.locale = "UTC", "en-US"
            state.context_info.url = f"{url}/{page}"
            state.widget_states.widgets.extend(WidgetState(id=one, trigger_value=True) for one in pressed)
            socket.send(message.SerializeToString())
            answer = PageAnswer()
            while True:
                data = socket.recv(timeout=ANSWER_SECONDS)
                assert isinstance(data, bytes)
                answer.messages.append(ForwardMsg.FromString(data))
                if answer.messages[-1].WhichOneof("type") == "script_finished":
                    break
    return answer
