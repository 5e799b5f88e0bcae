"""Cross-validation as a user has it; the folds are trained in this process."""

import csv
import json
from pathlib import Path
from unittest.mock import Mock

import pytest
from quick_trainings import train_here, use_stand_in, write_persons
from spoken import Longtake, refusal, speaking

from preprocessing.errors import InputError
from preprocessing.labels.splits import read_splits
from trainer.cross_validation.command import run_cross_validate
from trainer.cross_validation.dealing import deal
from trainer.cross_validation.options import CrossValidateConfig
from trainer.predictions.reader import open_answers
from trainer.run.folder import Run
from trainer.run.lock import Lock
from trainer.run.members import folds
from trainer.trainings.process import TrainingProcess

PERSON = r"^(P\d+)_"
Data = tuple[Path, Path]
QUICK = {"units": 4, "layers": 1, "chunk_length": 8, "epochs": 1, "tensorboard": False}


@pytest.fixture
def longtake(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Longtake:
    return speaking(capfd, monkeypatch)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Data:
    return write_persons(tmp_path_factory.mktemp("crossed"), 3, 3)


@pytest.fixture(scope="module")
def crossed(data: Data) -> Path:
    """A cross-validation that leaves out each of three persons."""
    run = data[0].parent / "run"
    with pytest.MonkeyPatch.context() as monkeypatch:
        assert train_here(monkeypatch) == []
        assert run_cross_validate(CrossValidateConfig(*data, run, leave_out=PERSON, **QUICK)) == 0
    return run


def command(data: Data, run: Path, *options: object) -> tuple[object, ...]:
    quick = ("--units", 4, "--layers", 1, "--chunk-length", 8, "--epochs", 1, "--no-tensorboard")
    given = ("--store", data[0], "--labels", data[1], "--run", run)
    return ("cross-validate", *given, *quick, *options)


def metrics_of(run: Path) -> dict:
    return json.loads((run / "evaluation" / "test" / "metrics.json").read_text())


def config_of(data: Data, **options: object) -> CrossValidateConfig:
    return CrossValidateConfig(*data, Path("run"), **options)  # type: ignore[arg-type]


def test_each_person_is_answered_by_a_model_that_has_not_seen_them(crossed: Path) -> None:
    runs = [Run(path) for path in folds(crossed)]
    assert [run.path.name for run in runs] == ["P1", "P2", "P3"]
    for run in runs:
        parts = run.splits
        assert {name[:2] for name in parts.test} == {run.path.name}
        assert not {name[:2] for name in parts.train} & {name[:2] for name in parts.validation}
        assert run.path.name not in {name[:2] for name in (*parts.train, *parts.validation)}


def test_figures_are_over_all_that_was_held_out(crossed: Path) -> None:
    metrics = metrics_of(crossed)
    assert (metrics["split"], metrics["sequences"]) == ("test", 9)
    assert [row["name"] for row in metrics["folds"]] == ["P1", "P2", "P3"]
    assert sum(row["sequences"] for row in metrics["folds"]) == 9
    assert sum(row["steps"] for row in metrics["folds"]) == metrics["steps"]
    weighted = sum(row["accuracy"] * row["steps"] for row in metrics["folds"])
    assert metrics["accuracy"] == pytest.approx(weighted / metrics["steps"])
    assert metrics["over_folds"]["accuracy"]["mean"] == pytest.approx(
        sum(row["accuracy"] for row in metrics["folds"]) / 3
    )
    with open_answers(crossed / "evaluation" / "test" / "predictions.h5") as answers:
        assert len(answers.ids) == 9


def test_intervals_are_drawn_from_persons(crossed: Path) -> None:
    metrics = metrics_of(crossed)
    assert metrics["bootstrap"]["groups"] == 3
    assert metrics["intervals"]["accuracy"] is not None
    with (crossed / "groups.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["sequence"]: row["group"] for row in rows}["P2_1"] == "P2"


def test_the_report_has_a_row_for_each_fold(crossed: Path) -> None:
    page = (crossed / "evaluation" / "test" / "report.html").read_text()
    assert "run: cross-validation" in page
    assert "Each was answered by the model of the fold that held it out, of 3" in page
    assert all(f"<tr><th>{name}</th>" in page for name in ("P1", "P2", "P3", "mean over folds"))
    assert "95 % interval over 3 groups of sequences" in page
    assert page.count("The figures are of 3 groups, which say little of others") == 1
    assert "groups.csv" not in page
    assert "splits.json" not in page


def test_the_same_command_trains_nothing_again(
    crossed: Path, data: Data, longtake: Longtake, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, before = train_here(monkeypatch), metrics_of(crossed)
    code, out, _ = longtake(*command(data, crossed, "--leave-out", PERSON, "--jobs", 2))
    assert code == 0
    assert begun == []
    assert metrics_of(crossed) == before
    lines = out.splitlines()
    assert lines[0] == "3 folds of 9 sequences in 3 groups"
    assert lines[3].startswith("[3/3] fold P3: 1 epoch, best in epoch 1 (val_loss ")
    assert f"test: 9 sequences, {before['steps']} labelled steps" in lines
    assert any(line.startswith("  mean over folds") for line in lines)
    drawn = "95 % interval over 3 groups, by 1000 draws of them; other seeds are not in it"
    assert f"  [ ]        {drawn}" in lines
    few = "3 groups only, which say little of others; cross-validate --leave-out tests on each"
    assert lines.count(f"  {few}") == 1
    assert before["remarks"] == []  # Each fold alone tests one group, which is no remark.
    assert f"report: {crossed / 'evaluation' / 'test' / 'report.html'}" in lines


def test_a_process_that_does_not_wait_leaves_the_evaluation_to_the_last(
    crossed: Path, data: Data, longtake: Longtake, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluate = Mock()
    monkeypatch.setattr("trainer.evaluation.command.run_evaluate", evaluate)
    monkeypatch.setattr(TrainingProcess, "is_done", False)
    elsewhere = [Lock(crossed / "folds" / f"{name}.lock") for name in ("P1", "P2", "P3")]
    assert all(lock.try_acquire() for lock in elsewhere)
    options = command(data, crossed, "--leave-out", PERSON, "--no-wait")
    code, out, _ = longtake(*options)
    assert code == 0
    left = (
        "left to other processes, the last of which evaluates: P1, P2, P3; should they be killed, "
        "the same command goes on"
    )
    assert out.splitlines() == ["3 folds of 9 sequences in 3 groups", left]
    assert not evaluate.called
    monkeypatch.setattr(TrainingProcess, "is_done", True)
    for lock in elsewhere:
        lock.close()
    assert longtake(*options)[0] == 0
    assert evaluate.called


@pytest.mark.slow
def test_evaluate_measures_all_folds_again_and_otherwise(
    crossed: Path, data: Data, longtake: Longtake
) -> None:
    before = metrics_of(crossed)
    assert longtake("evaluate", crossed, "--ignore-classes", "low")[0] == 0
    assert metrics_of(crossed)["ignored_classes"] == ["low"]
    assert longtake("evaluate", crossed)[0] == 0
    assert metrics_of(crossed) == before
    said = refusal(longtake("evaluate", crossed, "--split", "train"))
    assert "--split train" in said
    assert "each sequence is held out by one fold; leave --split out" in said
    wanted = f"give one of them, as {crossed / 'folds' / 'P1'}"
    assert wanted in refusal(longtake("predict", crossed, data[0], "--out", "out"))


def test_other_options_or_folds_in_the_same_folder_are_refused(
    crossed: Path, data: Data, longtake: Longtake, tmp_path: Path
) -> None:
    said = refusal(longtake(*command(data, crossed, "--leave-out", "^(..)")))
    assert f"was begun with leave-out {PERSON}, not ^(..)" in said
    rows = [line for line in data[1].read_text().splitlines() if not line.startswith("P1_0")]
    (tmp_path / "labels.csv").write_text("\n".join(rows) + "\n")
    fewer = command((data[0], tmp_path / "labels.csv"), crossed, "--leave-out", PERSON)
    assert "was begun with other folds (fold P1 has other sequences)" in refusal(longtake(*fewer))
    said = refusal(longtake(*command(data, data[0].parent, "--folds", 2)))
    assert "is not empty and no cross-validation; give --run a folder of its own" in said


def test_a_fold_that_fails_leaves_the_others(
    data: Data, longtake: Longtake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_stand_in(monkeypatch, tmp_path)
    said = refusal(longtake(*command(data, tmp_path / "run", "--folds", 2, "--units", 13)))
    assert "none of 2 folds came to its end; fold 1: the loss became nan" in said


def test_folds_are_dealt_once_each_and_by_whole_groups(data: Data) -> None:
    dealt = deal(config_of(data, folds=3, group_by=PERSON))
    assert list(dealt.splits) == ["1", "2", "3"]
    tested = [name for splits in dealt.splits.values() for name in splits.test]
    assert sorted(tested) == sorted(dealt.groups)
    for splits in dealt.splits.values():
        persons = [{name[:2] for name in splits[part]} for part in ("train", "validation", "test")]
        assert sum(map(len, persons)) == 3
    alone = deal(config_of(data, folds=9))
    assert [len(splits.test) for splits in alone.splits.values()] == [1] * 9
    assert alone.groups == {}


def test_without_a_share_of_validation_folds_have_none(data: Data) -> None:
    dealt = deal(config_of(data, folds=3, fractions=(0.8, 0.0, 0.2)))
    assert all(not splits.validation for splits in dealt.splits.values())


def test_the_split_seed_decides_the_folds_and_the_seed_does_not(data: Data) -> None:
    one = deal(config_of(data, folds=3, seed=1, split_seed=7))
    assert one == deal(config_of(data, folds=3, seed=2, split_seed=7))
    assert one != deal(config_of(data, folds=3, seed=1, split_seed=8))


def write_folds(folder: Path, tests: dict[str, list[str]], everything: list[str]) -> Path:
    for name, test in tests.items():
        splits = {"train": sorted(set(everything) - set(test)), "test": test}
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.json").write_text(json.dumps(splits))
    return folder


def test_folds_can_be_given(data: Data, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    everything = [f"P{person}_{take}" for person in (1, 2, 3) for take in range(3)]
    tests = {"10": ["P1_0"], "2": ["P2_0", "P2_1"]}
    given = write_folds(tmp_path / "folds", tests, everything)
    dealt = deal(config_of(data, splits=given))
    assert list(dealt.splits) == ["2", "10"]
    assert dealt.splits["10"] == read_splits(given / "10.json")
    said = "note: 6 labelled sequences in the test of no fold: not in the figures (P1_1, P1_2, "
    assert said in capsys.readouterr().err
    folder = tmp_path / "folds" / "third"
    folder.mkdir()
    (folder / "train.txt").write_text("P1_0\n")
    (folder / "test.txt").write_text("P3_2\n")
    assert list(deal(config_of(data, splits=given)).splits) == ["2", "10", "third"]


def test_folds_that_cannot_be_pooled_are_refused(data: Data, tmp_path: Path) -> None:
    everything = [f"P{person}_{take}" for person in (1, 2, 3) for take in range(3)]
    twice = write_folds(tmp_path / "twice", {"1": ["P1_0"], "2": ["P1_0"]}, everything)
    with pytest.raises(InputError, match=r"'P1_0' is tested by the folds 1 and 2 of .*twice"):
        deal(config_of(data, splits=twice))
    one = write_folds(tmp_path / "one", {"1": ["P1_0"]}, everything)
    with pytest.raises(InputError, match="holds 1 fold; expected two or more JSON files"):
        deal(config_of(data, splits=one))
    nothing = write_folds(tmp_path / "nothing", {"1": ["P1_0"], "2": []}, everything)
    with pytest.raises(InputError, match=r"2\.json tests nothing; expected sequences"):
        deal(config_of(data, splits=nothing))
    with pytest.raises(InputError, match="expected a folder with a splits file for each fold"):
        deal(config_of(data, splits=tmp_path / "one" / "1.json"))


def test_an_expression_that_finds_no_groups_is_refused(data: Data) -> None:
    with pytest.raises(InputError, match=r"--leave-out \^\(P\) finds one group only \(P\)"):
        deal(config_of(data, leave_out="^(P)"))
    with pytest.raises(InputError, match=r"--leave-out \^\(Q\) gives no group to 9 sequences"):
        deal(config_of(data, leave_out="^(Q)"))
    with pytest.raises(InputError, match="--folds 4: expected 2 to 3, as many as there are groups"):
        deal(config_of(data, folds=4, group_by=PERSON))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "none given; expected one of --folds N, --splits FOLDER or --leave-out REGEX"),
        ({"folds": 2, "leave_out": "x"}, "--folds and --leave-out given; expected one of"),
        ({"folds": 1}, "--folds 1: expected 2 or more"),
        ({"folds": 2, "jobs": 0}, "--jobs 0: expected at least 1"),
        ({"leave_out": "x", "group_by": "y"}, "the groups are those that are left out"),
        ({"folds": 2, "strategy": "multiworker"}, "each fold is a process of its own"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, object], said: str) -> None:
    with pytest.raises(InputError) as refused:
        config_of((Path("store"), Path("labels")), **options)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("groups", "folders"),
    [
        (["a/b", "a b", "a-b-2"], ["a-b", "a-b-2", "a-b-2-2"]),
        (["P01", "p01", "P02"], ["P01", "p01-2", "P02"]),
        (["x.log", "../x"], ["x-log", "---x"]),
    ],
)
def test_groups_of_any_name_have_a_folder_of_their_own(
    groups: list[str], folders: list[str]
) -> None:
    from trainer.cross_validation.dealing import _names

    assert _names(groups) == folders


def test_weights_that_know_a_test_are_refused_before_training(
    crossed: Path, data: Data, tmp_path: Path
) -> None:
    base = folds(crossed)[0]
    config = CrossValidateConfig(
        *data, tmp_path / "on", leave_out=PERSON, continue_from=base, **QUICK
    )
    with pytest.raises(InputError, match=r"that folds test .* would not be held out"):
        run_cross_validate(config)
    assert not (tmp_path / "on" / "folds").exists()
