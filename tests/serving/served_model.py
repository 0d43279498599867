"""The versions of a model, run as TensorFlow Serving runs them, for test servers."""

import numpy as np
import tensorflow as tf


class ServingError(Exception):
    """What the server answers instead: a status of gRPC by its name, and why."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class ServedModel:
    """Loads every version of a model.

    Args:
        name: What requests call it.
        base_path: The directory of its versions.
        labels: Names of versions.
    """

    def __init__(self, name, base_path, labels=None):
        self.name = name
        self.labels = dict(labels or {})
        self.directories = {
            int(path.name): path for path in base_path.iterdir() if path.name.isdigit()
        }
        self._loaded = {
            version: tf.saved_model.load(str(path))
            for version, path in self.directories.items()
        }

    def find_version(self, name, version=None, label=None):
        """The number of the version that a request is for."""
        wanted = (
            f"Latest({name})" if version is None else f"Specific({name}, {version})"
        )
        not_found = ServingError(
            "NOT_FOUND", f"Servable not found for request: {wanted}"
        )
        if name != self.name:
            raise not_found
        if label is not None:
            if label not in self.labels:
                raise ServingError(
                    "INVALID_ARGUMENT", f"Unrecognized servable version label: {label}"
                )
            return self.labels[label]
        if version is None:
            return max(self._loaded)
        if version not in self._loaded:
            raise not_found
        return version

    def find_signature(self, version, signature):
        """A signature by its name; empty for the default."""
        signatures = self._loaded[version].signatures
        if (signature or "serving_default") not in signatures:
            raise ServingError(
                "INVALID_ARGUMENT",
                f'Serving signature name: "{signature}" not found in signature def',
            )
        return signatures[signature or "serving_default"]

    def input_specs(self, version, signature):
        """Name -> TensorSpec of what a signature takes."""
        return self.find_signature(version, signature).structured_input_signature[1]

    def run(self, version, signature, inputs):
        """Runs a signature on arrays; returns arrays by the outputs' names."""
        function, specs = (
            self.find_signature(version, signature),
            self.input_specs(version, signature),
        )
        if set(inputs) != set(specs):
            raise ServingError(
                "INVALID_ARGUMENT",
                "input tensor alias not found in signature: expected "
                f"{sorted(specs)}, got {sorted(inputs)}",
            )
        try:
            outputs = function(
                **{
                    name: tf.constant(value, specs[name].dtype)
                    for name, value in inputs.items()
                }
            )
        except (tf.errors.InvalidArgumentError, TypeError, ValueError) as error:
            # Python looks at types and shapes first, which the server leaves to the
            # graph: either way it is the request's fault.
            message = getattr(error, "message", str(error))
            raise ServingError("INVALID_ARGUMENT", message) from error
        return {name: np.asarray(value) for name, value in outputs.items()}
