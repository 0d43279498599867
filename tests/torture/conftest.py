"""What the tests that kill, damage and starve the programs share."""

from collections import Counter

import pytest

_COUNTS = pytest.StashKey[Counter]()


def pytest_configure(config):
    config.stash[_COUNTS] = Counter()


@pytest.fixture
def count(request):
    """A function that counts what was survived, by name, for the summary."""

    def add(name, number=1):
        request.config.stash[_COUNTS][name] += number

    return add


def pytest_terminal_summary(terminalreporter, config):
    counts = config.stash[_COUNTS]
    if counts:
        terminalreporter.section("survived")
        for name, number in sorted(counts.items()):
            terminalreporter.write_line(f"{number:6,} {name}")
