"""Makes the results of an attack known."""

from pathlib import Path

from sact_keras.data import ImageDataset
from sact_keras.training.attack_evaluation import AttackEvaluation
from sact_keras.training.options import Options
from sact_keras.training.result_files import (
    describe_checkpoint,
    format_json,
    write_result,
)

_PICTURED = {
    "clean": "clean",
    "attacked": "attacked",
    "attacked_jpeg": "attacked + JPEG",
}
"""Version of an image that is drawn -> its name there."""


class AttackReport:
    """Prints what an attack did, and writes it as JSON and as a picture.

    Args:
        options: Resolved options; `eval_dir` says where to write.
        dataset: Whose images were attacked.
    """

    def __init__(self, options: Options, dataset: ImageDataset) -> None:
        self.options = options
        self.dataset = dataset

    def __call__(self, found: AttackEvaluation, step: int | None, path: Path) -> None:
        """Reports on the attack on the checkpoint at `path`, saved at `step`."""
        options = self.options
        # Files before print: whoever reads what is printed may have gone.
        for suffix, content in (
            (".json", self._json(found, step, path)),
            (".png", self._picture(found)),
        ):
            write_result(
                Path(options.eval_dir),
                "attack",
                step=step,
                content=content,
                suffix=suffix,
            )
        at_step = "" if step is None else f" at step {step}"
        print(
            f"Attack ({options.attack}, epsilon {options.epsilon:g}){at_step} on "
            f"{found.num_examples} images of {options.dataset}/{options.split_name}: "
            f"{path}"
        )
        print(found, flush=True)

    def _json(self, found: AttackEvaluation, step: int | None, path: Path) -> str:
        options = self.options
        content = {
            "step": step,
            "num_examples": found.num_examples,
            **describe_checkpoint(path, options, self.dataset),
            "attack": options.attack,
            "epsilon": options.epsilon,
            "jpeg_quality": options.jpeg_quality,
            "values": dict(found.values),
            "changed_decisions": dict(found.changed_decisions),
        }
        return format_json(content)

    def _picture(self, found: AttackEvaluation) -> bytes:
        # matplotlib takes half a second to import; only who draws has to wait for it.
        from sact_keras.visualization.image_versions import draw_image_versions

        names = self.dataset.class_names
        return draw_image_versions(
            {shown: found.pictures[name] for name, shown in _PICTURED.items()},
            {
                shown: [names[label] for label in found.predictions[name]]
                for name, shown in _PICTURED.items()
            },
            [names[label] for label in found.labels],
        )
