"""How large a video's pictures are on screen."""

from pathlib import Path

import av

from preprocessing.errors import VideoError
from preprocessing.videos.video_file import open_container, text_of, video_stream


def shown_size(path: Path) -> tuple[int, int]:
    """Height and width in pixels of a video's first frame, upright and in its true aspect.

    Raises:
        VideoError: the file cannot be opened, has no video stream, or no frame of it can be
            decoded.
    """
    try:
        with open_container(path) as container:
            stream = video_stream(container, str(path))
            for packet in container.demux(stream):
                try:
                    frames = packet.decode()
                except av.error.FFmpegError:
                    continue
                for frame in frames:
                    width = max(1, round(frame.width * float(stream.sample_aspect_ratio or 1)))
                    turned = round(frame.rotation / 90) % 2
                    return (width, frame.height) if turned else (frame.height, width)
    except (av.error.FFmpegError, OSError) as error:
        raise VideoError(
            "unreadable", f"{path} cannot be opened as a video: {text_of(error)}"
        ) from None
    raise VideoError("no frames", f"{path}: no frame of it can be decoded")
