"""Ensembles as a user has them: made of runs, evaluated, compared and followed like one."""

import json
import shutil
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from made_stores import FPS
from quick_trainings import write_persons
from spoken import Longtake, refusal, speaking
from untrained_runs import untrained

from preprocessing.errors import InputError
from preprocessing.store.feature_store import FeatureStore
from trainer.batches.sequence_set import SequenceSet
from trainer.cross_validation.dealing import deal
from trainer.cross_validation.options import CrossValidateConfig
from trainer.decoded.decoding import asked_decoding
from trainer.ensemble.command import make_ensemble
from trainer.ensemble.options import EnsembleConfig
from trainer.evaluation.command import EvaluateConfig, evaluate
from trainer.model.together import mean_answer
from trainer.predictions.inference import predict
from trainer.run.checkpoint import Checkpoint
from trainer.run.folder import Run
from trainer.run.members import folds
from trainer.streaming.followers import Followers, follow

SPLITS = {
    "train": ["P1_0", "P1_1", "P1_2"],
    "validation": ["P2_0"],
    "test": ["P3_0", "P3_1", "P3_2"],
}
RUNS: dict[str, dict[str, Any]] = {
    "one": {},
    "late": {"weights": 2, "cell": "gru", "seed": 7, "horizon": -3},
    "backward": {"weights": 3, "direction": "backward", "horizon": -1},
}


