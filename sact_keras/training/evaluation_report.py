"""Makes the results of an evaluation known."""

from pathlib import Path
from typing import Any

import tensorflow as tf

from sact_keras.data import ImageDataset
from sact_keras.files.errors_named import errors_named
from sact_keras.training.evaluation import Evaluation
from sact_keras.training.options import Options
from sact_keras.training.policy_report import write_policies
from sact_keras.training.result_files import (
    describe_checkpoint,
    format_json,
    write_result,
)
from sact_keras.training.unit_rates import UnitRates


class EvaluationReport:
    """Prints evaluations in the original's format, and writes JSON and summaries.

    Where the network decides, how often each unit runs for each class is written, and
    drawn, beside it: gate_rates.json and gate_rates.png. Where a policy network decides
    for it, its policies are, too: policies.json and policies.png.

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
        details = describe_checkpoint(path, self.options, self.dataset)
        evaluation.write(self.directory, step=step, details=details)
        about = {"step": step, "num_examples": evaluation.num_examples, **details}
        if evaluation.unit_rates is not None:
            self._write_rates(evaluation.unit_rates, step, about)
        if evaluation.policy_usage is not None:
            write_policies(
                evaluation.policy_usage,
                self.options,
                self.dataset,
                step=step,
                about=about,
            )
        with errors_named(self.directory, tf.errors.OpError):
            writer = tf.summary.create_file_writer(str(self.directory))
            with writer.as_default(step=step or 0):
                for name, value in evaluation.values.items():
                    tf.summary.scalar(name, value)
            writer.close()

    def _write_rates(
        self, rates: UnitRates, step: int | None, about: dict[str, Any]
    ) -> None:
        # matplotlib takes half a second to import; only who draws has to wait for it.
        from sact_keras.visualization.unit_rate_heatmap import draw_unit_rates

        class_names = self.dataset.class_names
        content = about | rates.as_dict(class_names)
        picture = draw_unit_rates(
            rates.by_class,
            rates.mean,
            class_names,
            rates.num_units,
            target_rates=rates.target_rates,
        )
        for suffix, data in ((".json", format_json(content)), (".png", picture)):
            write_result(
                self.directory, "gate_rates", step=step, content=data, suffix=suffix
            )
