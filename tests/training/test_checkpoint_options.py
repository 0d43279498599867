import keras
import pytest
from tiny_training import tiny_model, tiny_options

import sact_keras
from sact_keras.checkpoints.store import CheckpointStore
from sact_keras.training.checkpoint_options import resolve_checkpoint
from sact_keras.training.options import METHOD_FLAGS, Options
from sact_keras.training.run_config import RunConfig


def resolve(path, **options):
    return resolve_checkpoint(Options(mode="eval", checkpoint_dir=str(path), **options))


def test_a_run_says_all_about_itself(tmp_path):
    run = tiny_options(tmp_path, model="1_2_1", base_channels=4, tau=0.3)
    RunConfig.of(run).write(tmp_path)
    options, directory = resolve(tmp_path)
    assert directory == tmp_path.resolve()
    for name in ("model_type", "model", "base_channels", "tau", "eps", "dataset"):
        assert getattr(options, name) == getattr(run, name), name
    assert options.max_number_of_steps == run.max_number_of_steps


def test_what_was_given_stays(tmp_path):
    RunConfig.of(tiny_options(tmp_path, tau=0.3)).write(tmp_path)
    options, _ = resolve(tmp_path, tau=0.5, dataset="cifar10")
    assert (options.tau, options.dataset) == (0.5, "cifar10")
    # The price of another method is none of this one's.
    options, _ = resolve(tmp_path, model_type="vanilla")
    assert options.tau is None


def test_a_saved_model_knows_its_network(tmp_path):
    path = tmp_path / "small.keras"
    tiny_model("act", tau=0.7).save(path)
    options, directory = resolve(path)
    assert directory == tmp_path
    assert (options.model_type, options.model) == ("act", "1_2_1")
    assert (options.base_channels, options.tau) == (4, 0.7)
    # Three data sets have networks of this family.
    assert options.dataset is None


def test_a_saved_imagenet_model_knows_its_data_set(tmp_path):
    model = sact_keras.build_model(
        "sact", dataset="imagenet", model="1_1_1_1", base_channels=4
    )
    model.compile(keras.optimizers.SGD())
    CheckpointStore(tmp_path / "checkpoints").save(model, 3)
    options, _ = resolve(tmp_path / "checkpoints" / "step-00000003")
    assert (options.dataset, options.model) == ("imagenet", "1_1_1_1")


def test_another_family_has_a_model_of_its_own(tmp_path):
    run = tiny_options(tmp_path, dataset="imagenet", model="1_1_1_1", base_channels=4)
    RunConfig.of(run).write(tmp_path)
    options, _ = resolve(tmp_path, dataset="cifar10")
    assert (options.model, options.base_channels) == (None, None)


def test_a_copied_checkpoint_is_no_place_for_results(tmp_path):
    model = tiny_model()
    model.compile(keras.optimizers.SGD())
    CheckpointStore(tmp_path).save(model, 3)
    _, directory = resolve(tmp_path / "step-00000003")
    assert directory == tmp_path


def test_another_programs_config_is_passed_over(tmp_path):
    path = tmp_path / "deep" / "small.keras"
    path.parent.mkdir()
    tiny_model("act").save(path)
    (tmp_path / "config.json").write_text('{"foo": 1}')
    assert resolve(path)[0].model_type == "act"


def test_weights_alone_say_nothing(tmp_path):
    path = tmp_path / "small.weights.h5"
    tiny_model().save_weights(path)
    options, directory = resolve(path)
    assert directory == tmp_path
    assert options == Options(mode="eval", checkpoint_dir=str(path))


def test_nothing_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no such path"):
        resolve(tmp_path / "none")
    with pytest.raises(FileNotFoundError, match="the directory is empty"):
        resolve(tmp_path)


@pytest.mark.parametrize(
    "flags",
    [
        {"model_type": "aig", "target_rates": "1,t,0.5,t", "target_rate": 0.3},
        {"model_type": "aig", "variant": "dynconv", "preprocessing": "sact"},
        {"model_type": "dynconv", "budget": 0.25},
        {"model_type": "vanilla", "variant": "aig"},
        {"model_type": "blockdrop", "stage": "pretrain"},
        {"model_type": "blockdrop", "stage": "curriculum", "penalty": -3.0},
        {"model_type": "blockdrop", "stage": "finetune", "alpha": 0.9},
    ],
)
def test_a_run_of_any_method_says_all_about_itself(tmp_path, flags):
    run = tiny_options(tmp_path, model="1_2_1", base_channels=4, **flags)
    RunConfig.of(run).write(tmp_path)
    options = resolve(tmp_path)[0].resolve_model()
    for name in ("model_type", "model", "variant", "preprocessing", *METHOD_FLAGS):
        assert getattr(options, name) == getattr(run, name), name


