"""Shows how the training gets on."""

import shutil
import sys
import time
from collections import deque
from typing import TextIO

from sact_keras.training.callbacks.global_step_callback import GlobalStepCallback

_BAR_WIDTH = 20

_SHORTEST_BAR = 5


class ProgressBar(GlobalStepCallback):
    """Steps, loss, accuracy, images per second and time left.

    Redrawn in place on a terminal; elsewhere (a file, a pipe) a line now and then.

    Args:
        start_step: Steps done before this `fit`.
        num_steps: Steps of the whole training.
        batch_size: Images of a step.
        window: See `GlobalStepCallback`.
        stream: Where to show it; standard error by default.
        seconds: Least time between two lines where it is not redrawn.
    """

    def __init__(
        self,
        start_step: int,
        num_steps: int,
        batch_size: int,
        window: int = 10,
        stream: TextIO | None = None,
        seconds: float = 10.0,
    ) -> None:
        super().__init__(start_step, num_steps, window)
        self.batch_size = batch_size
        self.stream = sys.stderr if stream is None else stream
        self._redraws = self.stream.isatty()
        self._interval = 0.2 if self._redraws else seconds
        self._shown_at = -float("inf")
        self._width = 0
        self._bar_width = _BAR_WIDTH
        # The speed is that of the latest steps: the first one compiles the program.
        self._times: deque[tuple[int, float]] = deque(maxlen=50)
        self._rate: float | None = None

    def on_step_end(self, step: int, logs: dict[str, float]) -> None:
        """Shows the step if it is time to."""
        now = time.monotonic()
        self._times.append((step, now))
        if now - self._shown_at < self._interval and step != self.num_steps:
            return
        self._shown_at = now
        line = self._line(step, logs)
        if self._redraws:
            padding = " " * (self._width - len(line))
            self._width = len(line)
            end = "\n" if step == self.num_steps else ""
            self.stream.write(f"\r{line}{padding}{end}")
        else:
            self.stream.write(line + "\n")
        self.stream.flush()

    def say(self, text: str) -> None:
        """Shows a line of its own, out of the bar's way.

        What took the time until then, such as an evaluation, does not count into the
        speed of the training.
        """
        self._times.clear()
        if self._redraws:
            text = f"\r{text:{self._width}}"
        self.stream.write(f"{text}\n")
        self.stream.flush()

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """Leaves the line of a training that was stopped."""
        del logs
        if self._redraws and self._times and self._times[-1][0] != self.num_steps:
            self.stream.write("\n")
            self.stream.flush()

    def _line(self, step: int, logs: dict[str, float]) -> str:
        parts = [f"{'' if self._redraws else 'step '}{step}/{self.num_steps}"]
        parts.append(f"loss {logs['loss']:.4f}")
        if "accuracy" in logs:
            parts.append(f"accuracy {100 * logs['accuracy']:.1f}%")
        (first, begin), (last, end) = self._times[0], self._times[-1]
        if end > begin:
            self._rate = (last - first) / (end - begin)
        if self._rate is not None:
            parts.append(f"{self._rate * self.batch_size:.0f} images/s")
            parts.append(f"{_duration((self.num_steps - step) / self._rate)} left")
        line = "  ".join(parts)
        return self._bar(step, line) + line if self._redraws else line

    def _bar(self, step: int, line: str) -> str:
        """As long as the terminal's width allows: a wrapped line cannot be redrawn."""
        room = shutil.get_terminal_size().columns - len(line) - len("[]  ") - 1
        # It never grows again, or it would flicker as the numbers change their length.
        self._bar_width = width = min(self._bar_width, room)
        if width < _SHORTEST_BAR:
            return ""
        done = width * step // self.num_steps
        return f"[{'=' * done}{' ' * (width - done)}]  "


def _duration(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}"
