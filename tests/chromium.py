"""Drives a headless Chromium over its debugging pipe, with nothing to install."""

import base64
import io
import itertools
import json
import os
import select
import shutil
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE_SECONDS = 60.0
FLAGS = (
    "--headless=new",
    "--remote-debugging-pipe",
    "--no-sandbox",  # Which Chromium refuses to have as root, in a container.
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--hide-scrollbars",
)


class Chromium:
    """A browser with one page.

    What the page says on its console, in errors, and asks of the network gathers in
    `complaints` and `requests`.
    """

    def __init__(self, profile: Path) -> None:
        found = next(filter(None, map(shutil.which, NAMES)), None)
        if found is None:
            pytest.skip(f"no browser is installed: none of {', '.join(NAMES)}")
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self._numbers = itertools.count(1)
        self._received = b""
        commands, self._write = os.pipe()
        self._read, answers = os.pipe()
        # Chromium reads commands from file 3 and answers on file 4.
        self._process = subprocess.Popen(
            [
                *("bash", "-c", f'exec "$@" 3<&{commands} 4>&{answers}', "bash"),
                *(found, *FLAGS, f"--user-data-dir={profile}", "about:blank"),
            ],
            pass_fds=(commands, answers),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(commands)
        os.close(answers)
        self._session = None
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        attached = self.send("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._write)
        os.close(self._read)

    def send(self, method: str, **parameters):
        """Sends a DevTools command and waits for its answer."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == number:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]

    def open(self, path: Path, *, width: int = 1280, dark: bool = False) -> None:
        """Opens a file, in a window of this width, and waits until it is loaded."""
        self.complaints.clear()
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=False,
        )
        scheme = {
            "name": "prefers-color-scheme",
            "value": "dark" if dark else "light",
        }
        self.send("Emulation.setEmulatedMedia", features=[scheme])
        self.send("Page.navigate", url=path.resolve().as_uri())
        self.wait_for(f"location.href === {path.resolve().as_uri()!r}")
        self.wait_for("document.readyState === 'complete'")
        self.requests[:] = [url for url in self.requests if url != "about:blank"]

    def evaluate(self, expression: str):
        """The value of a JavaScript expression in the page."""
        result = self.send(
            "Runtime.evaluate",
            expression=expression,
            returnByValue=True,
            awaitPromise=True,
            userGesture=True,
        )
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    def wait_for(self, condition: str) -> None:
        """Waits until a JavaScript expression is true."""
        until = time.monotonic() + PATIENCE_SECONDS
        while not self.evaluate(condition):
            assert time.monotonic() < until, f"never: {condition}"
            time.sleep(0.02)

    def press(self, key: str, code: int, text: str = "") -> None:
        """Presses a key, as a person does; `code` is its Windows virtual key code."""
        pressed = {"key": key, "windowsVirtualKeyCode": code, "code": key}
        down = {"text": text} if text else {}
        self.send("Input.dispatchKeyEvent", type="keyDown", **pressed, **down)
        self.send("Input.dispatchKeyEvent", type="keyUp", **pressed)

    def click(self, selector: str) -> None:
        """Clicks with the mouse on the middle of an element."""
        where = self.hover(selector)
        for kind in ("mousePressed", "mouseReleased"):
            self.send(
                "Input.dispatchMouseEvent",
                type=kind,
                button="left",
                clickCount=1,
                **where,
            )

    def hover(self, selector: str) -> dict[str, float]:
        """Moves the mouse to the middle of an element, and says where that is."""
        self.evaluate(
            f"document.querySelector({selector!r}).scrollIntoView({{block: 'center'}})"
        )
        box = self._box(selector)
        where = {
            "x": box["x"] + box["width"] / 2,
            "y": box["y"] + box["height"] / 2,
        }
        self.send("Input.dispatchMouseEvent", type="mouseMoved", **where)
        return where

    def screenshot_of(self, selector: str) -> np.ndarray:
        """What is seen of an element, uint8 [height, width, 3]."""
        self.hover(selector)
        clip = self._box(selector) | {"scale": 1}
        clip["y"] += self.evaluate("scrollY")
        picture = self.send("Page.captureScreenshot", clip=clip)
        file = io.BytesIO(base64.b64decode(picture["data"]))
        return np.asarray(Image.open(file).convert("RGB"))

    def _box(self, selector: str) -> dict[str, float]:
        box = f"document.querySelector({selector!r}).getBoundingClientRect()"
        return self.evaluate(
            f"(({{x, y, width, height}}) => ({{x, y, width, height}}))({box})"
        )

    def screenshot(self, path: Path, *, whole: bool = False) -> None:
        """Saves what is seen, or the whole page, as PNG."""
        picture = self.send("Page.captureScreenshot", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(picture["data"]))

    def _receive(self) -> dict:
        while b"\0" not in self._received:
            ready, _, _ = select.select([self._read], [], [], PATIENCE_SECONDS)
            assert ready, "the browser does not answer"
            part = os.read(self._read, 1 << 20)
            assert part, "the browser has ended"
            self._received += part
        line, _, self._received = self._received.partition(b"\0")
        message = json.loads(line)
        self._note(message.get("method"), message.get("params", {}))
        return message

    def _note(self, method: str | None, parameters: dict) -> None:
        if method == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(parameters["exceptionDetails"]))
        elif method == "Runtime.consoleAPICalled":
            self.complaints.append(json.dumps(parameters["args"]))
        elif method == "Log.entryAdded":
            self.complaints.append(parameters["entry"]["text"])
