from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from preprocessing.errors import Stopped
from trainer.config import TrainConfig
from trainer.decoder.decoder_file import read_decoder
from trainer.predictions.inference import predict
from trainer.predictions.reader import open_answers
from trainer.run.folder import Run, load_run
from trainer.run.interruption import Interruption
from trainer.training import completion
from trainer.training.command import train
from trainer.training.data import load_data

Task = tuple[Path, Path]


@pytest.fixture(scope="module")
def tasks(tmp_path_factory: pytest.TempPathFactory) -> Task:
    from made_stores import FPS, write_sequence

    from preprocessing.labels.writing import write_intervals

    folder, generator, rows = tmp_path_factory.mktemp("task"), np.random.default_rng(0), []
    for number in range(6):
        name = f"s{number}"
        true = np.repeat([0, 1, 0], 12)
        write_sequence(folder / "store", name, true[:, None] + generator.normal(0, 1, (36, 2)))
        ends = np.arange(4) * 12 / FPS
        rows += [(name, ends[at], ends[at + 1], "aba"[at]) for at in range(3)]
    write_intervals(folder / "labels.csv", rows)
    return folder / "store", folder / "labels.csv"


def config_of(task: Task, run: Path, **options) -> TrainConfig:
    small = {"units": 4, "chunk_length": 8, "epochs": 2, "tensorboard": False}
    small |= {"learning_rate": 0.05, "fractions": (0.5, 0.34, 0.16)}
    return TrainConfig(*task, run, **{**small, **options})


@pytest.fixture(scope="module")
def finished(tasks: Task, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return train(config_of(tasks, tmp_path_factory.mktemp("runs") / "run"))


def test_a_finished_run_has_a_decoder_chosen_by_its_best_model(
    finished: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    decoder = read_decoder(finished.decoder_path, finished.facts.classes)
    assert decoder is not None
    assert decoder.rate == 4
    assert not (finished.path / completion.ANSWERS).exists()
    data = load_data(finished.config)
    predict(finished, data.validation, tmp_path / "answers.h5")
    right = total = 0
    with open_answers(tmp_path / "answers.h5") as answers:
        assert decoder.chosen_by == len(answers.ids)
        for name in answers.ids:
            true = answers.whole(name, "true")
            right += int((true == answers.whole(name, "predicted")).sum())
            total += len(true)
    assert decoder.choice(None).raw["accuracy"] == right / total


@pytest.mark.slow
def test_a_run_that_was_killed_before_or_finished_long_ago_gets_the_same_one(
    finished: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before, model = finished.decoder_path.read_text(), finished.model_path.read_bytes()
    train(finished.config)
    assert "decoder:" not in capsys.readouterr().out
    finished.decoder_path.unlink()

    def interrupted(*_: object) -> None:
        interruptions[-1].signal = "SIGTERM"

    interruptions: list[Interruption] = []
    entered = Interruption.__enter__
    monkeypatch.setattr(
        Interruption, "__enter__", lambda self: interruptions.append(self) or entered(self)
    )
    counting = completion.count_labels
    monkeypatch.setattr(
        completion, "count_labels", lambda *given: interrupted() or counting(*given)
    )
    with pytest.raises(Stopped, match="start the same command again"):
        train(finished.config)
    assert not finished.decoder_path.exists()
    monkeypatch.undo()
    train(finished.config)
    assert "\ndecoder: " in "\n" + capsys.readouterr().out
    assert finished.decoder_path.read_text() == before
    assert finished.model_path.read_bytes() == model


@pytest.mark.slow
def test_training_further_takes_the_decoder_of_the_earlier_end_away(
    finished: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def choose(self: completion.Completion, steps: object = None) -> str:
        return "there" if self.run.decoder_path.exists() else ""

    monkeypatch.setattr(completion.Completion, "go", choose)
    train(replace(finished.config, epochs=3))
    assert not finished.decoder_path.exists()
    monkeypatch.undo()
    train(replace(finished.config, epochs=3))
    assert load_run(finished.path).decoder_path.exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"fractions": (0.84, 0.0, 0.16)}, "decoder: none; there is no validation split"),
        pytest.param({"decoder": "none"}, "", marks=pytest.mark.slow),
        pytest.param({"outputs": "sequence"}, "", marks=pytest.mark.slow),
    ],
    ids=["without validation", "not wanted", "one answer a sequence"],
)
def test_there_is_none_where_none_can_be_chosen(
    tasks: Task, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: dict, said: str
) -> None:
    run = train(config_of(tasks, tmp_path / "run", epochs=1, **options))
    assert not run.decoder_path.exists()
    out = capsys.readouterr().out
    assert said in out
    assert ("decoder:" in out) == bool(said)
