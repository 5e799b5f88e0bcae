"""Options of files: their types, what is text, what is refused, and who has the last word."""

import os
import resource
import subprocess
import sys
import typing
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from preprocessing.errors import InputError
from preprocessing.terminal.exit_codes import BAD_INPUT
from preprocessing.terminal.option_file import LARGEST, read_options
from preprocessing.terminal.options import from_yaml, parse, to_yaml
from trainer.cli import COMMANDS, main
from trainer.config import TrainConfig
from trainer.repeats.options import RepeatedTrainConfig

HOSTILE = ["--", "-none-", "--run=/etc", "no", "yes", "on", "null", "~", "", " ", "12_07", "1:30"]
HOSTILE += ["1e3", "0x10", "None", "true", "2020-01-01", "=", "<<", "!!str x", "&a", "*a", "# x"]
HOSTILE += ["a: b", "- a", "{}", "[]", "'", '"', "\x1b[2J", "\u2028", "\udcff", "Ü", "\r\n", "%x"]
TEXTS = st.sampled_from(HOSTILE) | st.text(st.characters(exclude_characters="\0"))
BASE = "store: s\nlabels: l\nrun: r\n"


def options_of(command: str) -> type:
    from preprocessing.cli import COMMANDS as OTHERS

    module, _, name = {**OTHERS, **COMMANDS}[command].options.partition(":")
    found: type = getattr(__import__(module, fromlist=[name]), name)
    return found


NEEDED = ["--store", "s", "--labels", "l", "--run", "r"]
ALL = ["extract", "import", "inspect", *COMMANDS]


def values_of(hint: Any) -> st.SearchStrategy[Any]:
    """Anything that a type of an option allows."""
    arguments = get_args(hint)
    if get_origin(hint) is Literal:
        return st.sampled_from(arguments)
    if get_origin(hint) is tuple:
        if arguments[-1] is Ellipsis:
            return st.lists(values_of(arguments[0]), max_size=3).map(tuple)
        return st.tuples(*map(values_of, arguments))
    if arguments:
        # A word that may also be a number would be that number again.
        return st.one_of([values_of(part) for part in arguments])
    paths = TEXTS.filter(_is_name).map(Path)
    return {
        str: TEXTS,
        Path: paths,
        bool: st.booleans(),
        int: st.integers(),
        float: st.floats(allow_nan=False),
        type(None): st.none(),
    }[hint]


def _is_name(text: str) -> bool:
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        return False
    return True


@pytest.mark.parametrize("command", ALL)
def test_options_are_read_as_they_were_written(command: str, tmp_path: Path) -> None:
    options, path = options_of(command), tmp_path / "options.yaml"
    hints = typing.get_type_hints(options)

    @settings(max_examples=20, suppress_health_check=list(HealthCheck), deadline=None)
    @given(st.fixed_dictionaries({name: values_of(hint) for name, hint in hints.items()}))
    def check(values: dict[str, Any]) -> None:
        config = object.__new__(options)
        for name, value in values.items():
            object.__setattr__(config, name, value)
        path.write_text(to_yaml(config), "utf-8")
        assert read_options(path, options) == values

    check()


