"""Slurm's jobs as a chain, and its arrays, with commands in Slurm's place that run jobs at once."""

from pathlib import Path

import pytest
from fake_slurm import FIRST_JOB, SCRIPTS, FakeSlurm

CHAIN = SCRIPTS / "chain"
FOLDERS = {
    "VIDEOS": "my videos",
    "STORE": "store",
    "LABELS": "labels.csv",
    "RUN": "runs/first",
    "NEW": "new",
    "OUT": "answers",
}
GO_BACK = ("extract", "train", "train_nodes", "predict", "cross_validate", "tune")


@pytest.fixture
def slurm(tmp_path: Path) -> FakeSlurm:
    return FakeSlurm(tmp_path)


def test_stages_run_one_after_the_other_with_options_of_their_own(slurm: FakeSlurm) -> None:
    stages = [
        "extract",
        "--array=1-2",
        "--",
        "--fps",
        "4",
        ":",
        "train",
        "--gpus=2",
        "--",
        "--units",
        "256",
        "--ignore-label",
    ]
    more = [
        "a",
        "b",
        ":",
        "evaluate",
        ":",
        "predict",
        "--array=1-2",
        "--",
        "--csv",
        ":",
        "predict",
        "--array=1",
    ]
    done = slurm.run(CHAIN, *stages, "a b", *more[2:], **FOLDERS)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "extract: job 17",
        "train: job 18 after 17",
        "evaluate: job 19 after 18",
        "predict: job 20 after 19",
        "predict: job 21 after 20",
        "what they do: squeue --me; an end to all of them: scancel 17 18 19 20 21",
    ]
    assert slurm.read("calls") == [
        "extract my videos --store store --shard 1/2 --fps 4",
        "extract my videos --store store --shard 2/2 --fps 4",
        "train --store store --labels labels.csv --run runs/first --units 256 --ignore-label a b",
        "evaluate runs/first",
        "predict runs/first new --out answers --shard 1/2 --csv",
        "predict runs/first new --out answers --shard 2/2 --csv",
        "predict runs/first new --out answers",
    ]
    after = "--dependency=afterok:17 --kill-on-invalid-dep=yes"
    assert (
        f"sbatch --parsable {after} --gpus=2 {SCRIPTS}/train.sbatch --units 256"
        in (slurm.read("submitted")[1])
    )


@pytest.mark.parametrize(("code", "ends"), [(2, "failed"), (75, "failed"), (3, "ok")])
def test_what_follows_a_job_that_fails_is_not_run_and_failed_videos_are_no_failure(
    slurm: FakeSlurm, code: int, ends: str
) -> None:
    slurm.run(CHAIN, "extract", ":", "train", ":", "evaluate", FAILED=f"extract={code}", **FOLDERS)
    follows = "ok" if ends == "ok" else "cancelled"
    assert slurm.ends == {17: ends, 18: follows, 19: follows}
    assert any(call.startswith("train") for call in slurm.read("calls")) == (ends == "ok")


def test_a_stage_that_slurm_refuses_takes_the_others_back(slurm: FakeSlurm) -> None:
    done = slurm.run(CHAIN, "extract", ":", "train", ":", "evaluate", REFUSED="evaluate", **FOLDERS)
    assert done.returncode == 2
    assert "evaluate was not submitted, nor is anything else" in done.stderr
    assert slurm.read("submitted")[-1] == "scancel 17 18"


@pytest.mark.parametrize(
    ("stages", "said"),
    [
        ((), "expected stages with : between them, of cross_validate evaluate extract"),
        (("extract", ":", "trian"), "no stage is called 'trian'; expected one of cross_validate"),
        (("extract", ":"), "no stage is called ':'"),
        (("--array=1-2", "extract"), "no stage is called '--array=1-2'"),
    ],
)
def test_stages_that_there_are_not_are_refused_before_any_is_submitted(
    slurm: FakeSlurm, stages: tuple[str, ...], said: str
) -> None:
    done = slurm.run(CHAIN, *stages, **FOLDERS)
    assert done.returncode == 2
    assert said in done.stderr
    assert slurm.ends == {}


def test_an_environment_that_is_not_there_is_told_before_the_queue(slurm: FakeSlurm) -> None:
    done = slurm.run(CHAIN, "train", VENV="none")
    assert done.returncode == 2
    assert "VENV=none is no environment; expected bin/activate in it" in done.stderr


def test_an_array_shares_folds_and_trials(slurm: FakeSlurm) -> None:
    slurm.run(CHAIN, "cross_validate", "--array=1-2", "--", "--folds", 2, **FOLDERS)
    slurm.run(CHAIN, "tune", "--array=1-2", STORAGE="sqlite:///a b", **FOLDERS)
    data = "--store store --labels labels.csv --run runs/first"
    crossed, tuned = f"cross-validate {data} --no-wait --folds 2", f"tune {data} --storage"
    assert slurm.read("calls") == [crossed] * 2 + [f"{tuned} sqlite:///a b"] * 2


def test_an_array_of_a_search_needs_a_database_or_one_machine(slurm: FakeSlurm) -> None:
    slurm.run(CHAIN, "tune", "--array=1-2", **FOLDERS)
    assert slurm.ends == {FIRST_JOB: "failed"}
    assert "an array needs STORAGE=URL" in (slurm.folder / f"log-{FIRST_JOB}-1").read_text()
    slurm.run(CHAIN, "tune", "--array=1-2", ONE_MACHINE="yes", **FOLDERS)
    slurm.run(CHAIN, "tune", **FOLDERS)
    assert slurm.ends == {17: "failed", 18: "ok", 19: "ok"}


@pytest.mark.parametrize("stage", GO_BACK)
def test_all_that_may_go_back_into_the_queue_do_so_in_the_same_lines(stage: str) -> None:
    first, each = ((SCRIPTS / f"{name}.sbatch").read_text() for name in (GO_BACK[0], stage))
    begin = "# A job that is cancelled would come back"
    assert first.partition(begin)[1:] == each.partition(begin)[1:]
    assert "#SBATCH --requeue\n" in each
    assert "#SBATCH --open-mode=append\n" in each


def test_a_task_of_an_array_goes_back_alone(slurm: FakeSlurm) -> None:
    slurm.run(CHAIN, "cross_validate", "--array=1-2", FAILED="cross-validate=75", **FOLDERS)
    assert slurm.read("submitted")[1:] == ["scontrol requeue 17_1", "scontrol requeue 17_2"]


def test_a_single_job_goes_back_by_its_number(slurm: FakeSlurm) -> None:
    slurm.run(CHAIN, "tune", FAILED="tune=75", **FOLDERS)
    assert slurm.read("submitted")[1:] == ["scontrol requeue 17"]
