"""Prunes a network's smallest weights while it is trained."""

import io
import zipfile
from collections.abc import Callable, Collection
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from sact_keras.compression.prunable_kernels import prunable_kernels
from sact_keras.compression.pruned_kernel import PrunedKernel
from sact_keras.compression.pruning_choices import PRUNE_ALSO, PRUNE_BLOCKS
from sact_keras.compression.toolkit import import_pruning
from sact_keras.models.tensorflow_only import require_tensorflow

Schedule = Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]


class PruneLowMagnitude(keras.callbacks.Callback):
    """Callback that prunes the weights of smallest magnitude, ever more of them.

    At the steps that a schedule names, the mask of each kernel is computed anew: of n
    weights round(n (1 - sparsity)) are kept, those of greatest magnitude (Zhu & Gupta,
    "To prune, or not to prune", 2017). Between these steps the masks stay, and after
    every update the pruned weights are put back to zero. Schedules and masks are those
    of tensorflow-model-optimization, and so are the results: those of its own wrapper
    around a Keras 2 twin. Like there, step 1 is the first, and a mask is computed from
    what the last update has made of all weights, pruned ones too, so that a weight may
    come back.

    It serves any Keras 3 model on the TensorFlow backend, under MirroredStrategy and
    MultiWorkerMirroredStrategy as well. The state survives from one `fit` to the next;
    to go on in another process, save what `encode` returns along with the model, and
    give it to `decode` there.

    Args:
        schedule: `tfmot.sparsity.keras.PolynomialDecay` or `ConstantSparsity`; or any
            function of the step that returns whether masks are to be computed, and the
            sparsity.
        block: What is kept or pruned as one. "1x1": a weight. "1x4": the weights of
            four neighbouring output channels, by their mean magnitude. "2:4": of each
            four weights of neighbouring input channels the smaller two, once, at the
            schedule's first step, whatever its sparsity.
        also: What of a network is pruned that is otherwise left alone: "decisions",
            "last_layer" (see `prunable_kernels`).
        kernels: The variables to prune, in place of those that `also` leads to.

    Attributes:
        step: Steps made so far.
        sparsity: Share of pruned weights among those that may be pruned, in [0, 1].

    Raises:
        ValueError: If `block` or `also` is none of these. As soon as there is a model:
            if it has nothing to prune or, for blocks of 1x4, a kernel of one input or
            of four outputs or fewer, or makes several steps in one call, between which
            nothing could be put back.
        RuntimeError: Then, too, if Keras runs on another backend.
        MissingExtraError: If tensorflow-model-optimization is not installed.

    Example:
        >>> from sact_keras.compression.toolkit import import_toolkit
        >>> sparsity = import_toolkit().sparsity.keras  # usually tfmot.sparsity.keras
        >>> model = keras.Sequential(
        ...     [keras.Input((8,)), keras.layers.Dense(10), keras.layers.Dense(1)]
        ... )
        >>> model.compile("sgd", "mse")
        >>> images, targets = np.ones((6, 8)), np.ones((6, 1))
        >>> pruning = PruneLowMagnitude(sparsity.PolynomialDecay(0.0, 0.75, 0, 3, 3, 1))
        >>> history = model.fit(
        ...     images, targets, batch_size=2, callbacks=[pruning], verbose=0
        ... )
        >>> pruning.sparsity, int(np.sum(model.layers[0].get_weights()[0] != 0))
        (0.75, 20)
    """

    file_name = "pruning.npz"
    """What `encode` returns is called in a checkpoint."""

    def __init__(
        self,
        schedule: Schedule,
        block: str = "1x1",
        also: Collection[str] = (),
        kernels: Collection[keras.Variable] | None = None,
    ) -> None:
        super().__init__()
        if block not in PRUNE_BLOCKS:
            raise ValueError(
                f"block must be one of {', '.join(PRUNE_BLOCKS)}. "
                f"Received: block={block!r}"
            )
        if not set(also) <= set(PRUNE_ALSO):
            raise ValueError(
                f"also must be among {', '.join(PRUNE_ALSO)}. Received: {sorted(also)}"
            )
        self.schedule = schedule
        self.block = block
        self.also = tuple(also)
        self.kernels = kernels
        self.step = 0
        self.sparsity = 0.0
        self._pruned: list[PrunedKernel] = []
        self._of_model: keras.Model | None = None
        self._toolkit: Any = None

    @property
    def variables(self) -> list[keras.Variable]:
        """The state beside `step`: of each kernel a mask, and what it removes."""
        return [variable for each in self._pruned for variable in each.variables]

    def set_model(self, model: keras.Model) -> None:
        """Makes the masks, which at first keep everything.

        Keras calls it at the beginning of `fit`. Call it before to `decode` a state.
        """
        super().set_model(model)
        if model is self._of_model:
            return
        require_tensorflow("PruneLowMagnitude")
        pruning = import_pruning()
        kernels = self.kernels or prunable_kernels(model, self.also)
        if self.block == "1x4":
            _check_matrices(kernels)
        with model.distribute_strategy.scope():
            self._pruned = [
                PrunedKernel(kernel, as_matrix=self.block == "1x4")
                for kernel in kernels
            ]
            self._toolkit = pruning.Pruning(
                training_step_fn=self._step_for_toolkit,
                pruning_vars=[each.for_toolkit for each in self._pruned],
                pruning_schedule=self.schedule,
                block_size=(1, 4) if self.block == "1x4" else (1, 1),
                block_pooling_type="AVG",
                sparsity_m_by_n=(2, 4) if self.block == "2:4" else None,
            )
        self._of_model = model

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Checks that every update can be followed by its masks."""
        del logs
        if self.model.steps_per_execution != 1:
            raise ValueError(
                "model must be compiled with steps_per_execution=1: pruned weights are "
                "put back to zero after every step. Received: "
                f"steps_per_execution={self.model.steps_per_execution}"
            )

    def on_train_batch_begin(
        self, batch: int, logs: dict[str, Any] | None = None
    ) -> None:
        """Computes the masks anew where the schedule says so."""
        del batch, logs
        if self._is_due(self.step + 1):
            with self.model.distribute_strategy.scope():
                for each in self._pruned:
                    each.restore_removed()
                self._toolkit.conditional_mask_update()
                self._toolkit.weight_mask_op()
            self._measure()

    def on_train_batch_end(
        self, batch: int, logs: dict[str, Any] | None = None
    ) -> None:
        """Puts pruned weights back to zero; adds the sparsity to the logs."""
        del batch
        self.step += 1
        with self.model.distribute_strategy.scope():
            if self._is_due(self.step + 1):
                for each in self._pruned:
                    each.keep_removed()
            self._toolkit.weight_mask_op()
        if logs is not None:
            logs["sparsity"] = self.sparsity

    def encode(self) -> bytes:
        """The state: a bit for each weight, the step, and what may come back."""
        arrays: dict[str, Any] = {"step": np.int64(self.step)}
        for index, each in enumerate(self._pruned):
            mask, removed = map(keras.ops.convert_to_numpy, each.variables)
            arrays[f"mask_{index}"] = np.packbits(mask.astype(bool))
            if removed.any():
                arrays[f"removed_{index}"] = removed
        content = io.BytesIO()
        np.savez_compressed(content, **arrays)
        return content.getvalue()

    def decode(self, content: bytes) -> None:
        """Puts the state back to what `encode` returned.

        Args:
            content: Of the same model with the same `block`; its weights are to be
                those of the same step.

        Raises:
            ValueError: If it is of other kernels, or damaged.
        """
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
                step, values = int(arrays["step"]), self._decode(arrays)
        except (KeyError, EOFError, zipfile.BadZipFile) as error:
            raise ValueError(f"content is no state of a pruning: {error}") from error
        self.step = step
        for variable, value in zip(self.variables, values, strict=True):
            variable.assign(value)
        self._measure()

    def _decode(self, arrays: Any) -> list[np.ndarray]:
        values = []
        for index, each in enumerate(self._pruned):
            mask, removed = each.variables
            size = int(np.prod(mask.shape))
            bits = arrays[f"mask_{index}"]
            if bits.dtype != np.uint8 or bits.shape != (-(-size // 8),):
                raise ValueError(
                    f"content must hold masks of the kernels' sizes, {size} bits of "
                    f"{each.kernel.path}. Received: {8 * bits.size}"
                )
            values.append(np.unpackbits(bits, count=size).reshape(mask.shape))
            key = f"removed_{index}"
            value = arrays[key] if key in arrays else np.zeros(removed.shape)
            values.append(np.reshape(value, removed.shape))
        return values

    def _is_due(self, step: int) -> bool:
        """Whether masks are to be computed before a step."""
        if self.block == "2:4":
            return step == self._first_step
        return bool(self.schedule(tf.constant(step, tf.int64))[0])

    def _step_for_toolkit(self) -> tf.Tensor:
        """The step that is about to be made, which begins at 1."""
        step = self.step + 1
        if self.block == "2:4":
            # The toolkit computes these masks at step 1 alone.
            step += 1 - self._first_step
        return tf.constant(step, tf.int64)

    @property
    def _first_step(self) -> int:
        return max(getattr(self.schedule, "begin_step", 1), 1)

    def _measure(self) -> None:
        kept = [keras.ops.convert_to_numpy(each.mask) for each in self._pruned]
        total = sum(mask.size for mask in kept)
        pruned = total - sum(int(np.count_nonzero(mask)) for mask in kept)
        self.sparsity = pruned / total


def _check_matrices(kernels: Collection[keras.Variable]) -> None:
    for kernel in kernels:
        *inputs, outputs = kernel.shape
        # The toolkit cannot tell a single row or column of blocks from a vector.
        if np.prod(inputs) < 2 or outputs <= 4:
            raise ValueError(
                "block=1x4 needs kernels of more than one input and four outputs. "
                f"Received: {kernel.path} of the shape {tuple(kernel.shape)}"
            )
