"""The floor of the message bench: the fastest bare WebSocket server that we know (picows), which takes messages and does nothing.

Run by the peers' own interpreter: `picows_server.py PORT`.
"""

import asyncio
import sys

from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server


class Taking(WSListener):
    """Takes text messages until the other side closes."""

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Take one message as text, as any reader of it would."""
        if frame.msg_type == WSMsgType.CLOSE:
            transport.send_close(frame.get_close_code())
            transport.disconnect()
        else:
            frame.get_payload_as_utf8_text()


def listener(_request: WSUpgradeRequest) -> WSListener:
    """Give one listener a connection."""
    return Taking()


async def main() -> None:
    """Serve until ended."""
    server = await ws_create_server(listener, "127.0.0.1", int(sys.argv[1]))
    async with server:
        await server.serve_forever()


asyncio.run(main())
