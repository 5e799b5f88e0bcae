"""Many trainings at once: a quick stand-in is at the place of each."""

import csv
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from quick_trainings import diary, stand_in, trainings, use_stand_in, wait_for

from preprocessing.errors import InputError, Stopped
from trainer.run.interruption import Interruption
from trainer.run.lock import Lock
from trainer.trainings.crew import Crew
from trainer.trainings.process import TrainingProcess

# A crew in a process of its own.
ELSEWHERE = """
import sys
from pathlib import Path
from quick_trainings import stand_in, trainings
from trainer.run.interruption import Interruption
from trainer.trainings.crew import Crew
from trainer.trainings.process import TrainingProcess
folder, count, jobs, pace = Path(sys.argv[1]), *map(int, sys.argv[2:4]), float(sys.argv[4])
TrainingProcess.command = property(stand_in(folder, pace))
with Interruption() as interruption:
    Crew(folder, trainings(folder, count), "seed", jobs, interruption).go()
"""


def go(folder: Path, crew: list[TrainingProcess], jobs: int = 1) -> int:
    return Crew(folder, crew, "seed", jobs, Interruption()).go()


def begin(folder: Path, count: int, pace: float, jobs: int) -> subprocess.Popen[str]:
    options = [str(folder), str(count), str(jobs), str(pace)]
    return subprocess.Popen(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {sys.path!r}\n{ELSEWHERE}", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def most_at_once(folder: Path) -> int:
    found = running = 0
    for _, _, word in sorted(diary(folder)):
        running += 1 if word == "begun" else -1
        found = max(found, running)
    return found


def test_all_are_trained_so_many_at_a_time_and_none_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use_stand_in(monkeypatch, tmp_path, pace=0.3)
    assert go(tmp_path, trainings(tmp_path, 3), jobs=2) == 0
    assert most_at_once(tmp_path) == 2
    said = capsys.readouterr().out.splitlines()
    assert [line[:6] for line in said] == ["[1/3] ", "[2/3] ", "[3/3] "]
    assert all(": 2 epochs; " in line for line in said)
    assert go(tmp_path, trainings(tmp_path, 3), jobs=2) == 0
    assert len(diary(tmp_path)) == 6
    assert capsys.readouterr().out.splitlines()[0] == "[1/3] seed 0: 2 epochs"
    assert not (tmp_path / "failures.csv").exists()


def test_one_that_fails_is_named_and_stops_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use_stand_in(monkeypatch, tmp_path)
    bad, good = trainings(tmp_path, 2)
    bad.config = replace(bad.config, units=13)
    assert go(tmp_path, [bad, good]) == 3
    log = tmp_path / "runs" / "0.log"
    assert f"seed 0: failed: the loss became nan; all that it said: {log}" in capsys.readouterr()[0]
    with (tmp_path / "failures.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert (row["path"], row["kind"]) == (str(tmp_path / "runs" / "0"), "training")
    assert row["message"] == "the loss became nan"
    before = len(diary(tmp_path))
    assert go(tmp_path, [bad, good]) == 3
    assert [name for _, name, _ in diary(tmp_path)[before:]] == ["0"]
    with pytest.raises(InputError, match="none of 1 seed came to its end; seed 0: the loss became"):
        go(tmp_path, [bad])


def test_more_epochs_are_trained_and_the_same_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_stand_in(monkeypatch, tmp_path)
    (one,) = trainings(tmp_path, 1)
    assert not one.is_done
    go(tmp_path, [one])
    assert one.is_done
    one.config = replace(one.config, epochs=3)
    assert not one.is_done
    go(tmp_path, [one])
    assert one.is_done
    assert one.run.progress.epoch == 3


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)]
)
def test_a_signal_stops_all_that_run_and_the_same_crew_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    process = begin(tmp_path, 3, 0.5, 2)
    wait_for(lambda: len(diary(tmp_path)) == 2)
    process.send_signal(number)
    _, err = process.communicate()
    assert "Stopped: " in err
    assert sorted(word for _, _, word in diary(tmp_path)) == ["begun"] * 2 + ["stopped"] * 2
    use_stand_in(monkeypatch, tmp_path)
    assert go(tmp_path, trainings(tmp_path, 3), jobs=3) == 0
    assert sorted(name for _, name, word in diary(tmp_path) if word == "done") == ["0", "1", "2"]