@given(st.lists(TEXTS))
@example(HOSTILE)
def test_no_name_of_a_class_is_taken_for_something_else(
    tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    path = tmp_path_factory.getbasetemp() / "names.yaml"
    config = TrainConfig(Path("s"), Path("l"), Path("r"), ignore_label=tuple(names))
    path.write_text(to_yaml(config), "utf-8")
    assert from_yaml(TrainConfig, path) == config
    assert parse(TrainConfig, "train", ["--config", str(path)]) == config


def test_what_is_text_stays_as_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "o.yaml"
    path.write_text(
        BASE + "ignore-label: [no, yes, 12_07, 1:30, ~, 2020-01-01, 010]\ntensorboard: no\n"
        "layer_norm: on\nunits: 12\nlanes: ~\nepochs:\nlearning-rate: 1e-4\nclass-weights: a=1\n"
    )
    config = parse(TrainConfig, "train", ["--config", str(path)])
    assert config.ignore_label == ("no", "yes", "12_07", "1:30", "~", "2020-01-01", "010")
    assert (config.tensorboard, config.layer_norm, config.units) == (False, True, 12)
    assert (config.lanes, config.epochs) == (None, TrainConfig.epochs)
    assert (config.learning_rate, config.class_weights) == (1e-4, ("a=1",))


def test_the_command_line_wins(tmp_path: Path) -> None:
    path = tmp_path / "o.yaml"
    path.write_text("inputs: [a, b]\nstore: s\nfps: native\njobs: 3\n")
    extract = options_of("extract")
    of_file = parse(extract, "extract", ["--config", str(path)])
    assert of_file.inputs == (Path("a"), Path("b"))
    assert (of_file.fps, of_file.jobs) == ("native", 3)
    for arguments in (["c", "--config", str(path)], [f"--config={path}", "--jobs=2", "c"]):
        assert parse(extract, "extract", arguments).inputs == (Path("c"),)
    path.write_text(BASE + "tensorboard: false\nignore-label: [a]\nfractions: [0.5, 0.25, 0.25]\n")
    told = ["--tensorboard", "--ignore-label", "b", "c", "--fractions", "0.8", "0.1", "0.1"]
    config = parse(TrainConfig, "train", ["--config", str(path), *told])
    assert (config.tensorboard, config.ignore_label) == (True, ("b", "c"))
    assert config.fractions == (0.8, 0.1, 0.1)


@pytest.mark.parametrize(
    ("told", "run", "inputs"),
    [([], "r", "ab"), (["x"], "x", "ab"), (["x", "y"], "x", "y"), (["x", "y", "z"], "x", "yz")],
)
def test_positions_of_the_command_line_take_the_place_of_those_of_a_file(
    tmp_path: Path, told: list[str], run: str, inputs: str
) -> None:
    (tmp_path / "o.yaml").write_text("run: r\ninputs: [a, b]\nout: o\n")
    config = parse(options_of("predict"), "", [*told, "--config", str(tmp_path / "o.yaml")])
    assert (config.run, config.inputs) == (Path(run), tuple(map(Path, inputs)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("unist: 3", "line 4: no option 'unist' (did you mean units?)"),
        ("batch_size: 8", "line 4: no option 'batch_size' (did you mean lanes?)"),
        ("store: b", "line 4: store is given twice"),
        ("chunk-length: 3\nchunk_length: 3", "line 5: chunk-length is given twice"),
        ("units: many", "line 4: units is 'many'; expected a whole number"),
        ("units: [1, 2]", "units is a list; expected a whole number"),
        ("units: 1:30", "expected a whole number"),
        ("tensorboard: maybe", "expected true or false"),
        ("state: carried", "expected carry or reset"),
        ("fractions: [0.5, 0.5]", "expected a list, 3 of a number each"),
        ("fractions: ['--run=/etc', 1, 2]", "expected a list, 3 of a number each"),
        ("ignore-label: [[a]]", "expected a list, text each"),
        ("ignore-label: !!python/object/apply:os.system [x]", "expected a list, text each"),
        ('splits: "\\0"', "expected a path or null"),
        ("units: 0", "--units 0: expected at least 1"),
        ("? [a, b]\n: c", "it has a list"),
        ("units: &a {", "cannot read the configuration"),
        ("[" * 5000, "cannot read the configuration"),
        ("a\0b: 1", "cannot read the configuration"),
        ('units: "\\UFFFFFFFF"', "cannot read the configuration"),
    ],
)
def test_what_is_no_option_is_refused_in_a_line(tmp_path: Path, text: str, expected: str) -> None:
    path = tmp_path / "o.yaml"
    path.write_text(BASE + text)
    for read in (
        lambda: from_yaml(TrainConfig, path),
        lambda: parse(TrainConfig, "train", ["--config", str(path)]),
    ):
        with pytest.raises(InputError) as refused:
            read()
        assert expected in " ".join(str(refused.value).split())
        assert len(str(refused.value)) < 800


def test_what_is_no_ordinary_file_or_far_too_large_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "large").write_text("#" * (LARGEST + 1))
    for path in (tmp_path / "fifo", tmp_path / "large", Path("/dev/zero"), tmp_path):
        with pytest.raises(InputError, match="cannot read the configuration"):
            from_yaml(TrainConfig, path)


def test_aliases_are_not_unfolded(tmp_path: Path) -> None:
    lines = ["a: &a [l, l, l, l, l, l, l, l, l]"]
    letters = "abcdefghijkl"
    for before, now in pairwise(letters):
        lines.append(f"{now}: &{now} [{', '.join([f'*{before}'] * 9)}]")
    for first in ("", BASE + "ignore-label: *l\n"):
        (tmp_path / "bomb.yaml").write_text("\n".join([*lines, first]))
        code = (
            f"from pathlib import Path; from preprocessing.terminal.options import from_yaml\n"
            f"from trainer.config import TrainConfig\n"
            f"from_yaml(TrainConfig, Path({str(tmp_path / 'bomb.yaml')!r}))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30)),
        )
        assert "InputError" in done.stderr.splitlines()[-1]


def test_whatever_a_file_holds_is_options_or_a_line(tmp_path: Path, thorough: bool) -> None:
    path = tmp_path / "o.yaml"
    config = TrainConfig(Path("s"), Path("l"), Path("r"), ignore_label=tuple(HOSTILE))
    seed = to_yaml(config).encode()
    pieces = st.sampled_from([b"&a ", b"*a", b"[", b"{", b"!!", b"\\U", b"? ", b"%YAML 9", b"\n"])

    @settings(max_examples=10_000 if thorough else 60, deadline=None)
    @given(
        st.lists(st.tuples(st.integers(0, len(seed)), pieces | st.binary(max_size=4)), max_size=4),
        st.booleans(),
    )
    def check(changes: list[tuple[int, bytes]], replace: bool) -> None:
        content = seed
        for place, put in changes:
            content = content[:place] + put + content[place + len(put) * replace :]
        path.write_bytes(content)
        with suppress(InputError):
            assert isinstance(from_yaml(TrainConfig, path), TrainConfig)

    check()


