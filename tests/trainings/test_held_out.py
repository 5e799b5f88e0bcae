from pathlib import Path

import numpy as np
import pytest
from made_stores import FPS, write_sequence
from quick_trainings import train_here

from preprocessing.errors import InputError
from preprocessing.labels.writing import write_intervals
from trainer.config import TrainConfig
from trainer.cross_validation.command import run_cross_validate
from trainer.cross_validation.options import CrossValidateConfig
from trainer.decoder.decoder_file import read_decoder
from trainer.predictions.reader import open_answers
from trainer.repeats.command import run_train, train_repeatedly
from trainer.repeats.options import RepeatedTrainConfig
from trainer.run.folder import load_run
from trainer.trainings import held_out
from trainer.trainings.crew import Crew
from trainer.trainings.parts import count_parts
from trainer.trainings.process import TrainingProcess

PEOPLE = "abcd"


@pytest.fixture
def task(tmp_path: Path) -> tuple[Path, Path]:
    """Two recordings each of four people, half of whose labels are noise."""
    generator, rows = np.random.default_rng(0), []
    ends = np.arange(4) * 12 / FPS
    for name in (f"{person}{number}" for person in PEOPLE for number in (1, 2)):
        true = np.repeat([0, 1, 0], 12)
        features = true[:, None] + generator.normal(0, 1, (36, 2))
        write_sequence(tmp_path / "store", name, features)
        rows += [(name, ends[at], ends[at + 1], "xyx"[at]) for at in range(3)]
    write_intervals(tmp_path / "labels.csv", rows)
    return tmp_path / "store", tmp_path / "labels.csv"


@pytest.mark.slow
def test_without_validation_each_part_is_answered_by_a_model_that_has_not_seen_it(
    task: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    begun, seen = train_here(monkeypatch), []
    choose = held_out.choose_decoder

    def choosing(counts: object, path: Path, *more: object) -> object:
        for name in ("1", "2", "3"):
            splits = load_run(path.parent / name).splits
            assert len(splits.train) + len(splits.test) == 6
            people = [{one[0] for one in part} for part in (splits.train, splits.test)]
            assert not people[0] & people[1]
        with open_answers(path) as answers:
            seen.extend(answers.ids)
        return choose(counts, path, *more)

    monkeypatch.setattr(held_out, "choose_decoder", choosing)
    config = RepeatedTrainConfig(
        *task,
        tmp_path / "run",
        fractions=(0.75, 0.0, 0.25),
        group_by="^(.)",
        decoder="folds",
        units=4,
        chunk_length=8,
        epochs=1,
        tensorboard=False,
    )
    run_train(config)
    run = load_run(config.run)
    assert begun == ["1", "2", "3"]
    assert seen == sorted(run.splits.train)
    assert read_decoder(run.decoder_path, run.facts.classes) is not None
    assert not (run.path / held_out.FOLDER).exists()
    assert "held-out edit" in capsys.readouterr().out
    run_train(config)
    assert begun == ["1", "2", "3"]
    training = TrainingProcess(run.config, tmp_path, "run")
    assert training.is_done
    run.decoder_path.unlink()
    assert not training.is_done


def test_of_several_trainings_it_is_said_how_many_more_there_are(
    task: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(Crew, "go", lambda crew: 0)
    monkeypatch.setattr(Crew, "left", ())
    shares = (0.75, 0.0, 0.25)
    train_repeatedly(
        RepeatedTrainConfig(
            *task, tmp_path / "a", fractions=shares, group_by="^(.)", decoder="folds", repeats=2
        )
    )
    assert "--decoder folds adds 6 trainings on parts of " in capsys.readouterr().err
    crossed = CrossValidateConfig(
        *task, tmp_path / "b", fractions=shares, leave_out="^(.)", decoder="folds"
    )
    with pytest.raises(InputError, match="no model yet"):
        run_cross_validate(crossed)
    assert "adds 12 trainings on parts of training splits, 3 for each fold" in (
        capsys.readouterr().err
    )


def test_where_nothing_is_held_out_there_are_no_parts() -> None:
    assert [count_parts(["a1", "a2", "b1", "c1", "d1"][:n], None) for n in range(6)] == [
        *(0, 0, 2, 3, 3, 3)
    ]
    assert count_parts(["a1", "a2"], "^(.)") == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [({"strategy": "multiworker"}, "--strategy"), ({"continue_from": Path("x")}, "--continue")],
)
def test_folds_are_refused_where_they_could_not_be_trained(options: dict, said: str) -> None:
    with pytest.raises(InputError, match=f"--decoder folds with {said}"):
        TrainConfig(Path("s"), Path("l"), Path("r"), decoder="folds", **options)
