"""A network beside the TensorFlow Lite file that was made of it."""

import dataclasses

import numpy as np
import tensorflow as tf

from sact_keras.compression.tflite_graph import to_pixels
from sact_keras.compression.tflite_model import TFLiteModel
from sact_keras.data import ImageDataset
from sact_keras.models import AdaptiveResNet
from sact_keras.training.data_faults import faults_of
from sact_keras.training.dataset_evaluation import evaluation_batches, num_evaluated
from sact_keras.training.image_groups import image_groups
from sact_keras.training.options import Options


@dataclasses.dataclass(frozen=True)
class TFLiteComparison:
    """What a network and its file say of the same images.

    Attributes:
        num_examples: Images compared.
        accuracy: The network's, a fraction of 1.
        tflite_accuracy: The file's.
        agreement: The share of the images of which both say the same class.
        mean_flops: Of the network; None where nothing is decided.
        tflite_mean_flops: Of the file, likewise.
        same_flops: The share of the images that cost the same in both, likewise.
        flops_difference: By what share of its FLOPs in the network an image's differ in
            the file, either way, the mean over the images; likewise.
    """

    num_examples: int
    accuracy: float
    tflite_accuracy: float
    agreement: float
    mean_flops: float | None = None
    tflite_mean_flops: float | None = None
    same_flops: float | None = None
    flops_difference: float | None = None

    @property
    def values(self) -> dict[str, float]:
        """What is known, under the names that are printed."""
        named = {
            "eval/Accuracy": self.accuracy,
            "tflite/Accuracy": self.tflite_accuracy,
            "tflite/Agreement": self.agreement,
            "Total Flops/mean": self.mean_flops,
            "tflite/Total Flops/mean": self.tflite_mean_flops,
            "tflite/Same Flops": self.same_flops,
            "tflite/Flops Difference": self.flops_difference,
        }
        return {name: value for name, value in named.items() if value is not None}


def compare(
    model: AdaptiveResNet, file: TFLiteModel, dataset: ImageDataset, options: Options
) -> TFLiteComparison:
    """Runs a network and its file on the same images of a data set.

    Args:
        model: The network, which gets the images as in any evaluation.
        file: The file, which gets them as 8-bit pixels.
        dataset: The data set.
        options: Resolved options: the split, how many examples, the batch size, the
            preparation of the images.

    Raises:
        DatasetError: If an example cannot be read.
    """
    decides = model.model_type != "vanilla"

    @tf.function(autograph=False)
    def run(pixels: tf.Tensor) -> dict[str, tf.Tensor]:
        images = dataset.normalize(pixels, preprocessing=options.preprocessing)
        outputs = model(images, training=False)
        return {"logits": outputs["logits"], "flops": outputs["flops"]}

    groups = image_groups(
        evaluation_batches(options, dataset, normalized=False),
        options.eval_batch_size,
        num_examples=num_evaluated(options, dataset),
        description="Comparing",
    )
    labels, classes, flops = [], [], []
    with faults_of(dataset):
        for group in groups:
            count = slice(group.count)
            expected = run(group.images)
            found = file(to_pixels(group.images[count]))
            labels.append(group.labels[count])
            classes.append(
                [
                    np.argmax(expected["logits"].numpy()[count], axis=1),
                    np.argmax(found["probabilities"], axis=1),
                ]
            )
            if decides:
                flops.append([expected["flops"].numpy()[count], found["flops"]])
    label = np.concatenate(labels)
    before, after = np.concatenate(classes, axis=1)
    costs = {}
    if decides:
        cost, tflite_cost = np.concatenate(flops, axis=1)
        costs = {
            "mean_flops": float(np.mean(cost)),
            "tflite_mean_flops": float(np.mean(tflite_cost)),
            "same_flops": float(np.mean(cost == tflite_cost)),
            "flops_difference": float(np.mean(np.abs(tflite_cost - cost) / cost)),
        }
    return TFLiteComparison(
        num_examples=len(label),
        accuracy=float(np.mean(before == label)),
        tflite_accuracy=float(np.mean(after == label)),
        agreement=float(np.mean(before == after)),
        **costs,
    )
