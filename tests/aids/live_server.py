"""Servers on the loopback interface: one of files, one of a video that has no end."""

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import av
import numpy as np

FPS, SIZE = 10, (48, 64)
ANSWER = b"HTTP/1.0 200 OK\r\nContent-Type: video/mp2t\r\n\r\n"


@contextmanager
def file_server(path: Path, breaks_at: float = 1.0) -> Iterator[str]:
    """Serves one file, also from its middle on, as most servers do.

    Args:
        path: the file.
        breaks_at: share of the file that is ever sent.

    Yields:
        The URL.
    """
    content = path.read_bytes()
    sent = round(breaks_at * len(content))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
            first = int(asked[1]) if asked else 0
            last = min(int(asked[2]) if asked and asked[2] else len(content), len(content) - 1)
            if first >= sent:
                self.send_error(503)
                return
            self.send_response(206 if asked else 200)
            self.send_header("Accept-Ranges", "bytes")
            self.send_header("Content-Length", str(last + 1 - first))
            self.send_header("Content-Range", f"bytes {first}-{last}/{len(content)}")
            self.end_headers()
            self.wfile.write(content[first : min(last + 1, sent)])

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/{path.name}"
        server.shutdown()


@contextmanager
def live_server(connections: list[float], fps: float = FPS) -> Iterator[str]:
    """Sends MPEG-TS in real time; each connection ends after so many seconds, then none is taken.

    Yields:
        The URL.
    """
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_serve, args=(server, connections, fps), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/live"


def _serve(server: socket.socket, connections: list[float], fps: float) -> None:
    try:
        # The first visit only asks what there is.
        for seconds in (1.0, *connections):
            connection, _ = server.accept()
            with connection:
                connection.recv(1 << 16)
                connection.sendall(ANSWER)
                try:
                    _send(connection, seconds, fps)
                except (OSError, av.error.FFmpegError):
                    continue
        server.close()
    except OSError:
        return


class _Wire:
    """What PyAV writes goes out at once."""

    def __init__(self, connection: socket.socket):
        self.connection = connection

    def write(self, data: Any) -> int:
        self.connection.sendall(bytes(data))
        return len(data)


def _send(connection: socket.socket, seconds: float, fps: float) -> None:
    options = {"flush_packets": "1", "muxdelay": "0"}
    with av.open(_Wire(connection), "w", format="mpegts", options=options) as container:
        stream = container.add_stream("mpeg2video", rate=round(fps))
        stream.height, stream.width = SIZE
        stream.pix_fmt, stream.gop_size, stream.max_b_frames = "yuv420p", 1, 0
        begin = time.monotonic()
        for number in range(round(seconds * fps)):
            pixels = np.full((*SIZE, 3), (number * 5) % 256, np.uint8)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            container.mux(stream.encode(frame))
            time.sleep(max(0.0, begin + (number + 1) / fps - time.monotonic()))
        container.mux(stream.encode(None))
