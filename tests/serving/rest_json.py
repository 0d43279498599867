"""From JSON to tensors and back, by the rules of TensorFlow Serving's REST API."""

import base64
import binascii
import json

import numpy as np
from serving.served_model import ServingError


def parse_request(body):
    """(signature, "instances" or "inputs", their value) of a request's body."""
    try:
        content = json.loads(body)
    except ValueError as error:
        raise _invalid(f"JSON Parse error: {error}") from error
    if not isinstance(content, dict):
        raise _invalid(f"JSON Value: {body[:100]!r} Is not object")
    signature = content.get("signature_name", "")
    if not isinstance(signature, str):
        raise _invalid("'signature_name' key must be a string value.")
    keys = {"instances", "inputs"} & set(content)
    if not keys:
        raise _invalid("Missing 'inputs' or 'instances' key")
    if len(keys) == 2:
        raise _invalid(
            "Not formatted correctly expecting only one of 'inputs' or 'instances' "
            "keys to exist"
        )
    (key,) = keys
    return signature, key, content[key]


def read_instances(instances, specs):
    """Rows: a value, or an object of values, for each element of the batch."""
    if not isinstance(instances, list):
        raise _invalid("Excepting 'instances' to be an list/array")
    if not instances:
        raise _invalid("No values in 'instances' array")
    named = _is_object(instances[0])
    if not named and len(specs) > 1:
        raise _invalid(
            "instances is a plain list, but expecting list of objects as multiple "
            "input tensors required as per tensorinfo_map"
        )
    columns = {name: [] for name in specs}
    for index, instance in enumerate(instances):
        if _is_object(instance) != named:
            expected = "object" if named else "value/list"
            raise _invalid(f"Expecting {expected} at item {index} of input list")
        row = instance if named else {next(iter(specs)): instance}
        if set(row) != set(specs):
            raise _invalid(
                f"Failed to process element: {index} of 'instances' list. JSON object: "
                f"keys must be equal to: {','.join(sorted(specs))}"
            )
        for name, value in row.items():
            try:
                columns[name].append(_to_array(value, specs[name].dtype))
            except ServingError as error:
                raise _invalid(
                    f"Failed to process element: {index} key: {name} of 'instances' "
                    f"list. Error: {error}"
                ) from error
            if columns[name][-1].shape != columns[name][0].shape:
                raise _invalid(
                    f"Failed to process element: {index} key: {name} of 'instances' "
                    f"list. Error: Expecting shape {columns[name][0].shape} but got: "
                    f"{columns[name][-1].shape}"
                )
    return {name: np.stack(values) for name, values in columns.items()}


def read_inputs(inputs, specs):
    """Columns: a tensor, or an object of tensors."""
    if not _is_object(inputs):
        if len(specs) > 1:
            raise _invalid(
                "inputs is a plain value/list, but expecting an object as multiple "
                "input tensors required as per tensorinfo_map"
            )
        inputs = {next(iter(specs)): inputs}
    for name in specs:
        if name not in inputs:
            raise _invalid(f"Missing named input: {name} in 'inputs' object.")
    return {name: _to_array(inputs[name], spec.dtype) for name, spec in specs.items()}


def write_rows(outputs):
    """{"predictions": an element for each of the batch}."""
    sizes = {name: value.shape[:1] for name, value in outputs.items()}
    for name, size in sizes.items():
        if not size:
            raise _invalid(f"Tensor name: {name} has no shape information ")
        if size != next(iter(sizes.values())):
            raise _invalid(
                f"Tensor name: {name} has inconsistent batch size: {size[0]}"
            )
    columns = {name: _to_json(name, value) for name, value in outputs.items()}
    if len(columns) == 1:
        return {"predictions": next(iter(columns.values()))}
    rows = zip(*columns.values(), strict=True)
    return {"predictions": [dict(zip(columns, row, strict=True)) for row in rows]}


def write_columns(outputs):
    """{"outputs": the tensor, or an object of tensors}."""
    columns = {name: _to_json(name, value) for name, value in outputs.items()}
    if len(columns) == 1:
        return {"outputs": next(iter(columns.values()))}
    return {"outputs": columns}


def _invalid(message):
    return ServingError("INVALID_ARGUMENT", message)


def _is_object(value):
    return isinstance(value, dict) and set(value) != {"b64"}


def _to_array(value, dtype):
    shape, first = [], value
    while isinstance(first, list):
        shape.append(len(first))
        first = first[0] if first else None
    flat = []
    _fill(value, shape, dtype, flat)
    array = np.empty(len(flat), dtype.as_numpy_dtype)
    array[:] = flat
    return array.reshape(shape)


def _fill(value, shape, dtype, flat, level=0):
    if not isinstance(value, list):
        if level != len(shape):
            raise _invalid(
                f"JSON Value: {str(value)[:40]} found at incorrect level: {level + 1} "
                f"in the JSON DOM. Expected at level: {len(shape)}"
            )
        flat.append(_to_scalar(value, dtype))
        return
    if level >= len(shape):
        raise _invalid(f"Encountered list at unexpected level: {level}")
    if len(value) != shape[level]:
        raise _invalid(
            f"Encountered list at unexpected size: {len(value)} at level: {level} "
            f"expected size: {shape[level]}"
        )
    for element in value:
        _fill(element, shape, dtype, flat, level + 1)


def _to_scalar(value, dtype):
    if dtype.name == "string":
        if isinstance(value, str):
            return value.encode()
        if isinstance(value, dict):
            try:
                return base64.b64decode(value["b64"], validate=True)
            except (KeyError, TypeError, binascii.Error) as error:
                raise _invalid("Unable to base64 decode") from error
    elif not isinstance(value, bool):
        numbers = int | float if dtype.is_floating else int
        if isinstance(value, numbers):
            return value
    raise _invalid(
        f"JSON Value: {json.dumps(value)[:40]} Type: {type(value).__name__} is not of "
        f"expected type: {dtype.name}"
    )


def _to_json(name, value):
    if value.dtype != object:
        return value.tolist()
    if name.endswith("_bytes"):  # The name alone tells binary from text.
        encoded = [{"b64": base64.b64encode(v).decode()} for v in value.ravel()]
    else:
        encoded = [v.decode() for v in value.ravel()]
    array = np.empty(len(encoded), object)
    array[:] = encoded
    return array.reshape(value.shape).tolist()
