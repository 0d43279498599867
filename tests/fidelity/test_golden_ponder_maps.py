"""The file of ponder maps, beside what the original computed."""

import h5py
import numpy as np
import pytest
from test_golden import assert_same, load_model, our_name

import sact_keras
from sact_keras.visualization import PonderMapFile


@pytest.mark.parametrize("name", ["v1", "v4", "v5"])
def test_file_holds_what_the_original_computed(golden_case, tmp_path, name):
    case = golden_case(name)
    maps = sact_keras.ponder_maps(load_model(case), case.evaluation["images"])
    with PonderMapFile(tmp_path / "maps.h5") as file:
        file.append(maps)
    compared = 0
    with h5py.File(tmp_path / "maps.h5") as file:
        blocks = [our_name(block) for block in case.options["block_scopes"]]
        assert list(file.attrs["block_scopes"]) == blocks
        for key, expected in case.evaluation.items():
            # As the original has it, the last axis of its maps included.
            if our_name(key) in file:
                assert file[our_name(key)].shape == expected.shape, key
                assert_same(key, np.asarray(file[our_name(key)]), expected)
                compared += 1
    maps_of_pixels = 2 * (case.options["model_type"] == "sact")
    assert compared == 3 + 4 * len(blocks) + maps_of_pixels  # images, flops, logits.