def test_what_a_killed_crew_left_running_is_waited_for_and_not_trained_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    process = begin(tmp_path, 1, 0.5, 1)
    wait_for(lambda: diary(tmp_path))
    process.kill()
    process.communicate()
    use_stand_in(monkeypatch, tmp_path)
    assert go(tmp_path, trainings(tmp_path, 1)) == 0
    assert [word for _, _, word in diary(tmp_path)] == ["begun", "done"]
    waits = "note: seed 0 is trained by another process; waiting for its end\n"
    assert capsys.readouterr().err == waits


def test_crews_of_the_same_trainings_share_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = begin(tmp_path, 4, 0.1, 1)
    use_stand_in(monkeypatch, tmp_path, pace=0.1)
    assert go(tmp_path, trainings(tmp_path, 4)) == 0
    _, err = process.communicate()
    assert process.returncode == 0, err
    assert sorted(name for _, name, word in diary(tmp_path) if word == "begun") == list("0123")


def test_a_crew_that_does_not_wait_leaves_what_another_trains_and_the_last_one_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use_stand_in(monkeypatch, tmp_path)
    crew = trainings(tmp_path, 3)
    first = Crew(tmp_path, crew, "seed", 1, Interruption(), wait=False)
    elsewhere = Lock(crew[1].lock_path)
    assert elsewhere.try_acquire()
    assert first.go() == 0
    assert first.left == ["1"]
    assert sorted(name for _, name, word in diary(tmp_path) if word == "done") == ["0", "2"]
    assert capsys.readouterr().err == ""
    elsewhere.close()
    last = Crew(tmp_path, trainings(tmp_path, 3), "seed", 1, Interruption(), wait=False)
    assert last.go() == 0
    assert last.left == []


def test_a_training_that_is_done_is_not_left_because_somebody_looks_at_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_stand_in(monkeypatch, tmp_path)
    crew = trainings(tmp_path, 2)
    go(tmp_path, crew)
    looks = Lock(crew[1].lock_path)
    assert looks.try_acquire()
    threading.Timer(0.4, looks.close).start()
    last = Crew(tmp_path, crew, "seed", 1, Interruption(), wait=False)
    assert last.go() == 0
    assert last.left == []


def test_a_training_that_somebody_else_stopped_stops_the_crew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quits = [sys.executable, "-c", "raise SystemExit(75)"]
    monkeypatch.setattr(TrainingProcess, "command", property(lambda training: quits))
    with pytest.raises(Stopped, match="the training of seed 0 was stopped; start the same command"):
        go(tmp_path, trainings(tmp_path, 2))


def test_side_by_side_each_has_its_share_of_the_cores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "8")
    tells = [sys.executable, "-c", "import os; print(os.environ['TF_NUM_INTRAOP_THREADS'])"]
    monkeypatch.setattr(TrainingProcess, "command", property(lambda training: tells))
    for jobs, threads in ((1, "8"), (3, "2"), (9, "1")):
        three = trainings(tmp_path / str(jobs), 3)
        monkeypatch.setattr("trainer.trainings.crew._result", lambda training: "done")
        go(tmp_path / str(jobs), three, jobs=jobs)
        assert {training.log_path.read_text() for training in three} == {f"{threads}\n"}


def test_the_stand_in_is_called_as_training_is(tmp_path: Path) -> None:
    (one,) = trainings(tmp_path, 1, model="own.py:build")
    config = str(tmp_path / "runs" / "0.yaml")
    told = ["--config", config, "--model=own.py:build", "--quiet"]
    assert one.command[1:] == ["-m", "trainer", "train", *told]
    assert stand_in(tmp_path)(one)[2] == config