@pytest.fixture
def longtake(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Longtake:
    return speaking(capfd, monkeypatch)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store, labels, splits and runs; one of them, and an ensemble with it, are evaluated."""
    root = tmp_path_factory.mktemp("ensemble")
    write_persons(root, 3, 3)
    (root / "splits.json").write_text(json.dumps(SPLITS))
    for name, options in RUNS.items():
        given = {"splits": root / "splits.json", **options}
        untrained(root / "store", root / "labels.csv", root / name, **given)
    made(root / "both", root / "one", root / "late")
    for name in ("one", "both"):
        evaluate(EvaluateConfig(root / name, bootstrap=0))
    return root


def made(run: Path, *runs: Path) -> Run:
    make_ensemble(EnsembleConfig(runs, run))
    return Run(run)


def probabilities(file: Path) -> dict[str, np.ndarray]:
    with h5py.File(file) as answers:
        return {name: group["probabilities"][()] for name, group in answers.items()}


def evaluated(run: Path) -> Path:
    return run / "evaluation" / "test"


def answered(root: Path, run: Run, out: Path) -> dict[str, np.ndarray]:
    """The answers of a run to the test sequences, without all else that evaluating does."""
    store = FeatureStore(root / "store")
    data = SequenceSet(store, [store.info(name) for name in SPLITS["test"]], None, run.layout)
    predict(run, data, out)
    return probabilities(out)


def test_its_answers_are_the_mean_of_those_of_its_members(root: Path, tmp_path: Path) -> None:
    run = made(tmp_path / "all", *(root / name for name in RUNS))
    assert (run.config.direction, run.config.horizon) == ("forward", -3)
    each = [answered(root, Run(root / name), tmp_path / f"{name}.h5") for name in RUNS]
    together = answered(root, run, tmp_path / "all.h5")
    assert sorted(together) == SPLITS["test"]
    for name, found in together.items():
        expected = mean_answer(run.layout.task, [own[name] for own in each])
        assert found.tobytes() == expected.tobytes()
    assert not list(tmp_path.rglob(".*"))


def test_the_command_says_what_it_made(root: Path, tmp_path: Path, longtake: Longtake) -> None:
    new = tmp_path / "new"
    code, out, _ = longtake("ensemble", *(root / name for name in RUNS), "--run", new)
    assert code == 0
    assert out.splitlines() == [
        f"{new}: 3 models; next: longtake evaluate {new}",
        "they differ in --horizon 0, -3, -1; --direction forward, backward; --cell lstm, gru; "
        "--seed 0, 7",
    ]
    assert sorted(path.name for path in (new / "members" / "3").iterdir()) == [
        *("config.yaml", "model.keras", "run.json", "splits.json", "trained.json")
    ]


def test_an_ensemble_of_one_is_that_one_and_needs_it_no_more(root: Path, tmp_path: Path) -> None:
    shutil.copytree(root / "one", tmp_path / "one")
    made(tmp_path / "alone", tmp_path / "one")
    shutil.rmtree(tmp_path / "one")
    found = evaluate(EvaluateConfig(tmp_path / "alone", bootstrap=0))
    assert found == json.loads((evaluated(root / "one") / "metrics.json").read_text())
    expected = probabilities(evaluated(root / "one") / "predictions.h5")
    for name, own in probabilities(evaluated(tmp_path / "alone") / "predictions.h5").items():
        assert own.tobytes() == expected[name].tobytes()


def test_its_page_says_what_it_is(root: Path) -> None:
    page = (evaluated(root / "both") / "report.html").read_text()
    assert "The mean of the answers of 2 models, trained on 3 sequences" in page


def test_compare_says_what_its_models_were_trained_with(root: Path, longtake: Longtake) -> None:
    code, out, _ = longtake("compare", root / "one", root / "both", "--bootstrap", 0)
    assert code == 0
    lines = [line.split() for line in out.splitlines()]
    assert ["ensemble", "-", "2", "models"] in lines
    assert ["--horizon", "0", "0,", "-3"] in lines
    assert ["--seed", "0", "0", "7"] in lines


def test_compare_knows_when_a_member_is_another(root: Path, tmp_path: Path) -> None:
    shutil.copytree(root / "both", tmp_path / "both")
    assert Run(tmp_path / "both").weights_digest == Run(root / "both").weights_digest
    shutil.copy(root / "late" / "model.keras", tmp_path / "both" / "members" / "1")
    assert Run(tmp_path / "both").weights_digest != Run(root / "both").weights_digest


def test_following_together_is_evaluating_step_by_step(root: Path, tmp_path: Path) -> None:
    run = Run(root / "both")
    expected = probabilities(evaluated(run.path) / "predictions.h5")["P3_2"]
    steps = FeatureStore(root / "store").features("P3_2", 0, len(expected))
    follower, saved = follow(run), []
    answers = []
    for step in steps:
        saved.append(Checkpoint(tmp_path, dict(follower.arrays())))
        answers += follower.answers(step)
        assert len(answers) == max(0, follower.steps - 3)
    answers += follower.finish()
    assert [answer.step for answer in answers] == list(range(len(steps)))
    np.testing.assert_allclose([one.outputs for one in answers], expected, atol=1e-6)
    for place in (0, 2, 9):
        follower.restore(saved[place])
        assert follower.steps == place
        rest = [answer for step in steps[place:] for answer in follower.answers(step)]
        rest += follower.finish()
        assert [one.step for one in rest] == list(range(max(0, place - 3), len(steps)))
        first = answers[rest[0].step :]
        np.testing.assert_array_equal([one.outputs for one in rest], [one.outputs for one in first])
    _refuse_what_is_no_state(follower, saved[9])


def _refuse_what_is_no_state(follower: Any, saved: Checkpoint) -> None:
    arrays = dict(saved.arrays)
    waiting = arrays.pop("early/0")
    assert waiting.shape == (3, 2)
    changed = (
        {},
        {"early/0": waiting[1:]},
        {"early/0": waiting * np.nan},
        {"early/0": waiting.astype("float64")},
        {"early/0": waiting, "early/7": waiting},
    )
    for more in changed:
        with pytest.raises(InputError, match="does not hold a state of these models; delete it"):
            follower.restore(Checkpoint(saved.path, arrays | more))


def test_one_that_goes_backward_follows_nothing(root: Path, tmp_path: Path) -> None:
    run = made(tmp_path / "new", root / "one", root / "backward")
    with pytest.raises(InputError, match="members/2 was trained with --direction backward"):
        Followers(run)
    metrics = evaluate(EvaluateConfig(run.path, bootstrap=0))
    assert (metrics["sequences"], metrics["behind"]) == (3, None)
    both = json.loads((evaluated(root / "both") / "metrics.json").read_text())
    assert both["behind"] == 3 / FPS
    with pytest.raises(InputError, match=r"members/2 goes backward in time, .* leave --lag out"):
        asked_decoding(run, "viterbi", 2.0)
    with pytest.raises(InputError, match=r"has no decoder.json; make the ensemble anew, of runs"):
        asked_decoding(run, "viterbi", None)


@pytest.fixture(scope="module")
def crossed(root: Path) -> list[Path]:
    """Two cross-validations of the same folds by other seeds."""
    return [cross(root, root / f"crossed-{seed}", seed) for seed in range(2)]


def cross(root: Path, path: Path, seed: int) -> Path:
    """Makes what cross-validate leaves, but for the training."""
    data = (root / "store", root / "labels.csv")
    config = CrossValidateConfig(*data, path, leave_out=r"^(P\d+)_", seed=seed, split_seed=0)
    dealt = deal(config)
    (path / "folds").mkdir(parents=True)
    (path / "cross-validation.yaml").touch()
    (path / "groups.csv").write_text("sequence,group\n")
    for name, splits in dealt.splits.items():
        own = path / "folds" / f"{name}.splits.json"
        own.write_text(splits.to_json())
        untrained(*data, path / "folds" / name, weights=seed, splits=own, seed=seed)
    return path


@pytest.mark.slow
def test_cross_validations_are_joined_fold_by_fold(
    crossed: list[Path], tmp_path: Path, longtake: Longtake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trainer.evaluation.command.measure_latency", lambda run: None)
    new = tmp_path / "new"
    code, out, _ = longtake("ensemble", *crossed, "--run", new)
    assert (code, out.splitlines()[0]) == (
        0,
        f"{new}: 2 models in each of 3 folds; next: longtake evaluate {new}",
    )
    metrics = evaluate(EvaluateConfig(new, bootstrap=0))
    assert [row["name"] for row in metrics["folds"]] == ["P1", "P2", "P3"]
    assert (metrics["sequences"], metrics["seen"], metrics["missing_folds"]) == (9, [], [])
    together = probabilities(evaluated(new) / "predictions.h5")
    own, root = [Run(path / "folds" / "P3") for path in crossed], crossed[0].parent
    each = [answered(root, run, tmp_path / f"{number}.h5") for number, run in enumerate(own)]
    for name in SPLITS["test"]:
        expected = mean_answer(own[0].layout.task, [answers[name] for answers in each])
        assert together[name].tobytes() == expected.tobytes()
    page = (evaluated(new) / "report.html").read_text()
    assert "answered by the mean of 2 models (the first is drawn below) of the fold" in page
    again = made(tmp_path / "again", new, crossed[0])
    assert [len(Run(path).answering) for path in folds(again.path)] == [3, 3, 3]


def test_cross_validations_of_other_folds_do_not_fit(
    root: Path, crossed: list[Path], tmp_path: Path, longtake: Longtake
) -> None:
    new, first = tmp_path / "new", crossed[0]
    said = refusal(longtake("ensemble", first, root / "one", "--run", new))
    assert f"{first} is a cross-validation and {root / 'one'} is not; give cross" in said
    other = tmp_path / "other"
    shutil.copytree(first, other)
    (other / "groups.csv").write_text("other")
    said = refusal(longtake("ensemble", first, other, "--run", new))
    assert f"{first} and {other} have other groups (groups.csv), over which intervals are" in said
    splits = other / "folds" / "P2" / "splits.json"
    splits.write_text(splits.read_text().replace('"P2_0",', ""))
    said = refusal(longtake("ensemble", first, other, "--run", new))
    assert f"{first} and {other} have other folds (P2); expected the same folds, all" in said
    (other / "folds" / "P1" / "model.keras").unlink()
    said = refusal(longtake("ensemble", first, other, "--run", new))
    assert f"{first} and {other} have other folds (P1); expected the same folds, all" in said
    assert not new.exists()


def test_all_seeds_of_a_repeated_run_are_members(
    root: Path, tmp_path: Path, longtake: Longtake
) -> None:
    repeated = tmp_path / "repeated"
    for name in ("0", "1"):
        shutil.copytree(root / "one", repeated / "seeds" / name)
        (repeated / "seeds" / f"{name}.yaml").touch()
    (repeated / "repeats.yaml").touch()
    shutil.rmtree(repeated / "seeds" / "1" / "checkpoints")
    code, out, err = longtake("ensemble", repeated, root / "late", "--run", tmp_path / "new")
    assert (code, err) == (0, "")
    assert out.startswith(f"{tmp_path / 'new'}: 3 models; next: ")
