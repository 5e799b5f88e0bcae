"""Slurm's jobs as a chain, and its arrays, with commands in Slurm's place that run jobs at once."""

import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from commands import LONGTAKE
from fake_slurm import FIRST_JOB, ROOT, SCRIPTS, FakeSlurm

CHAIN = SCRIPTS / "chain"
PAGE = (ROOT / "docs" / "cluster.md").read_text(encoding="utf-8")
FOLDERS = {
    "VIDEOS": "my videos",
    "STORE": "store",
    "LABELS": "labels.csv",
    "RUN": "runs/first",
    "NEW": "new",
    "OUT": "answers",
}
MP4 = cv2.VideoWriter.fourcc(*"mp4v")
GO_BACK = ("extract", "train", "train_nodes", "predict", "cross_validate", "tune")


@pytest.fixture
def slurm(tmp_path: Path) -> FakeSlurm:
    for folder in (FOLDERS["VIDEOS"], FOLDERS["NEW"], "data/videos", "data/new"):
        (tmp_path / folder).mkdir(parents=True)
    return FakeSlurm(tmp_path)


def test_stages_run_one_after_the_other_with_options_of_their_own(slurm: FakeSlurm) -> None:
    options = ["--", "--units", 256, "--ignore-label", "a b"]
    stages = ["extract", "--array=1-2", "--", "--fps", 4, ":", "train", "--gpus=2", *options]
    parts = [":", "predict", "--array=1-2", "--", "--csv", ":", "predict", "--array=1"]
    done = slurm.run(CHAIN, *stages, ":", "evaluate", *parts, **FOLDERS)
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
        (("train", "predict"), "put a : before the stage predict"),
        (("train", "--gpus=2", "predict"), "put a : before the stage predict"),
        (("../slurm/evaluate",), "no stage is called '../slurm/evaluate'"),
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


@pytest.mark.parametrize(("stage", "name"), [("extract", "VIDEOS"), ("predict", "NEW")])
def test_videos_that_are_not_there_are_told_before_the_queue(
    slurm: FakeSlurm, stage: str, name: str
) -> None:
    done = slurm.run(CHAIN, "evaluate", ":", stage, **{**FOLDERS, name: "gone"})
    assert done.returncode == 2
    assert f"{name}=gone does not exist; expected a folder of videos" in done.stderr
    assert slurm.ends == {}


def test_a_job_may_be_called_as_a_stage_is(slurm: FakeSlurm) -> None:
    done = slurm.run(CHAIN, "evaluate", "--job-name", "train", "--", "predict", **FOLDERS)
    assert done.returncode == 0, done.stderr
    assert "--job-name train" in slurm.read("submitted")[0]


def test_an_array_shares_folds_and_trials(slurm: FakeSlurm) -> None:
    slurm.run(CHAIN, "cross_validate", "--array=1-2", "--", "--folds", 2, **FOLDERS)
    slurm.run(CHAIN, "tune", "--array=1-2", STORAGE="sqlite:///a b", **FOLDERS)
    data = "--store store --labels labels.csv --run runs/first"
    crossed, tuned = f"cross-validate {data} --no-wait --folds 2", f"tune {data} --storage"
    assert slurm.read("calls") == [crossed] * 2 + [f"{tuned} sqlite:///a b"] * 2


def test_an_array_of_a_search_needs_a_database_or_one_machine(slurm: FakeSlurm) -> None:
    slurm.run(CHAIN, "tune", "--array=1-2", **FOLDERS)
    assert slurm.ends == {FIRST_JOB: "failed"}
    assert (
        "an array needs STORAGE=URL" in (slurm.folder / f"longtake-{FIRST_JOB}-1.log").read_text()
    )
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


def commands_of(heading: str) -> list[str]:
    """Returns each block of commands below a heading of the page, up to the next heading."""
    _, _, text = PAGE.partition(f"\n{heading}\n")
    section = re.split(r"^##", text, flags=re.MULTILINE)[0]
    return re.findall(r"(?:^    .+\n)+", section, re.MULTILINE)


def type_in(slurm: FakeSlurm, blocks: list[str]) -> None:
    """Types what the page says, in the folder of a repository whose environment is made."""
    for name, target in ((".venv", slurm.folder), ("scripts", ROOT / "scripts")):
        (slurm.folder / name).symlink_to(target)
    lines = re.sub("^    ", "", "".join(blocks), flags=re.MULTILINE)
    done = slurm.run("bash", "-eu", "-c", lines.replace("/data", f"{slurm.folder}/data"))
    assert done.returncode == 0, done.stderr


