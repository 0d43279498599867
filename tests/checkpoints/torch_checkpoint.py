"""Writes files as PyTorch did, then and now."""

import io
import pickle
import zipfile

import pytest

MAGIC = 0x1950A86A20F9469CFC6C
"""The first of the pickles of a file of the old kind."""


CONTAINERS = pytest.mark.parametrize("old", [False, True], ids=["zip", "old"])


def write_torch(path, content, *, old=False):
    """Writes `content` as PyTorch does now, or as it did before 1.6."""
    import torch

    torch.save(content, path, _use_new_zipfile_serialization=not old)
    return path


def write_pickle(path, content, *, old=False):
    """Writes a file of PyTorch's with any pickle in it; needs no PyTorch."""
    if old:
        sizes = {"short": 2, "int": 4, "long": 4}
        system = {
            "protocol_version": 1001,
            "little_endian": True,
            "type_sizes": sizes,
        }
        parts = [MAGIC, 1001, system, content, []]
        path.write_bytes(b"".join(pickle.dumps(part, protocol=2) for part in parts))
        return path
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(content, protocol=2))
        archive.writestr("archive/byteorder", "little")
        archive.writestr("archive/version", "3\n")
    path.write_bytes(stream.getvalue())
    return path


class Running:
    """Runs a command when it is unpickled: makes the file `witness`."""

    def __init__(self, witness):
        self.witness = witness

    def __reduce__(self):
        return open, (str(self.witness), "w")
