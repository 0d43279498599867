"""The image files that a pattern on a command line stands for."""

import glob
from pathlib import Path


def find_image_files(pattern: str) -> list[Path]:
    """Finds files by a pattern, in the order of their names.

    Args:
        pattern: As a shell has it; `**` stands for any directories. `~` is the home
            directory.

    Raises:
        FileNotFoundError: If no file is of that pattern.
    """
    # Not `Path.glob`: a pattern may begin anywhere.
    names = glob.glob(str(Path(pattern).expanduser()), recursive=True)  # noqa: PTH207
    files = [path for path in map(Path, sorted(names)) if path.is_file()]
    if not files:
        raise FileNotFoundError(
            "--images_pattern must be the pattern of some files. "
            f"Received: --images_pattern={pattern}, of which there is none"
        )
    return files
