"""Makes the results of an evaluation known."""

from pathlib import Path

import tensorflow as tf

from sact_keras.data import ImageDataset
from sact_keras.training.evaluation import Evaluation
from sact_keras.training.options import Options


class EvaluationReport:
    """Prints evaluations in the original's format, and writes JSON and summaries.

    Args:
        options: Resolved options; `eval_dir` says where to write.
        dataset: What is evaluated on; says which records it has left out.
    """

    def __init__(self, options: Options, dataset: ImageDataset) -> None:
        self.options = options
        self.dataset = dataset
        self.directory = Path(options.eval_dir)

    def __call__(self, evaluation: Evaluation, step: int | None, path: Path) -> None:
        """Reports on the checkpoint at `path`, saved at `step`."""
        options = self.options
        # Files before print: whoever reads what is printed may have gone.
        self._write(evaluation, step, path)
        at_step = "" if step is None else f" at step {step}"
        skipped = len(self.dataset.skipped)
        records = "record" if skipped == 1 else "records"
        without = f", without {skipped} bad {records}" if skipped else ""
        print(
            f"Evaluation{at_step} on {evaluation.num_examples} images of "
            f"{options.dataset}/{options.split_name}{without}: {path}"
        )
        print(evaluation, flush=True)

    def _write(self, evaluation: Evaluation, step: int | None, path: Path) -> None:
        options = self.options
        evaluation.write(
            self.directory,
            step=step,
            details={
                "checkpoint": str(path),
                "dataset": options.dataset,
                "split": options.split_name,
                "skipped_records": [str(error) for error in self.dataset.skipped],
                "model_type": options.model_type,
                "model": options.model,
                **options.method_arguments,
            },
        )
        writer = tf.summary.create_file_writer(str(self.directory))
        with writer.as_default(step=step or 0):
            for name, value in evaluation.values.items():
                tf.summary.scalar(name, value)
        writer.close()
