"""What an editor says to a language server: JSON-RPC over the server's standard input and output.

Nothing here waits for ever: each answer has a deadline, and a server that died is told at once.
"""

from __future__ import annotations

import json
import queue
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any

Message = dict[str, Any]

CAPABILITIES: Message = {
    "workspace": {"configuration": True},
    "textDocument": {
        "completion": {"completionItem": {"documentationFormat": ["markdown"]}},
        "hover": {"contentFormat": ["markdown"]},
    },
}


class ServerError(Exception):
    """The server died, kept silent past the deadline, or refused what it was asked."""


class LanguageServer:
    """A running language server and the texts that are open in it.

    Args:
        command: the server's program and arguments.
        folder: the workspace.
        settings: the editor's settings by section, for when the server asks for them.
        deadline: how many seconds an answer may take.
    """

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        settings: Mapping[str, Message],
        deadline: float = 20.0,
    ) -> None:
        self._command = list(command)
        self._folder = folder
        self._settings = settings
        self._deadline = deadline
        self._arrived: queue.Queue[Message | None] = queue.Queue()
        self._answers: dict[int, Message] = {}
        self._diagnostics: dict[str, list[Message]] = {}
        self._asked = 0
        self.name = ""

    def __enter__(self) -> LanguageServer:
        self._complaints = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._input, self._output = self._process.stdin, self._process.stdout
        self._reader = threading.Thread(target=_read, args=(self._output, self._arrived))
        self._reader.start()
        try:
            self._introduce()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self.request("shutdown", None)
                self._notify("exit", None)
                self._process.wait(self._deadline)
        finally:
            self._end()

    def _introduce(self) -> None:
        root = self._folder.as_uri()
        introduction = {
            "processId": None,
            "rootUri": root,
            "workspaceFolders": [{"uri": root, "name": self._folder.name}],
            "capabilities": CAPABILITIES,
        }
        server = self.request("initialize", introduction).get("serverInfo", {})
        self.name = f"{server.get('name')} {server.get('version')}"
        self._notify("initialized", {})

    def _end(self) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        for stream in (self._input, self._output, self._complaints):
            stream.close()

    def open(self, uri: str, text: str) -> None:
        """Open a text; the server begins to look at it and tells its diagnostics by and by."""
        self._diagnostics.pop(uri, None)
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self._notify("textDocument/didOpen", {"textDocument": document})

    def close(self, uri: str) -> None:
        """Close an open text."""
        self._notify("textDocument/didClose", {"textDocument": {"uri": uri}})

    def diagnose(self, texts: Mapping[str, str]) -> dict[str, list[Message]]:
        """Open texts by their URIs, all at once, and give what the server finds in each."""
        for uri, text in texts.items():
            self.open(uri, text)
        self._until(lambda: texts.keys() <= self._diagnostics.keys(), "diagnostics")
        return {uri: self._diagnostics[uri] for uri in texts}

    def completion(self, uri: str, line: int, character: int) -> list[Message]:
        """What the server offers at a place of an open text."""
        answer = self.request("textDocument/completion", _at(uri, line, character))
        items: list[Message] = answer["items"] if isinstance(answer, dict) else answer
        return items

    def hover(self, uri: str, line: int, character: int) -> str:
        """What the server shows at a place of an open text, as Markdown; empty for nothing."""
        answer = self.request("textDocument/hover", _at(uri, line, character))
        return str(answer["contents"]["value"]) if answer else ""

    def request(self, method: str, parameters: Message | None) -> Any:
        """Ask, and wait for the answer.

        Raises:
            ServerError: there is none in time, or it is a refusal.
        """
        self._asked += 1
        number = self._asked
        self._send({"id": number, "method": method, "params": parameters})
        self._until(lambda: number in self._answers, f"an answer to {method}")
        answer = self._answers.pop(number)
        if "error" in answer:
            raise ServerError(f"{method}: {answer['error']['message']}")
        return answer.get("result")

    def _until(self, done: Callable[[], bool], what: str) -> None:
        """Take in what arrives until what is wanted is among it."""
        end = time.monotonic() + self._deadline
        while not done():
            try:
                message = self._arrived.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                raise ServerError(f"{what} did not come in {self._deadline:g} s") from None
            if message is None:
                raise ServerError(f"{what} did not come, the server ended: {self._said()}")
            self._take(message)

    def _take(self, message: Message) -> None:
        method, parameters = message.get("method"), message.get("params") or {}
        if method is None:
            self._answers[message["id"]] = message
        elif method == "textDocument/publishDiagnostics":
            self._diagnostics[parameters["uri"]] = parameters["diagnostics"]
        elif "id" in message:
            result = None
            if method == "workspace/configuration":
                result = [self._settings.get(item["section"]) for item in parameters["items"]]
            self._send({"id": message["id"], "result": result})

    def _notify(self, method: str, parameters: Message | None) -> None:
        self._send({"method": method, "params": parameters})

    def _send(self, message: Message) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        try:
            self._input.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
            self._input.flush()
        except OSError:
            raise ServerError(f"the server takes nothing more: {self._said()}") from None

    def _said(self) -> str:
        """The end of what the server wrote to its standard error."""
        self._complaints.seek(0)
        return self._complaints.read().decode(errors="replace")[-2000:].strip() or "no word why"


def _at(uri: str, line: int, character: int) -> Message:
    return {"textDocument": {"uri": uri}, "position": {"line": line, "character": character}}


def _read(stream: IO[bytes], into: queue.Queue[Message | None]) -> None:
    """Put every message of a stream into a queue, and None at its end."""
    try:
        while (length := _length(stream)) is not None:
            into.put(json.loads(stream.read(length)))
    except ValueError:
        pass  # cut off in the middle, or no message at all
    finally:
        into.put(None)


def _length(stream: IO[bytes]) -> int | None:
    """The length that a message's header gives; None at the end of the stream."""
    length = None
    while line := stream.readline().strip():
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return length
