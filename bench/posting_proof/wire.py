"""HTTP/1.1 as far as two stand-ins need it, down to the socket: so that it can also be broken."""

import asyncio
import json
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

_REASONS: Final = {200: "OK", 201: "Created", 409: "Conflict", 429: "Too Many Requests"}


class Ended(Exception):
    """The connection is over; there is nobody to answer."""


@dataclass
class Visit:
    """One request, and the connection that it came on."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    _writer: asyncio.StreamWriter = field(repr=False)

    def json(self) -> Any:
        return json.loads(self.body)

    async def send(
        self, status: int, document: object, headers: Mapping[str, str] | None = None
    ) -> None:
        await self.send_raw(whole_answer(status, document, headers))

    async def send_raw(self, content: bytes) -> None:
        self._writer.write(content)
        try:
            await self._writer.drain()
        except ConnectionError:
            raise Ended from None

    def reset(self) -> None:
        """The other side sees a connection that was reset, not one that was closed."""
        linger = struct.pack("ii", 1, 0)
        plain = self._writer.get_extra_info("socket")
        with suppress(OSError):
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._writer.transport.abort()
        raise Ended

    def close(self) -> None:
        self._writer.close()
        raise Ended


Answering = Callable[[Visit], Awaitable[None]]


def whole_answer(status: int, document: object, headers: Mapping[str, str] | None = None) -> bytes:
    """The document as JSON; bytes as they are."""
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    lines = [f"HTTP/1.1 {status} {_REASONS.get(status, 'Said')}", "Content-Type: application/json"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    lines += [f"Content-Length: {len(content)}", "", ""]
    return "\r\n".join(lines).encode() + content


class Listener:
    """A port that can be closed and opened again, with everybody who is on it."""

    def __init__(self, answer: Answering) -> None:
        self._answer = answer
        self._open: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    async def open(self) -> None:
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", self.port, backlog=512, reuse_address=True
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Nobody listens, and everybody who was on it is gone."""
        if self._server:
            self._server.close()
            self._server = None
        for writer in tuple(self._open):
            writer.transport.abort()
        await asyncio.sleep(0)

    async def refuse_for(self, seconds: float) -> None:
        """Nobody listens: kept connections end, new ones are refused."""
        if self._server is None:
            return
        server, self._server = self._server, None
        server.close()
        for writer in tuple(self._open):
            writer.close()
        await asyncio.sleep(seconds)
        await self.open()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        with suppress(Ended, ConnectionError, asyncio.IncompleteReadError):
            while True:
                await self._answer(await _next_visit(reader, writer))
        self._open.discard(writer)
        writer.close()


async def _next_visit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Visit:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = head[0].split(" ", 2)
    headers = {}
    for line in head[1:]:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    if "expect" in headers:
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = await reader.readexactly(int(headers.get("content-length") or 0))
    return Visit(method, path, headers, body, writer)
