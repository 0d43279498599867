"""Defines the flags of one group, for absl."""

from collections.abc import Callable, Sequence
from typing import Any

from absl import flags


class FlagGroup:
    """Defines flags, with the defaults of options, and remembers their names.

    Args:
        values: Where they are defined.
        title: What `--help` calls the group.
        defaults: Has an attribute for each flag: its default.

    Attributes:
        names: The flags defined so far, in their order.
    """

    def __init__(self, values: flags.FlagValues, title: str, defaults: Any) -> None:
        self.values = values
        self.title = title
        self.defaults = defaults
        self.names: list[str] = []

    def text(self, name: str, description: str) -> None:
        """Defines a flag that takes any text."""
        self._define(flags.DEFINE_string, name, description)

    def integer(self, name: str, description: str) -> None:
        """Defines a flag that takes a whole number."""
        self._define(flags.DEFINE_integer, name, description)

    def number(self, name: str, description: str) -> None:
        """Defines a flag that takes a number."""
        self._define(flags.DEFINE_float, name, description)

    def switch(self, name: str, description: str) -> None:
        """Defines a flag that is true or false."""
        self._define(flags.DEFINE_boolean, name, description)

    def choice(self, name: str, choices: Sequence[str], description: str) -> None:
        """Defines a flag that takes one of a few words."""
        self.names.append(name)
        flags.DEFINE_enum(
            name,
            getattr(self.defaults, name),
            choices,
            description,
            flag_values=self.values,
        )

    def _define(self, define: Callable, name: str, description: str) -> None:
        self.names.append(name)
        default = getattr(self.defaults, name)
        define(name, default, description, flag_values=self.values)
