"""Says what is wrong with the data, where TensorFlow says that a stream broke."""

import contextlib
import logging
from collections.abc import Iterator

import tensorflow as tf

from sact_keras.data import ImageDataset

logger = logging.getLogger(__name__)


@contextlib.contextmanager
def faults_of(dataset: ImageDataset) -> Iterator[None]:
    """Raises a data set's own fault in the place of TensorFlow's error.

    And at the end, says how many records were left out or replaced.
    """
    try:
        yield
    except tf.errors.OpError as error:
        if dataset.fault is None:
            raise
        raise dataset.fault from error
    finally:
        if dataset.skipped:
            logger.warning("Bad records skipped: %d", len(dataset.skipped))