def test_the_way_from_nothing_to_answers_is_that_of_the_page(slurm: FakeSlurm) -> None:
    install, *blocks = commands_of("## From nothing to answers")
    assert "pip install --constraint requirements.lock" in install  # This alone is not typed.
    type_in(slurm, blocks)
    data = f"{slurm.folder}/data"
    store, new = f"--store {data}/store --labels {data}/labels.csv", f"{data}/new --out"
    assert slurm.read("calls") == [
        f"doctor {data}",
        f"labels {data}/labels.csv --check",
        *(f"extract {data}/videos --store {data}/store --shard {n}/8 --fps 4" for n in range(1, 9)),
        f"train {store} --run {data}/runs/first --units 256",
        f"evaluate {data}/runs/first",
        *(f"predict {data}/runs/first {new} {data}/answers --shard {n}/4" for n in range(1, 5)),
        f"predict {data}/runs/first {new} {data}/answers",
        f"train {store} --run {data}/runs/second --units 512",
        f"evaluate {data}/runs/second",
        f"compare {data}/runs/first {data}/runs/second",
    ]
    assert set(slurm.ends.values()) == {"ok"}


def test_arrays_of_folds_and_trials_are_those_of_the_page(slurm: FakeSlurm) -> None:
    (block,) = commands_of("## Searches and folds")
    type_in(slurm, [block.replace("~/longtake/.venv", "$PWD/.venv")])
    calls = slurm.read("calls")
    assert [call.partition(" ")[0] for call in calls] == ["cross-validate"] * 5 + ["tune"] * 4
    assert calls[0].endswith(f"--run {slurm.folder}/data/runs/crossed --no-wait --folds 5")
    assert calls[-1].endswith("--storage postgresql+psycopg://me@host/studies --trials 40")


def test_the_stages_that_the_page_lists_are_those_that_there_are() -> None:
    listed = re.findall(r"^\| `(\w+)` \| ", PAGE, re.MULTILINE)
    assert sorted(listed) == sorted(path.stem for path in SCRIPTS.glob("*.sbatch"))


def test_jobs_take_the_image_of_apptainer_as_the_page_says(slurm: FakeSlurm) -> None:
    *_, build, shim = commands_of("## Docker and Apptainer")
    type_in(slurm, [build, shim, "    RUN=/data/run scripts/slurm/chain evaluate\n"])
    run = f"apptainer run --nv --bind {slurm.folder}/data"
    assert slurm.read("submitted") == [
        "apptainer build --build-arg EXTRAS=cuda,tune longtake.sif longtake.def",
        f"{run} longtake.sif doctor {slurm.folder}/data",
        f"sbatch --parsable {slurm.folder}/scripts/slurm/evaluate.sbatch",
        f"{run} {slurm.folder}/longtake.sif evaluate {slurm.folder}/data/run",
    ]


@pytest.mark.slow
def test_a_real_chain_comes_from_videos_to_answers(slurm: FakeSlurm) -> None:
    rows, generator = ["sequence,start,end,label"], np.random.default_rng(0)
    for number in range(8):
        name = f"v{number}"
        colours = [(30, 30, 200), (200, 30, 30)] if number % 2 else [(200, 30, 30), (30, 30, 200)]
        folder = slurm.folder / ("new" if number > 5 else "my videos")
        folder.mkdir(exist_ok=True)
        made = cv2.VideoWriter(str(folder / f"{name}.mp4"), MP4, 8, (48, 32))
        for frame in range(64):
            noise = generator.integers(0, 50, (32, 48, 3))
            made.write((noise + colours[frame // 32]).astype(np.uint8))
        made.release()
        first, second = ("red", "blue") if number % 2 else ("blue", "red")
        rows += [f"{name},0,4,{first}", f"{name},4,8,{second}"]
    (slurm.folder / "labels.csv").write_text("\n".join(rows[:13]) + "\n")
    slurm.use_real_longtake(LONGTAKE)
    options = ["--units", 4, "--layers", 1, "--chunk-length", 8, "--epochs", 2]
    extract = ["extract", "--array=1-2", "--", "--backbone", "histogram"]
    stages = [":", "evaluate", ":", "predict", "--array=1"]
    done = slurm.run(CHAIN, *extract, ":", "train", "--", *options, *stages, **FOLDERS)
    logs = "".join(path.read_text() for path in sorted(slurm.folder.glob("longtake-*.log")))
    assert set(slurm.ends.values()) == {"ok"}, logs + done.stderr
    assert (slurm.folder / "runs" / "first" / "evaluation" / "test" / "report.html").exists()
    assert "v6," in (slurm.folder / "answers" / "labels.csv").read_text()