def test_gates_may_be_evaluated_otherwise_than_they_were(tmp_path):
    run = tiny_options(tmp_path, model_type="aig", target_rate=0.3)
    RunConfig.of(run).write(tmp_path)
    options, _ = resolve(tmp_path, gate_eval="sample")
    arguments = options.resolve_model().method_arguments
    assert arguments == {**run.method_arguments, "gate_eval": "sample"}


@pytest.mark.parametrize(
    ("model_type", "arguments"),
    [("aig", {"target_rates": "0.5,t,1,1"}), ("dynconv", {"budget": 0.3})],
)
def test_a_saved_gated_model_knows_its_network(tmp_path, model_type, arguments):
    path = tmp_path / "small.keras"
    tiny_model(model_type, **arguments).save(path)
    options, _ = resolve(path)
    assert (options.model_type, options.model) == (model_type, "1_2_1")
    assert options.variant == model_type
    for name, value in arguments.items():
        assert getattr(options, name) == value
    assert options.resolve_model().preprocessing == model_type


@pytest.mark.parametrize(
    ("stage", "arguments"),
    [
        ("pretrain", {}),
        ("curriculum", {"penalty": -3.0, "alpha": 0.9, "beta": 0.2}),
        ("finetune", {"penalty": -7.0}),
    ],
)
def test_a_saved_model_knows_its_stage(tmp_path, stage, arguments):
    path = tmp_path / "small.keras"
    tiny_model("blockdrop", stage=stage, **arguments).save(path)
    options, _ = resolve(path)
    assert (options.model_type, options.model) == ("blockdrop", "1_2_1")
    options = options.resolve_model()
    assert options.variant == options.preprocessing == "blockdrop"
    expected = {"stage": stage, **arguments}
    assert {name: options.method_arguments[name] for name in expected} == expected


def test_another_stage_may_be_asked_for(tmp_path):
    """As where a policy is evaluated on the network that it was trained on."""
    run = tiny_options(tmp_path, model_type="blockdrop", stage="pretrain")
    RunConfig.of(run).write(tmp_path)
    options, _ = resolve(tmp_path, stage="curriculum", policy_path="y")
    arguments = {"stage": "curriculum", "penalty": -1.0, "alpha": 0.8, "beta": 0.1}
    assert options.resolve_model().method_arguments == arguments
    assert options.policy_path == "y"


def test_a_policy_is_not_the_evaluations_because_it_was_the_trainings(tmp_path):
    """Its weights have moved since."""
    run = tiny_options(
        tmp_path,
        model_type="blockdrop",
        stage="finetune",
        finetune_path="x",
        policy_path="y",
    )
    RunConfig.of(run).write(tmp_path)
    options, _ = resolve(tmp_path)
    assert (options.stage, options.policy_path) == ("finetune", None)
    assert options.finetune_path is None


@pytest.mark.parametrize(
    ("model_type", "variant", "model"),
    [
        ("aig", "aig", "1_1_1_1"),
        ("dynconv", "dynconv", "basic_1_1_1_1"),
        ("blockdrop", "blockdrop", "1_1_1_1"),
        ("vanilla", "aig", "1_1_1_1"),
        ("vanilla", "sact", "1_1_1_1"),
    ],
)
def test_imagenet_has_a_thousand_classes_or_one_more(
    tmp_path, model_type, variant, model
):
    path = tmp_path / "small.keras"
    network = sact_keras.build_model(
        model_type, dataset="imagenet", model=model, base_channels=4, variant=variant
    )
    network.save(path)
    options, _ = resolve(path)
    assert (options.dataset, options.variant) == ("imagenet", variant)
    assert options.model == model


def test_another_method_on_the_same_variant(tmp_path):
    """The variant belongs to the network, whatever its method is called."""
    run = tiny_options(tmp_path, model_type="aig")
    RunConfig.of(run).write(tmp_path)
    options, _ = resolve(tmp_path, model_type="vanilla")
    assert (options.model_type, options.variant) == ("vanilla", "aig")
    assert options.target_rate is None
    options, _ = resolve(tmp_path, model_type="act")
    assert options.variant is None
