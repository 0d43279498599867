import keras
import numpy as np
import pytest

from sact_keras.checkpoints.assignment import Stored, assign_variables
from sact_keras.checkpoints.damaged_file_error import DamagedFileError
from sact_keras.checkpoints.mismatch import CheckpointMismatchError


@pytest.fixture
def variables():
    return {
        "w": Stored(keras.Variable(np.zeros((2, 3))), (1, 1, 2, 3)),
        "b": Stored(keras.Variable(np.zeros(3)), (3,)),
    }


def assign(variables, arrays, **kwargs):
    shapes = {name: array.shape for name, array in arrays.items()}
    assign_variables("a.ckpt", variables, shapes, arrays.__getitem__, **kwargs)


def assert_untouched(variables):
    for stored in variables.values():
        np.testing.assert_array_equal(stored.variable, 0.0)


def test_arrays_find_their_variables_and_take_their_shapes(variables):
    arrays = {"b": np.arange(3.0), "w": np.arange(6.0).reshape(1, 1, 2, 3)}
    assign(variables, arrays)
    np.testing.assert_array_equal(variables["b"].variable, [0, 1, 2])
    np.testing.assert_array_equal(variables["w"].variable, [[0, 1, 2], [3, 4, 5]])


def test_all_differences_are_named_and_nothing_is_assigned(variables):
    arrays = {"w": np.ones((1, 1, 3, 3)), "z": np.ones(1), "a": np.ones(1)}
    with pytest.raises(CheckpointMismatchError) as caught:
        assign(variables, arrays)
    assert caught.value.missing == ["b"]
    assert sorted(caught.value.unexpected) == ["a", "z"]
    assert caught.value.wrong_shapes == [("w", (1, 1, 2, 3), (1, 1, 3, 3))]
    assert_untouched(variables)


def test_same_size_in_another_shape_is_a_mismatch(variables):
    arrays = {"b": np.ones(3), "w": np.ones((1, 1, 3, 2))}
    with pytest.raises(CheckpointMismatchError):
        assign(variables, arrays)
    assert_untouched(variables)


def test_nothing_is_assigned_when_an_array_cannot_be_read(variables):
    def read(name):
        if name == "b":
            raise OSError("the disk is gone")
        return np.ones((1, 1, 2, 3))

    shapes = {"w": (1, 1, 2, 3), "b": (3,)}
    with pytest.raises(OSError, match="the disk is gone"):
        assign_variables("a.ckpt", variables, shapes, read)
    assert_untouched(variables)


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.array([1.0, np.nan, 1.0]), "b in a.ckpt holds a NaN or an infinity"),
        (np.array([1.0, 1e300, 1.0]), "b in a.ckpt holds a NaN or an infinity"),
        (np.ones(3, "int32"), "b in a.ckpt must be of float64. Received: int32"),
        (np.ones(3, "complex64"), "must be of float64. Received: complex64"),
        (np.array(["x"] * 3, object), "must be of float64. Received: object"),
    ],
)
def test_what_is_no_number_is_refused_before_any_is_assigned(variables, array, said):
    with pytest.raises(DamagedFileError, match=said):
        assign(variables, {"w": np.ones((1, 1, 2, 3)), "b": array})
    assert_untouched(variables)


DECIDING = "policy/logits/bias"


@pytest.mark.parametrize("keyword", ["skip_decisions", "only_decisions"])
def test_one_part_is_assigned_and_the_other_left(variables, keyword):
    variables[DECIDING] = Stored(keras.Variable(np.zeros(4)), (4,))
    arrays = {"b": np.ones(3), "w": np.ones((1, 1, 2, 3)), DECIDING: np.ones(4)}
    assign(variables, arrays, **{keyword: True})
    for name, stored in variables.items():
        assigned = (name == DECIDING) == (keyword == "only_decisions")
        np.testing.assert_array_equal(stored.variable, float(assigned))


def test_a_part_does_not_have_to_fit_for_the_other(variables):
    variables[DECIDING] = Stored(keras.Variable(np.zeros(4)), (4,))
    assign(variables, {DECIDING: np.ones(4), "other": np.ones(1)}, only_decisions=True)
    np.testing.assert_array_equal(variables[DECIDING].variable, 1.0)
    with pytest.raises(CheckpointMismatchError):
        assign(variables, {"b": np.ones(2), DECIDING: np.ones(4)}, skip_decisions=True)


def test_loading_nothing_is_no_success(variables):
    with pytest.raises(CheckpointMismatchError, match="the model has none"):
        assign(variables, {"b": np.ones(3)}, only_decisions=True)
    assert_untouched(variables)
