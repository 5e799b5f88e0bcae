import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocessing.errors import VideoError
from preprocessing.videos.plain_url import plain
from preprocessing.videos.video_file import open_network


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://host/x.mp4?token=S3CRET#S3CRET", "http://host/x.mp4"),
        ("rtsp://me:S3CRET@host:554/x", "rtsp://host:554/x"),
        ("http://me:S3@CRET@host/x?y=a@b", "http://host/x"),
        ("http://me:S3/CRET@host/x", "http://host/x"),
        ("http://me:S3?CRET@host/x", "http://host/x"),
        ("me:S3CRET@host/x", "host/x"),
        ("http:/me:S3CRET@host/x", "host/x"),
        ("me:S3/CRET@host/x", "host/x"),
        ("S3CRET@10.0.0.1/x", "10.0.0.1/x"),
        ("S3CRET@localhost", "localhost"),
        ("host/x?token=S3CRET", "host/x"),
        ("http://[::1]:80/x", "http://[::1]:80/x"),
        ("http://host:80/@somebody/x", "http://host:80/@somebody/x"),
        ("me:x:///S3CRET@host/x", "host/x"),
    ],
)
def test_no_password_and_no_key_is_shown(url, shown):
    assert plain(url) == shown


@pytest.mark.parametrize("name", ["take 3?.mp4", "a#1.mp4", "me@home", "c:/x.mp4", "12", "a&b"])
def test_the_name_of_a_file_that_is_missing_stays_as_it_is(name):
    assert plain(name) == name


@given(
    st.sampled_from(["", "http://", "rtsp://", "foo:"]),
    st.text("abc/?#:. ", max_size=8),
    st.sampled_from(["host", "10.0.0.1", "[::1]:80"]),
)
def test_a_refusal_never_tells_the_password(scheme, noise, host):
    url = f"{scheme}me:x{noise}S3CRET@{host}/x"
    assert "S3CRET" not in plain(url)
    if not scheme:
        with pytest.raises(VideoError) as caught:
            open_network(url)
        assert "S3CRET" not in str(caught.value)