EXECUTING = [
    (["train", "--store", "s", "--labels", "l", "--run", "r"], "model", "evil.py:build"),
    (["tune", "--store", "s", "--labels", "l", "--run", "r"], "model", "evil.py"),
    (["evaluate", "r"], "model", "evil.py:build"),
    (["extract", "v", "--store", "s"], "backbone", "flow+evil.py:Flow"),
]


@pytest.mark.parametrize(("command", "name", "value"), EXECUTING)
def test_code_that_a_file_names_is_executed_only_if_the_command_line_names_it_too(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: list[str],
    name: str,
    value: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "evil.py").write_text("open('executed', 'w')\n")
    (tmp_path / "o.yaml").write_text(f"{name}: {value}\n")
    monkeypatch.setattr(sys, "argv", ["longtake", *command, "--config", "o.yaml"])
    assert main() == BAD_INPUT
    said = capsys.readouterr().err
    assert f"o.yaml names --{name} {value}, whose code would be executed" in said
    assert f"give --{name} {value} on the command line" in said
    assert not (tmp_path / "executed").exists()
    options = options_of(command[0])
    told = parse(options, "", [*command[1:], "--config", "o.yaml", f"--{name}", value])
    assert getattr(told, name) == value


def test_a_trial_tells_its_training_that_it_may_execute_the_model(tmp_path: Path) -> None:
    from trainer.tuning.trial import TrialRun

    config = TrainConfig(Path("s"), Path("l"), Path("r"), model="-my.py:build")
    trial = TrialRun(config, tmp_path)
    (tmp_path / f"{trial.digest}.yaml").write_text(to_yaml(config))
    told = parse(RepeatedTrainConfig, "train", trial.command[4:])
    assert told.model == config.model


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--lables", "x"], "no option --lables (did you mean --labels?)"),
        (["--lables=x"], "no option --lables (did you mean --labels?)"),
        (["--tensor-board"], "no option --tensor-board (did you mean --tensorboard?)"),
        (["--confg", "x"], "no option --confg (did you mean --config?)"),
        (["--batch-size", "8"], "no option --batch-size (did you mean --lanes?)"),
        (["--time_steps=8"], "no option --time-steps (did you mean --chunk-length?)"),
        (["--videos", "v"], "no option --videos"),
        (["--store", "s"], "missing: --labels PATH, --run PATH"),
        ([*NEEDED, "--epochs", "1.5"], "--epochs 1.5: expected a whole number"),
        ([*NEEDED, "--epochs", "--units", "3"], "--epochs: expected a whole number"),
        ([*NEEDED, "--learning-rate=abc"], "--learning-rate abc: expected a number"),
        ([*NEEDED, "--label-fps", "x"], "--label-fps x: expected a number"),
        ([*NEEDED, "--chunk_length", "x"], "--chunk-length x: expected a whole number"),
        ([*NEEDED, "--cell", "rnn"], "--cell rnn: expected lstm or gru"),
        (
            [*NEEDED, "--fractions", "1", "2", "x"],
            "--fractions 1 2 x: expected a list, 3 of a number each",
        ),
    ],
)
def test_a_wrong_option_is_named_with_the_nearest_one(arguments: list[str], expected: str) -> None:
    with pytest.raises(InputError) as refused:
        parse(TrainConfig, "longtake train", arguments)
    assert str(refused.value) == f"{expected}; see longtake train --help"


def test_a_file_that_lacks_what_is_needed_is_refused(tmp_path: Path) -> None:
    (tmp_path / "o.yaml").write_text("store: s\n")
    with pytest.raises(InputError, match="lacks labels, run"):
        from_yaml(TrainConfig, tmp_path / "o.yaml")
    (tmp_path / "o.yaml").write_text("")
    with pytest.raises(InputError, match="lacks store, labels, run"):
        from_yaml(TrainConfig, tmp_path / "o.yaml")


def test_one_file_of_options_is_enough() -> None:
    with pytest.raises(InputError, match="--config is given twice"):
        parse(TrainConfig, "longtake train", ["--config", "a", "--config=b"])


def test_a_number_or_a_word_is_asked_for_in_words() -> None:
    with pytest.raises(InputError, match=r"^--fps abc: expected a number or native; see"):
        parse(options_of("extract"), "longtake extract", ["v", "--store", "s", "--fps", "abc"])


@pytest.mark.parametrize(
    "again", [["--run", "b"], ["--run=b"], ["--tensorboard", "--no-tensorboard"]]
)
def test_of_an_option_given_twice_the_last_counts_and_it_is_said(
    again: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    parse(TrainConfig, "longtake train", [*NEEDED, *again])
    assert "is given twice; the last one counts" in capsys.readouterr().err
