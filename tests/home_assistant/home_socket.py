"""The WebSocket interface of Home Assistant, one command after another.

Reads and writes: one connection. Never: waits longer than its time for an answer.
"""

import asyncio
from typing import Any, Self

import aiohttp

TIMEOUT_S = 60.0
LARGEST_BYTES = 64 * 2**20


class HomeSocket:
    """One connection, logged in by an access token."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url.replace("http", "ws", 1) + "/api/websocket"
        self._token = token
        self._runner = asyncio.Runner()
        self._last_id = 0

    def __enter__(self) -> Self:
        self._runner.run(self._connect())
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self._session.close())
        self._runner.close()

    def call(self, command: str, **values: Any) -> Any:
        """The result of a command; raises `AssertionError` with what was refused."""
        return self._runner.run(asyncio.wait_for(self._call(command, values), TIMEOUT_S))

    async def _connect(self) -> None:
        self._session = aiohttp.ClientSession()
        self._socket = await self._session.ws_connect(self._url, max_msg_size=LARGEST_BYTES)
        await self._socket.receive_json()
        await self._socket.send_json({"type": "auth", "access_token": self._token})
        answer = await self._socket.receive_json()
        assert answer["type"] == "auth_ok", answer

    async def _call(self, command: str, values: dict[str, Any]) -> Any:
        self._last_id += 1
        await self._socket.send_json({"id": self._last_id, "type": command, **values})
        while True:
            answer = await self._socket.receive_json()
            if answer["id"] == self._last_id and answer["type"] == "result":
                assert answer["success"], answer["error"]
                return answer["result"]
