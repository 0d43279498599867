"""Changes what an HDF5 file of weights holds, by HDF5's own means."""

from pathlib import Path

import h5py
import numpy as np

_NUMBERS = (np.nan, np.inf, -np.inf)


def mutate_hdf5(path: Path, random: np.random.Generator) -> str:
    """Changes an array or a group of a file; returns how."""
    name = str(random.choice(list(_MUTATIONS)))
    with h5py.File(path, "r+") as file:
        arrays: list[str] = []
        file.visititems(
            lambda key, item: (
                arrays.append(key) if isinstance(item, h5py.Dataset) else None
            )
        )
        weights = [key for key in arrays if not key.startswith("optimizer")]
        _MUTATIONS[name](file, str(random.choice(weights)), random)
    return f"HDF5: {name}"


def _replace(file: h5py.File, key: str, value, **options) -> None:
    del file[key]
    file.create_dataset(key, data=value, **options)


def _not_finite(file, key, random):
    value = np.array(file[key])
    value.flat[random.integers(max(value.size, 1))] = random.choice(_NUMBERS)
    file[key][()] = value


def _type(file, key, random):
    value = np.array(file[key])
    kind = str(random.choice(["f2", "f8", "i4", "u1", "c8", "?", "S3", "text"]))
    _replace(
        file,
        key,
        value.astype(object if kind == "text" else kind).astype(str).astype(object)
        if kind == "text"
        else value.astype(kind),
    )


def _too_large(file, key, random):
    """Doubles that float32 does not hold."""
    _replace(file, key, np.array(file[key], np.float64) + 1e300)


def _shape(file, key, random):
    value = np.array(file[key])
    shapes = [value[np.newaxis], value.ravel(), value.ravel()[:1], value.T]
    _replace(file, key, shapes[random.integers(len(shapes))])


def _exchanged(file, key, random):
    """An array in the place of one that may be of another shape."""
    other = str(random.choice([k for k in _arrays(file) if k != key]))
    file.move(key, "aside")
    file.move(other, key)
    file.move("aside", other)


def _arrays(file) -> list[str]:
    found: list[str] = []
    file.visititems(
        lambda key, item: found.append(key) if isinstance(item, h5py.Dataset) else None
    )
    return found


def _group_instead(file, key, random):
    del file[key]
    file.create_group(key)


def _named_otherwise(file, key, random):
    owner = key.rpartition("/")[0]
    name = str(random.choice(["-1", "x", "00", "1e3", "99999999999999999999", " 1"]))
    file.move(key, f"{owner}/{name}")


def _named_layer(file, key, random):
    names = [1.5, b"\xff\xfe", "", "..", np.zeros(3), h5py.Empty("f4")]
    file[key].parent.attrs["name"] = names[random.integers(len(names))]


def _no_layer_name(file, key, random):
    attributes = file[key].parent.attrs
    for name in list(attributes):
        del attributes[name]


def _one_more(file, key, random):
    owner = key.rpartition("/")[0]
    file[f"{owner}/7"] = np.zeros(3, "f4")


def _soft_link(file, key, random):
    other = str(random.choice(_arrays(file)))
    del file[key]
    file[key] = h5py.SoftLink(f"/{other}")


def _link_to_another_file(file, key, random):
    del file[key]
    file[key] = h5py.ExternalLink("/etc/passwd", "/")


def _bytes_of_another_file(file, key, random):
    """An array whose numbers are read of any file of the machine."""
    value = file[key]
    shape, kind = value.shape, value.dtype
    size = max(value.size, 1) * kind.itemsize
    del file[key]
    file.create_dataset(key, shape, kind, external=[("/usr/bin/env", 0, size)])


def _view_of_another_file(file, key, random):
    shape, kind = file[key].shape or (1,), file[key].dtype
    del file[key]
    layout = h5py.VirtualLayout(shape, kind)
    layout[...] = h5py.VirtualSource("/nowhere.h5", "x", shape)
    file.create_virtual_dataset(key, layout)


def _cycle(file, key, random):
    file[f"{key.rpartition('/')[0]}/again"] = file["/"]


def _huge(file, key, random):
    """Terabytes, of which nothing is stored."""
    del file[key]
    file.create_dataset(key, (2**20, 2**20), "f4", chunks=(1024, 1024))


def _huge_optimizer(file, key, random):
    file.require_group("optimizer/vars").create_dataset(
        "999", (2**20, 2**20), "f4", chunks=(1024, 1024)
    )


def _compressed(file, key, random):
    value = np.array(file[key])
    if value.ndim:
        _replace(file, key, value, compression="gzip", fletcher32=True)


_MUTATIONS = {
    "not finite": _not_finite,
    "another type": _type,
    "too large": _too_large,
    "another shape": _shape,
    "exchanged": _exchanged,
    "left out": lambda file, key, random: file.__delitem__(key),
    "group instead": _group_instead,
    "named otherwise": _named_otherwise,
    "layer named otherwise": _named_layer,
    "layer not named": _no_layer_name,
    "one more": _one_more,
    "soft link": _soft_link,
    "link to another file": _link_to_another_file,
    "bytes of another file": _bytes_of_another_file,
    "view of another file": _view_of_another_file,
    "cycle": _cycle,
    "huge": _huge,
    "huge optimizer": _huge_optimizer,
    "compressed": _compressed,
}
