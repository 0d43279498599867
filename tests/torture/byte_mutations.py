"""Changes bytes as disks, networks and programs do, without knowing what they mean."""

import numpy as np

_INTERESTING = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 2**31 - 1, 2**31, 2**32 - 1)


def mutate(content: bytes, random: np.random.Generator) -> tuple[str, bytes]:
    """Draws a mutation.

    Args:
        content: at least 16 bytes.
        random: what is drawn from.

    Returns:
        The mutation's name, and bytes that are not `content`.
    """
    while True:
        name = str(random.choice(list(MUTATIONS)))
        mutated = bytearray(content)
        MUTATIONS[name](mutated, random)
        if mutated != content:
            return name, bytes(mutated)


def _range(content: bytearray, random: np.random.Generator) -> tuple[int, int]:
    """A place and a length within, short ones as likely as long ones."""
    length = int(len(content) ** random.uniform(0, 0.99))
    start = int(random.integers(len(content) - length + 1))
    return start, start + length


def _flip_bits(content, random):
    for _ in range(random.integers(1, 9)):
        content[random.integers(len(content))] ^= 1 << random.integers(8)


def _replace_bytes(content, random):
    for _ in range(random.integers(1, 9)):
        content[random.integers(len(content))] = random.integers(256)


def _insert(content, random):
    place = random.integers(len(content) + 1)
    content[place:place] = random.bytes(random.integers(1, 64))


def _delete(content, random):
    start, end = _range(content, random)
    del content[start:end]


def _truncate(content, random):
    del content[random.integers(len(content)) :]


def _append(content, random):
    content += random.bytes(random.integers(1, 300))


def _splice(content, random):
    start, end = _range(content, random)
    place = random.integers(len(content))
    content[place : place + end - start] = content[start:end]


def _repeat(content, random):
    start, end = _range(content, random)
    content[end:end] = content[start:end]


def _swap_blocks(content, random):
    first, second = sorted(random.integers(len(content), size=2).tolist())
    length = min(int(random.integers(1, 513)), second - first, len(content) - second)
    one = content[first : first + length]
    content[first : first + length] = content[second : second + length]
    content[second : second + length] = one


def _overwrite_number(content, random):
    """As where a length, an offset or a count is wrong."""
    size = int(random.choice([1, 2, 4, 8]))
    place = random.integers(len(content) - size + 1)
    order = str(random.choice(["little", "big"]))
    old = int.from_bytes(content[place : place + size], order)
    near = int(random.choice([-16, -4, -1, 1, 4, 16])) + old
    new = near if random.random() < 0.5 else int(random.choice(_INTERESTING))
    if random.random() < 0.2:
        new = int(random.integers(2**63)) * 2
    content[place : place + size] = (new % 256**size).to_bytes(size, order)


def _fill(content, random):
    start, end = _range(content, random)
    content[start:end] = bytes([random.choice([0, 0, 0xFF])]) * (end - start)


MUTATIONS = {
    "bits flipped": _flip_bits,
    "bytes replaced": _replace_bytes,
    "bytes inserted": _insert,
    "bytes deleted": _delete,
    "cut short": _truncate,
    "bytes appended": _append,
    "spliced": _splice,
    "repeated": _repeat,
    "blocks swapped": _swap_blocks,
    "number overwritten": _overwrite_number,
    "filled": _fill,
}
