"""What a checkpoint may keep beside the model."""

from typing import Protocol


class Companion(Protocol):
    """State of a training that is no variable of its model or its optimizer.

    Attributes:
        file_name: Its file in a checkpoint's directory.
    """

    file_name: str

    def encode(self) -> bytes:
        """The state, as the content of that file."""

    def decode(self, content: bytes) -> None:
        """Puts the state back to what `encode` returned.

        Raises:
            ValueError: If the content is of something else.
        """
