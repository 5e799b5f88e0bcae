"""Memory of a training of the backbone does not grow with the chunk."""

from pathlib import Path

import pytest
from peaks import peak_mb

AIDS = Path(__file__).parents[1] / "aids"
WORK = f"""
sys.path.insert(0, {str(AIDS)!r})
from frame_tasks import finetuning
from made_frames import FPS, frames_of, write_frames
from preprocessing.labels.writing import write_intervals
from trainer.training.command import train

def work(folder, length):
    folder.mkdir(parents=True)
    rows = []
    for number in range(5):
        frames = np.tile(frames_of(32, number, (112, 112)), (8, 1, 1, 1))
        name = "s" + str(number)
        write_frames(folder / "store", name, frames)
        rows += [(name, 0.0, 30.0, "a"), (name, 30.0, 64.0, "b")]
    write_intervals(folder / "labels.csv", rows)
    parts = '{{"train": ["s0", "s1", "s2", "s3"], "validation": [], "test": ["s4"]}}'
    (folder / "splits.json").write_text(parts)
    begun = dict(finetune="efficientnet-lite0", trainable_from="block11", frames_at_once=16)
    train(finetuning(folder, chunk_length=length, lanes=4, epochs=1, **begun))
"""


@pytest.mark.slow
def test_a_chunk_of_any_length_takes_the_memory_of_a_group(tmp_path: Path) -> None:
    short, middle, long = (peak_mb(WORK, tmp_path / str(each), each) for each in (16, 64, 256))
    assert max(middle, long) < 1.1 * short
