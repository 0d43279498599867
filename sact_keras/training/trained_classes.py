"""The classes that a checkpoint's network tells apart."""

from pathlib import Path

from sact_keras.checkpoints.class_count import checkpoint_num_classes
from sact_keras.data import DatasetError, ImageDataset
from sact_keras.data.folder_files import find_class_names
from sact_keras.models.presets import DATASETS
from sact_keras.training.options import Options
from sact_keras.training.run_config import RunConfig
from sact_keras.training.usage_error import UsageError


def trained_num_classes(options: Options, path: Path) -> int | None:
    """How many classes a checkpoint's network has.

    Args:
        options: Resolved options of the network.
        path: The checkpoint.

    Returns:
        The number; None for that of the data set.

    Raises:
        UsageError: If neither the checkpoint nor the data set tells.
        DamagedFileError: If the checkpoint cannot be read.
    """
    found = checkpoint_num_classes(path)
    if found is not None or DATASETS[options.dataset].num_classes is not None:
        return found
    names = trained_class_names(options)
    if names is None:
        raise UsageError(
            f"--dataset={options.dataset} needs --dataset_dir for a checkpoint that "
            f"does not say how many classes it knows. Received: {path}"
        )
    return len(names)


def trained_class_names(options: Options) -> tuple[str, ...] | None:
    """The names of the classes that a folder of images has given to a network.

    Args:
        options: Options whose `checkpoint_dir` says which network, and whose data set
            is known.

    Returns:
        As the network's run has noted them, or else as the folder has them that the
        options name; None where it is of another data set, or nothing tells.

    Raises:
        DatasetError: If the folder that is asked cannot be read.
    """
    run = None
    if options.checkpoint_dir is not None:
        run = RunConfig.find(Path(options.checkpoint_dir))
    if run is not None and run.class_names is not None:
        return run.class_names
    if options.dataset != "folder" or options.dataset_dir is None:
        return None
    return find_class_names(options.dataset_dir)


def check_classes(dataset: ImageDataset, run: RunConfig | None) -> None:
    """Refuses data of other classes than a run has been trained on.

    Args:
        dataset: What it is to be evaluated, or trained on, from now on.
        run: The run; None where there is none, or none that the network is of.

    Raises:
        DatasetError: If the run's classes are known and others.
    """
    trained = None if run is None else run.class_names
    if trained not in (None, tuple(dataset.class_names)):
        raise DatasetError(
            f"the classes must be those that {run.directory} was trained on, "
            f"{', '.join(trained)}. Received: {', '.join(dataset.class_names)}"
        )
