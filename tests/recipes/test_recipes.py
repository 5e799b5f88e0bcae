"""Recipes: options for kinds of recordings, below --config and the command line."""

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from spoken import Longtake, refusal, speaking

from preprocessing.errors import InputError
from preprocessing.terminal.option_file import read_options
from preprocessing.terminal.options import parse
from preprocessing.terminal.recipes import Recipes, recipe_line
from trainer.cli import COMMANDS
from trainer.config import TrainConfig
from trainer.cross_validation.options import CrossValidateConfig
from trainer.recipes.command import PLACE
from trainer.repeats.options import RepeatedTrainConfig
from trainer.run.folder import Run
from trainer.tuning.options import TuneConfig

ROOT = Path(__file__).parents[2]
RECIPES = Recipes(PLACE)
NAMES = ("behaviour", "gestures", "lecture", "phases")
NEEDED = ["--store", "s", "--labels", "l", "--run", "r"]


@pytest.fixture
def longtake(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Longtake:
    monkeypatch.chdir(tmp_path)
    return speaking(capfd, monkeypatch)


def parsed(*arguments: str, options: type = RepeatedTrainConfig) -> TrainConfig:
    config: TrainConfig = parse(options, "longtake train", [*NEEDED, *arguments], RECIPES)
    return config


def test_there_is_a_recipe_for_each_kind() -> None:
    assert tuple(RECIPES.names) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_has_only_options_of_train_that_are_no_defaults(name: str) -> None:
    values = read_options(RECIPES.path(name), TrainConfig)
    assert values
    plain = parsed()
    assert not [one for one, value in values.items() if getattr(plain, one) == value]
    assert {one: getattr(parsed("--recipe", name), one) for one in values} == values


@pytest.mark.parametrize("name", NAMES)
def test_each_option_of_a_recipe_has_its_reason_above_it(name: str) -> None:
    lines = RECIPES.path(name).read_text("utf-8").splitlines()
    options = [number for number, line in enumerate(lines) if line and line[0] != "#"]
    assert all(lines[number - 1].startswith("# ") for number in options)
    assert max(map(len, lines)) <= 100
    assert all(line == "#" or line.startswith("# ") for line in lines if line.startswith("#"))


@pytest.mark.parametrize("name", NAMES)
def test_what_a_recipe_says_of_the_docs_is_there(name: str) -> None:
    text = " ".join(RECIPES.path(name).read_text("utf-8").replace("# ", " ").split())
    for page, heading in re.findall(r'(docs/\w+\.md), "([^"]+)"', text):
        assert f"\n## {heading}\n" in (ROOT / page).read_text("utf-8")
    unmeasured = "not measured here" in RECIPES.about(name)
    assert unmeasured == ("We have no such recordings" in text)


def test_figures_of_the_recipe_for_gestures_are_those_of_the_benchmarks() -> None:
    text = RECIPES.path("gestures").read_text("utf-8")
    table = (ROOT / "docs" / "benchmarks.md").read_text("utf-8").partition("quality: answers")[2]
    rows = {"defaults": "now", "horizon -5": "now, horizon -5", "horizon -10": "now, horizon -10"}
    for said, row in {**rows, "horizon -20": "now, horizon -20"}.items():
        accuracy, edit = re.search(rf"^    {row}  +\S+ +(\S+) +(\S+)", table, re.M).groups()  # type: ignore[union-attr]
        assert re.search(rf"{said}\W.*{accuracy} .*{edit}", text)


SETTINGS = st.sampled_from([None, -3, -8, -20])


@given(recipe=st.booleans(), file=SETTINGS, flag=SETTINGS)
def test_the_command_line_wins_over_a_file_and_a_file_over_a_recipe(
    tmp_path_factory: pytest.TempPathFactory, recipe: bool, file: int | None, flag: int | None
) -> None:
    arguments = ["--recipe", "gestures"] if recipe else []
    if file is not None:
        path = tmp_path_factory.getbasetemp() / "o.yaml"
        path.write_text(f"horizon: {file}\n")
        arguments += ["--config", str(path)]
    if flag is not None:
        arguments.append(f"--horizon={flag}")
    ranked = (flag, file, -8 if recipe else None, 0)
    assert parsed(*arguments).horizon == next(one for one in ranked if one is not None)


@pytest.mark.parametrize("options", [RepeatedTrainConfig, TuneConfig, CrossValidateConfig])
def test_commands_that_train_take_recipes(options: type) -> None:
    folds = ["--folds=3"] if options is CrossValidateConfig else []
    assert parsed("--recipe=gestures", *folds, options=options).horizon == -8
    taking = {command.options for command in COMMANDS.values() if command.recipes == PLACE}
    assert f"{options.__module__}:{options.__name__}" in taking
    assert len(taking) == 3


def test_what_a_recipe_sets_is_said_and_what_was_said_otherwise_too(
    capsys: pytest.CaptureFixture[str],
) -> None:
    parsed("--recipe", "phases")
    assert capsys.readouterr().out == (
        "recipe phases: --chunk-length 256, --class-weights balanced\n"
    )
    parsed("--recipe", "phases", "--chunk-length", "8")
    assert capsys.readouterr().out == (
        "recipe phases: --class-weights balanced; --chunk-length as you say\n"
    )
    config = parsed("--horizon", "3")
    assert capsys.readouterr().out == ""
    assert recipe_line("x", {"horizon": 2}, config) == "recipe x: nothing; --horizon as you say"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--recipe", "gesture"], "no recipe 'gesture'; did you mean gestures? they are behaviour"),
        (["--recipe", "x/../y"], "no recipe 'x/../y'; they are behaviour, gestures, lecture"),
        (["--recipe"], "--recipe needs the name of a recipe"),
        (["--recipe", "phases", "--recipe=phases"], "--recipe is given twice"),
        (["--recipe=phases", "--state", "reset", "--horizon", "x"], "--horizon x: expected"),
        (["--recipie", "phases"], "no option --recipie (did you mean --recipe?)"),
    ],
)
def test_what_is_no_recipe_is_refused_in_a_line(arguments: list[str], expected: str) -> None:
    with pytest.raises(InputError, match=r"^" + re.escape(expected)):
        parsed(*arguments)


