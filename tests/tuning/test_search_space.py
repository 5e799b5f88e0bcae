import contextlib
from dataclasses import fields, replace
from pathlib import Path

import optuna
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from preprocessing.errors import InputError
from preprocessing.terminal.options import parse, to_yaml
from trainer.config import TrainConfig
from trainer.tuning.options import TuneConfig
from trainer.tuning.search_space import (
    Choice,
    Dimension,
    Range,
    parse_search,
    searchable,
    with_values,
)

BASE = ("--store", "s", "--labels", "l", "--run", "r")
whole = st.integers(1, 10**6)
real = st.floats(1e-9, 1e9)


def suggested(dimension: Dimension, seed: int) -> object:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed))
    trial = study.ask()
    dimension.suggest(trial)
    return trial.params[dimension.name]


@pytest.fixture(scope="module", autouse=True)
def _quiet() -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)


@given(whole, whole, st.booleans(), st.integers(0, 99))
def test_a_range_of_whole_numbers_gives_whole_numbers_inside(
    low: int, high: int, log: bool, seed: int
) -> None:
    assume(low < high)
    (dimension,) = parse_search([f"chunk-length={low}..{high}{':log' if log else ''}"])
    assert dimension == Range("chunk_length", low, high, log)
    value = suggested(dimension, seed)
    assert isinstance(value, int)
    assert dimension.holds(value)
    assert not dimension.holds(high + 1)
    assert low <= value <= high


@given(real, real, st.booleans(), st.integers(0, 99))
def test_a_range_of_numbers_gives_numbers_inside(
    low: float, high: float, log: bool, seed: int
) -> None:
    assume(low < high)
    (dimension,) = parse_search([f"learning_rate={low!r}..{high!r}{':log' if log else ''}"])
    assert dimension == Range("learning_rate", low, high, log)
    value = suggested(dimension, seed)
    assert isinstance(value, float)
    assert dimension.holds(value)
    assert low <= value <= high


@given(st.lists(whole, min_size=1, max_size=6, unique=True), st.integers(0, 99))
def test_a_choice_gives_one_of_its_values(values: list[int], seed: int) -> None:
    (dimension,) = parse_search(["units=" + ",".join(map(str, values))])
    assert dimension == Choice("units", tuple(values))
    assert suggested(dimension, seed) in values


@given(st.text(max_size=30))
def test_any_text_is_a_dimension_or_refused(text: str) -> None:
    for search in (text, f"units={text}", f"dropout={text}", f"lanes={text}"):
        with contextlib.suppress(InputError):
            assert len(parse_search([search])) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("units", "expected NAME=A,B,C or NAME=LOW..HIGH or NAME=LOW..HIGH:log"),
        ("units=", "expected NAME=A,B,C"),
        ("units=1..9:lin", "expected NAME=A,B,C"),
        ("unist=1,2", "cannot search 'unist'; expected one of "),
        ("seed=1,2", "cannot search 'seed'"),
        ("devices=all,one", "cannot search 'devices'"),
        ("label-fps=1..2", "cannot search 'label-fps'"),
        ("store=a,b", "cannot search 'store'"),
        ("units=8,many", "'many' is no value of this option; each is a whole number"),
        ("units=1.5..4", "'1.5' is no value of this option; each is a whole number"),
        ("dropout=0,nan", "'nan' is no value of this option; each is a number"),
        ("state=carry,keep", "'keep' is no value of this option; each is carry or reset"),
        ("state=carry..reset", "state has no range; expected values, each carry or reset"),
        ("units=9..1", "expected LOW..HIGH with LOW below HIGH"),
        ("units=3..3", "expected LOW..HIGH with LOW below HIGH"),
        ("dropout=0..1:log", "a range with :log begins above 0"),
        ("units=4,4", "a value is given twice"),
    ],
)
def test_what_is_no_search_is_refused_with_what_is_expected(text: str, said: str) -> None:
    with pytest.raises(InputError) as refused:
        parse(TuneConfig, "longtake tune", [*BASE, "--search", "layers=1,2", text])
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
    assert text in str(refused.value)


def test_an_option_is_searched_once_and_something_is() -> None:
    with pytest.raises(InputError, match="units more than once"):
        parse_search(["units=1,2", "units=3,4"])
    with pytest.raises(InputError, match="--search is empty"):
        TuneConfig(Path("s"), Path("l"), Path("r"), search=())


def test_an_option_without_a_value_may_be_searched() -> None:
    assert parse_search(["lanes=none,2,4"]) == (Choice("lanes", (None, 2, 4)),)


def test_what_is_learned_and_from_what_cannot_be_searched() -> None:
    never = {"store", "labels", "run", "splits", "fractions", "seed", "task", "outputs", "model"}
    never |= {"horizon", "direction"}
    assert not never & set(searchable())
    assert {"units", "chunk_length", "learning_rate", "dropout", "state"} <= set(searchable())


@pytest.mark.parametrize(
    ("objective", "direction"),
    [
        ("val_loss", "minimize"),
        ("val_accuracy", "maximize"),
        ("val_mae", "minimize"),
        ("val_f1", "maximize"),
    ],
)
def test_the_name_of_an_objective_says_which_way_is_better(objective: str, direction: str) -> None:
    config = TuneConfig(Path("s"), Path("l"), Path("r"), objective=objective)
    assert config.better == direction


@pytest.mark.parametrize("objective", ["loss", "accuracy", "test_loss"])
def test_only_validation_decides(objective: str) -> None:
    with pytest.raises(InputError, match="expected a validation column"):
        TuneConfig(Path("s"), Path("l"), Path("r"), objective=objective)


def test_options_of_train_keep_their_defaults_and_their_checks() -> None:
    config: TuneConfig = parse(TuneConfig, "longtake tune", BASE)
    assert config.train_config == TrainConfig(Path("s"), Path("l"), Path("r"))
    with pytest.raises(InputError, match="--units 0: expected at least 1"):
        parse(TuneConfig, "longtake tune", [*BASE, "--units", "0"])
    with pytest.raises(InputError, match="--trials 0: expected at least 1"):
        parse(TuneConfig, "longtake tune", [*BASE, "--trials", "0"])
    with pytest.raises(InputError, match="each process chooses trials of its own"):
        parse(TuneConfig, "longtake tune", [*BASE, "--strategy", "multiworker"])


def test_a_search_comes_from_yaml(tmp_path: Path) -> None:
    path = tmp_path / "tune.yaml"
    config = TuneConfig(
        Path("s"), Path("l"), Path("r"), epochs=3, trials=5, search=("units=4,8", "dropout=0..0.5")
    )
    path.write_text(to_yaml(config))
    assert parse(TuneConfig, "longtake tune", ["--config", str(path)]) == config
    assert parse(
        TuneConfig, "longtake tune", ["--config", str(path), "--search", "units=2..4"]
    ) == replace(config, search=("units=2..4",))
    assert {field.name for field in fields(TrainConfig)} < {f.name for f in fields(TuneConfig)}


def test_weights_of_classes_can_be_searched_one_item_or_none_at_a_time() -> None:
    (choice,) = parse_search(["class-weights=none,balanced,late=5"])
    assert choice == Choice("class_weights", (None, "balanced", "late=5"))
    config = TrainConfig(Path("s"), Path("l"), Path("r"), class_weights=("a=2",))
    for value, expected in ((None, ()), ("balanced", ("balanced",)), ("late=5", ("late=5",))):
        found = with_values(config, {"class_weights": value, "units": 7})
        assert found == replace(config, class_weights=expected, units=7)
