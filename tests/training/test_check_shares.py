import pytest
from tiny_training import TinyDataset, tiny_options

from sact_keras.training.distribution.check_shares import check_shares
from sact_keras.training.distribution.distribution import ALONE
from sact_keras.training.usage_error import UsageError


def test_a_batch_must_divide_into_micro_batches():
    options = tiny_options("unused", batch_size=12, accumulate_steps=3)
    check_shares(options, TinyDataset(), ALONE)
    with pytest.raises(UsageError, match=r"a multiple of 5.*Received: --batch_size=12"):
        check_shares(options.replace(accumulate_steps=5), TinyDataset(), ALONE)