def test_other_commands_have_no_recipes(longtake: Longtake) -> None:
    assert "no option --recipe" in refusal(longtake("extract", "v", "--recipe", "phases"))
    assert "--recipe" not in longtake("evaluate", "--help")[1]
    assert "--recipe behaviour|gestures|lecture|phases" in longtake("train", "--help")[1]


def test_recipes_are_listed_and_printed_such_that_they_can_be_changed(
    longtake: Longtake, tmp_path: Path
) -> None:
    code, out, _ = longtake("recipes")
    assert code == 0
    for name in NAMES:
        assert f"\n{name}" in f"\n{out}"
        assert RECIPES.about(name) in out
    code, out, _ = longtake("recipes", "behaviour")
    assert (code, out) == (0, RECIPES.path("behaviour").read_text("utf-8"))
    assert yaml.safe_load(out)["unlabelled"] == "background"
    (tmp_path / "my.yaml").write_text(out.replace("horizon: -8", "horizon: -2"))
    mine = parsed("--config", "my.yaml")
    assert (mine.horizon, mine.unlabelled, mine.class_weights) == (-2, "background", ("balanced",))
    assert "did you mean phases?" in refusal(longtake("recipes", "phase"))


@pytest.mark.slow
def test_a_run_has_the_options_of_its_recipe_and_is_gone_on_with_by_the_same_command(
    longtake: Longtake, memory_task: tuple[Path, Path]
) -> None:
    given = ("train", "--store", memory_task[0], "--labels", memory_task[1], "--run", "run")
    small = ("--units", 4, "--layers", 1, "--epochs", 1, "--no-tensorboard")
    code, out, _ = longtake(*given, *small, "--recipe", "gestures", "--quiet")
    assert code == 0
    assert out.splitlines()[0] == "recipe gestures: --horizon -8"
    assert Run("run").config.horizon == -8
    assert "recipe" not in Run("run").config_path.read_text()
    again = longtake(*given, *small, "--recipe", "gestures", "--quiet")
    assert (again[0], "was already finished" in again[1]) == (0, True)
    assert "begun with horizon -8, not 0" in refusal(longtake(*given, *small))
