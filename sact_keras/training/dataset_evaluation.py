"""Evaluates a model on what the options ask for."""

from collections.abc import Iterable, Iterator

import keras
import numpy as np

from sact_keras.data import DatasetError, ImageDataset
from sact_keras.training.evaluation import Evaluation
from sact_keras.training.evaluator import Evaluator
from sact_keras.training.image_groups import image_groups
from sact_keras.training.options import Options


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
            recall_at=options.recipe.recall_at,
        )

    def batches(self) -> Iterator[tuple]:
        """The examples; see `evaluation_batches`."""
        return evaluation_batches(self.options, self.dataset)

    def __call__(self) -> Evaluation:
        """Evaluates; raises as `batches` does."""
        size = num_evaluated(self.options, self.dataset)
        return self._evaluator(self.batches(), size)


def evaluation_batches(
    options: Options, dataset: ImageDataset, **how: bool
) -> Iterator[tuple]:
    """Yields the examples that the options ask for, each once.

    Args:
        options: Resolved options.
        dataset: What to evaluate on.
        **how: Further arguments of `dataset.evaluation_batches`.

    Raises:
        DatasetError: If bad records were skipped and none is left.
    """
    batches = dataset.evaluation_batches(
        options.eval_batch_size,
        split=options.split_name,
        num_examples=options.num_examples,
        preprocessing=options.preprocessing,
        **how,
    )
    is_empty = True
    for batch in batches:
        is_empty = False
        yield batch
    if is_empty:
        raise DatasetError(
            f"there is no good record in {dataset.name}/{options.split_name}"
        )


def first_images(options: Options, dataset: ImageDataset, number: int) -> np.ndarray:
    """The first images that would be evaluated, as the network sees them.

    Args:
        options: Resolved options.
        dataset: What would be evaluated on.
        number: How many at most; at least 1.

    Returns:
        float32 [n, H, W, 3]; n is less than `number` where there are fewer.

    Raises:
        DatasetError: If bad records were skipped and none is left.
    """
    number = min(number, num_evaluated(options, dataset))
    batches = evaluation_batches(options.replace(num_examples=number), dataset)
    return np.concatenate([images for images, _ in batches])


def evaluated_images(
    options: Options, dataset: ImageDataset, indices: Iterable[int]
) -> dict[int, tuple[np.ndarray, int]]:
    """Fetches images that were evaluated, as they look.

    The data set is read anew, as far as the last of them.

    Args:
        options: Resolved options, as in the evaluation.
        dataset: What was evaluated on.
        indices: Which images: their places in the order of evaluation, from 0.

    Returns:
        Place -> (pixels, uint8 [H, W, 3], and label).
    """
    wanted = {int(index) for index in indices}
    groups = image_groups(
        evaluation_batches(options, dataset, normalized=False),
        options.eval_batch_size,
        num_examples=max(wanted) + 1,
        description="Fetching images",
    )
    found, begin = {}, 0
    for images, labels, count in groups:
        end = begin + count
        for index in wanted.intersection(range(begin, end)):
            pixels = np.rint(images[index - begin]).astype(np.uint8)
            found[index] = pixels, int(labels[index - begin])
        if len(found) == len(wanted):
            break
        begin = end
    return found


def num_evaluated(options: Options, dataset: ImageDataset) -> int:
    """How many examples the options ask for, bad records included."""
    if options.num_examples is not None:
        return options.num_examples
    return dataset.num_examples[options.split_name]
