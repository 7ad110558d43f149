"""Chromium without a window, driven over its own protocol: what a reader's browser does with a page."""

import asyncio
import base64
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tornado.websocket import WebSocketClientConnection, websocket_connect

FOUND = shutil.which("chromium") or shutil.which("google-chrome")
_FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-port=0")


class Browser:
    """One tab. Everything on it is offline, and every error that it reports is kept in `errors`."""

    def __init__(self, loop: asyncio.AbstractEventLoop, socket: WebSocketClientConnection) -> None:
        self.errors: list[str] = []
        self.requests: list[str] = []
        self._loop, self._socket, self._number = loop, socket, 0
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")
        self.call(
            "Network.emulateNetworkConditions",
            offline=True,
            latency=0,
            downloadThroughput=0,
            uploadThroughput=0,
        )

    def call(self, method: str, **params: Any) -> Any:
        """One command of the protocol, and its result."""
        return self._loop.run_until_complete(asyncio.wait_for(self._call(method, params), 60))

    async def _call(self, method: str, params: dict[str, Any]) -> Any:
        self._number += 1
        await self._socket.write_message(json.dumps({"id": self._number, "method": method, "params": params}))
        while True:
            message = json.loads(await self._socket.read_message() or '{"error": "closed", "id": 0}')
            if message.get("id") == self._number:
                assert "error" not in message, message
                return message["result"]
            self._event(message)

    def _event(self, message: dict[str, Any]) -> None:
        params = message.get("params", {})
        match message.get("method"):
            case "Runtime.exceptionThrown":
                self.errors.append(json.dumps(params["exceptionDetails"]))
            case "Log.entryAdded" if params["entry"]["level"] == "error":
                self.errors.append(params["entry"]["text"])
            case "Network.requestWillBeSent":
                self.requests.append(params["request"]["url"])

    def open(
        self,
        path: Path,
        hash: str = "",
        *,
        width: int = 1200,
        scripts: bool = True,
        media: str = "screen",
        dark: bool = False,
    ) -> None:
        """Show a file, and wait until it has been loaded and its players have answered."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=width < 500,
        )
        self.call("Emulation.setScriptExecutionDisabled", value=not scripts)
        features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.call("Emulation.setEmulatedMedia", media=media, features=features)
        self._number += 1
        query = (
            f"?visit={self._number}"  # another address each time, so that the page is loaded and not scrolled
        )
        self.run("window.before = true")
        self.call("Page.navigate", url=path.as_uri() + query + hash)
        ready = "!window.before && document.readyState === 'complete'"
        if scripts:
            answered = "every((box) => box.querySelector('output')?.value)"
            ready += f" && [...document.querySelectorAll('.imc-play')].{answered}"
        self.wait(ready)

    def run(self, script: str) -> Any:
        """The value of an expression in the page; promises are waited for."""
        found = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def wait(self, condition: str) -> None:
        """Until an expression is true; an assertion fails after a minute."""
        for _ in range(1200):
            if self.run(condition):
                return
            self._loop.run_until_complete(asyncio.sleep(0.05))
        raise AssertionError(f"never true: {condition}; errors: {self.errors}")

    def key(self, key: str) -> None:
        """Press and release a key, where the focus is."""
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key,
                windowsVirtualKeyCode=_CODES.get(key, 0),
                **({"text": "\r"} if key == "Enter" and kind == "keyDown" else {}),
            )

    def picture(self, path: Path, selector: str = "body") -> None:
        """A picture of one element."""
        box = self.run(
            f"(() => {{ const b = document.querySelector({json.dumps(selector)}).getBoundingClientRect(); "
            "return [b.x + scrollX, b.y + scrollY, b.width, b.height]; })()"
        )
        clip = dict(zip(("x", "y", "width", "height"), box, strict=True), scale=1)
        found = self.call("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(found["data"]))


_CODES = {
    "ArrowLeft": 37,
    "ArrowUp": 38,
    "ArrowRight": 39,
    "ArrowDown": 40,
    "Enter": 13,
    "Tab": 9,
    "End": 35,
    "Home": 36,
}


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser with one empty tab, which ends with the block."""
    assert FOUND
    loop = asyncio.new_event_loop()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [FOUND, *_FLAGS, f"--user-data-dir={profile}", "about:blank"]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        try:
            assert process.stderr
            port = next(m[1] for line in process.stderr if (m := re.search(r"ws://[^:]+:(\d+)/", line)))
            yield Browser(loop, loop.run_until_complete(_tab(port)))
        finally:
            process.terminate()
            process.wait(10)
            loop.close()


async def _tab(port: str) -> WebSocketClientConnection:
    from tornado.httpclient import AsyncHTTPClient

    found = await AsyncHTTPClient().fetch(f"http://127.0.0.1:{port}/json/list")
    page = next(tab for tab in json.loads(found.body) if tab["type"] == "page")
    return await websocket_connect(page["webSocketDebuggerUrl"], max_message_size=2**27)
