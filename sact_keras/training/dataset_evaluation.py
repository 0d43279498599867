"""Evaluates a model on what the options ask for."""

from collections.abc import Iterator

import keras

from sact_keras.data import DatasetError, ImageDataset
from sact_keras.training.evaluation import Evaluation
from sact_keras.training.evaluator import Evaluator
from sact_keras.training.options import Options
from sact_keras.training.recipes import RECIPES


class DatasetEvaluation:
    """Evaluates a model as it is, as often as it is called.

    Args:
        model: A built model.
        options: Resolved options: which split, how many examples, the batch size.
        dataset: What to evaluate on.
        jit_compile: Whether XLA compiles it.
    """

    def __init__(
        self,
        model: keras.Model,
        options: Options,
        dataset: ImageDataset,
        *,
        jit_compile: bool,
    ) -> None:
        self.options = options
        self.dataset = dataset
        self._evaluator = Evaluator(
            model,
            options.eval_batch_size,
            jit_compile=jit_compile,
            recall_at=RECIPES[options.dataset].recall_at,
        )

    def batches(self) -> Iterator[tuple]:
        """The examples, each once.

        Raises:
            DatasetError: If bad records were skipped and none is left.
        """
        batches = self.dataset.evaluation_batches(
            self.options.eval_batch_size,
            split=self.options.split_name,
            num_examples=self.options.num_examples,
        )
        is_empty = True
        for batch in batches:
            is_empty = False
            yield batch
        if is_empty:
            raise DatasetError(
                f"there is no good record in {self.dataset.name}/"
                f"{self.options.split_name}"
            )

    def __call__(self) -> Evaluation:
        """Evaluates; raises as `batches` does."""
        size = self.options.num_examples
        if size is None:
            size = self.dataset.num_examples[self.options.split_name]
        return self._evaluator(self.batches(), size)
