"""Changes what zip archives of weights hold; the archive's checksums are right."""

import io
import json
import pickle
import zipfile

import numpy as np
from byte_mutations import mutate
from torch_checkpoint import MAGIC, Running

_VALUES = (None, True, -1, 0, 1e400, 10**400, "x", "", [], {}, [[]], "\ud800")


def mutate_json(content: bytes, random: np.random.Generator) -> bytes:
    """Puts something else in the place of a value, anywhere in a JSON file."""
    document = json.loads(content)
    places: list[tuple] = []

    def visit(node) -> None:
        keys = node if isinstance(node, dict) else range(len(node))
        for key in keys:
            places.append((node, key))
            if isinstance(node[key], dict | list):
                visit(node[key])

    visit(document)
    # Those far outside as likely as the many far inside.
    node, key = places[int(len(places) ** random.random()) - 1]
    if isinstance(node, dict) and random.random() < 0.2:
        del node[key]
    elif random.random() < 0.1:
        return b"[" * 200_000
    else:
        node[key] = _VALUES[random.integers(len(_VALUES))]
    return json.dumps(document).encode("utf-8")


def mutate_archive(
    content: bytes, random: np.random.Generator, witness: object
) -> tuple[str, bytes]:
    """Draws a change of an archive's members; returns its name and the archive.

    Args:
        content: An archive of Keras or of PyTorch.
        random: What is drawn from.
        witness: A file that a pickle which is run makes.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = [(info.filename, archive.read(info)) for info in archive.infolist()]
    name = str(random.choice(list(_MUTATIONS)))
    options = _MUTATIONS[name](members, random, witness) or {}
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", **options) as archive:
        for member, data in members:
            archive.writestr(member, data)
    return f"archive: {name}", stream.getvalue()


def _left_out(members, random, witness):
    del members[random.integers(len(members))]


def _twice(members, random, witness):
    number = random.integers(len(members))
    name, data = members[number]
    members.insert(random.integers(len(members)), (name, _changed(data, random)))


def _swapped(members, random, witness):
    one, other = random.integers(len(members), size=2)
    (first, data), (second, more) = members[one], members[other]
    members[one], members[other] = (first, more), (second, data)


def _altered(members, random, witness):
    number = random.integers(len(members))
    name, data = members[number]
    members[number] = name, _changed(data, random)


def _altered_text(members, random, witness):
    """JSON, or the pickle of PyTorch."""
    for number, (name, data) in enumerate(members):
        if name.endswith("config.json"):
            members[number] = name, mutate_json(data, random)
        if name.endswith("data.pkl"):
            members[number] = name, mutate(data, random)[1]


def _changed(data, random):
    return mutate(data if len(data) >= 16 else data + bytes(16), random)[1]


def _compressed(members, random, witness):
    method = random.choice([zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    return {"compression": int(method)}


def _bomb(members, random, witness):
    """Gigabytes of zeros in a few megabytes."""
    number = random.integers(len(members))
    members[number] = members[number][0], bytes(2**30)
    return {"compression": zipfile.ZIP_DEFLATED, "compresslevel": 1}


def _program(members, random, witness):
    """A pickle that would run one."""
    for number, (name, data) in enumerate(members):
        if name.endswith("data.pkl"):
            members[number] = name, evil_pickle(data, random, witness)
    if random.random() < 0.2:
        root = members[0][0].partition("/")[0]
        members.append((f"{root}/constants.pkl", pickle.dumps(Running(witness))))


def _elsewhere(members, random, witness):
    members.append((f"../{witness.name}", b"x"))
    members.append((str(witness), b"x"))


def _another_class(members, random, witness):
    """A configuration that names what Keras should make."""
    for number, (name, data) in enumerate(members):
        if name.endswith("config.json"):
            config = json.loads(data)
            made = [
                ("os", "system", {"command": f"touch {witness}"}),
                ("builtins", "open", {"file": str(witness), "mode": "w"}),
                ("keras.layers", "Lambda", {"function": "lambda x: x"}),
                ("keras.utils", "get_file", {"fname": str(witness), "origin": "x"}),
                ("sact_keras.models", "AdaptiveResNet", {}),
                ("subprocess", "Popen", {"args": ["touch", str(witness)]}),
            ]
            module, kind, arguments = made[random.integers(len(made))]
            config |= {"module": module, "class_name": kind, "config": arguments}
            config["registered_name"] = random.choice([None, kind]) and kind
            members[number] = name, json.dumps(config).encode()


_MUTATIONS = {
    "member left out": _left_out,
    "member twice": _twice,
    "members swapped": _swapped,
    "member altered": _altered,
    "text altered": _altered_text,
    "compressed": _compressed,
    "bomb": _bomb,
    "program": _program,
    "names elsewhere": _elsewhere,
    "another class": _another_class,
}


def evil_pickle(data: bytes, random: np.random.Generator, witness: object) -> bytes:
    """A pickle that makes the file `witness`, alone or before another one."""
    running = pickle.dumps(Running(witness), protocol=2)
    if random.random() < 0.5:
        return running
    # Without its end it leaves what it made on the stack, and the rest goes on.
    return running[:-1] + b"0" + data[2:]


def evil_series(random: np.random.Generator, witness: object) -> bytes:
    """A file of PyTorch's older container of which one pickle would run a program."""
    system = {"protocol_version": 1001, "little_endian": True, "type_sizes": {}}
    parts = [MAGIC, 1001, system, {"state_dict": {}}, []]
    parts[random.integers(1, len(parts))] = Running(witness)
    return b"".join(pickle.dumps(part, protocol=2) for part in parts)
