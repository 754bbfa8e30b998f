"""Downloads from a server in this process that serves, stalls, breaks off, lies and refuses."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from helpers.pocket import fetching
from helpers.pocket.fetching import File, Unavailable, fetch, missing, spell

CONTENT = np.random.default_rng(0).bytes(3 * 2**20)  # three blocks
ONE_SENTENCE = r"^[^\n]+$"


class Handler(BaseHTTPRequestHandler):
    """Answers as `server.mood` says, which is asked anew for each request."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        whole, asked = self.server.content, self.headers.get("Range")
        begin = int(asked.removeprefix("bytes=").split("-")[0]) if asked else 0
        knock = asked == "bytes=0-0"
        self.server.asked.append((self.path, asked))
        mood = self.server.mood(knock, begin)
        if isinstance(mood, int):
            self.send_response(mood)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if mood == "redirect":
            self.send_response(302)
            self.send_header("Location", f"/moved{self.path}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            self.server.mood = lambda knock, begin: "serve"
            return
        if mood == "no ranges":
            begin, asked = 0, None
        body = whole[begin:] if not knock else whole[:1]
        self.send_response(206 if asked else 200)
        if asked:
            self.send_header("Content-Range", f"bytes {begin}-{len(whole) - 1}/{len(whole)}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if knock or mood in ("serve", "no ranges"):
            self._send(body)
            return
        self._send(body[: int(len(body) * 0.6)])  # "stall" or "break off"
        if mood == "stall":
            self.wfile.flush()
            self.server.awake.wait(10)
        self.close_connection = True
        self.connection.close()

    def _send(self, body):
        try:
            self.wfile.write(body)
        except OSError:
            self.close_connection = True  # the client had enough

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    """Serves `content` at any path; waits are short."""
    monkeypatch.setattr(fetching, "PATIENCE", 0.3)
    monkeypatch.setattr(fetching, "PAUSE", 0.01)
    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.daemon_threads = True
    made.content, made.asked, made.awake = CONTENT, [], threading.Event()
    made.mood = lambda knock, begin: "serve"
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield made
    made.awake.set()
    made.shutdown()
    made.server_close()


def file(server, name="denoiser.h5", content=CONTENT):
    origin = f"http://127.0.0.1:{server.server_port}/{name}?raw=true"
    return File("denoiser", name, origin, hashlib.sha256(content).hexdigest(), len(content))


def whole_and_alone(folder, name="denoiser.h5"):
    return [path.name for path in folder.iterdir()] == [name] and (folder / name).read_bytes() == CONTENT


def in_turn(*moods):
    """What the server does with one download after the other; the last for good."""
    left = list(moods)

    def mood(knock, begin):
        if knock:
            return "serve"
        return left.pop(0) if len(left) > 1 else left[0]

    return mood


def test_a_file_is_fetched_under_its_name_and_a_second_time_not_at_all(server, tmp_path, capsys):
    folder = tmp_path / "new" / "datasets"
    assert missing([file(server)], folder) == [file(server)]
    assert fetch([file(server)], folder) == [folder / "denoiser.h5"]
    assert whole_and_alone(folder) and missing([file(server)], folder) == []
    assert [asked for _, asked in server.asked] == ["bytes=0-0", None]
    assert "denoiser 3.1 MB" in capsys.readouterr().out
    fetch([file(server)], folder)
    assert len(server.asked) == 2


def test_a_redirection_is_followed(server, tmp_path):
    server.mood = lambda knock, begin: "redirect"
    fetch([file(server)], tmp_path)
    assert whole_and_alone(tmp_path)


@pytest.mark.parametrize("mood", ["break off", "stall"])
def test_what_broke_off_goes_on_where_it_stopped(server, tmp_path, mood):
    server.mood = in_turn(mood, mood, "serve")
    fetch([file(server)], tmp_path)
    assert whole_and_alone(tmp_path)
    begins = [int(asked[6:-1]) for _, asked in server.asked[2:]]
    assert len(begins) == 2 and 0 < begins[0] < begins[1] < len(CONTENT)


def test_a_server_that_can_only_send_all_is_asked_for_all(server, tmp_path):
    server.mood = in_turn("break off", "no ranges")
    fetch([file(server)], tmp_path)
    assert whole_and_alone(tmp_path)


@pytest.mark.parametrize("mood", ["stall", 503])
def test_silence_and_a_busy_server_are_given_up_after_some_tries(server, tmp_path, mood):
    server.mood = lambda knock, begin: mood
    server.content = CONTENT[:1000]
    start = time.monotonic()
    reason = "silence" if mood == "stall" else "the answer 503"
    with pytest.raises(Unavailable, match=rf"127.0.0.1:\d+ does not give the denoiser: {reason}, 4 times"):
        fetch([file(server, content=CONTENT[:1000])], tmp_path)
    assert time.monotonic() - start < 5
    assert not (tmp_path / "denoiser.h5").exists()


def test_a_later_run_goes_on_with_the_part(server, tmp_path):
    server.mood = lambda knock, begin: "break off" if begin == 0 else 404
    with pytest.raises(Unavailable, match="refuses the denoiser with the answer 404"):
        fetch([file(server)], tmp_path)
    [part] = tmp_path.iterdir()
    assert part.name == "denoiser.h5.part" and 0 < part.stat().st_size < len(CONTENT)
    assert missing([file(server)], tmp_path)  # a part is not taken for the whole
    server.mood = lambda knock, begin: "serve"
    fetch([file(server)], tmp_path)
    assert whole_and_alone(tmp_path)


@pytest.mark.parametrize("part", [b"\0" * 1000, b"\0" * len(CONTENT), b"\0" * (len(CONTENT) + 5)])
def test_a_wrong_part_is_started_over(server, tmp_path, part):
    (tmp_path / "denoiser.h5.part").write_bytes(part)
    fetch([file(server)], tmp_path)
    assert whole_and_alone(tmp_path)


@pytest.mark.parametrize("answer", [401, 403, 404, 451])
def test_a_refusal_is_believed_at_once_before_anything_is_downloaded(server, tmp_path, answer):
    server.mood = lambda knock, begin: answer if server.asked[-1][0].startswith("/large") else "serve"
    files = [file(server, "small.h5"), file(server, "large.h5")]
    with pytest.raises(Unavailable, match=f"refuses the denoiser with the answer {answer}") as refused:
        fetch(files, tmp_path)
    assert "\n" not in str(refused.value)
    assert [asked for _, asked in server.asked] == ["bytes=0-0"] * 2 and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("sent", [b"\0" * len(CONTENT), CONTENT + b"more"])
def test_a_wrong_file_is_not_kept(server, tmp_path, sent):
    server.content = sent
    with pytest.raises(Unavailable, match="is not the one that KerasCV expects|is larger than the denoiser"):
        fetch([file(server)], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_stays_too_short_is_no_file(server, tmp_path):
    server.content = CONTENT[:1000]
    with pytest.raises(Unavailable, match="127.0.0.1"):
        fetch([file(server)], tmp_path)
    assert not (tmp_path / "denoiser.h5").exists()


@pytest.mark.parametrize("damaged", [b"\0" * len(CONTENT), CONTENT[:-1], b""])
def test_a_damaged_file_in_the_cache_is_fetched_again(server, tmp_path, damaged, capsys):
    (tmp_path / "denoiser.h5").write_bytes(damaged)
    fetch([file(server)], tmp_path)
    assert whole_and_alone(tmp_path)
    assert "The denoiser in Keras's cache is damaged; it is fetched again." in capsys.readouterr().out


def test_without_a_network_it_takes_seconds(tmp_path, monkeypatch, server):
    server.shutdown()
    server.server_close()  # nobody listens at this port any more
    with pytest.raises(Unavailable, match="does not give the denoiser: .*refused, 4 times") as failed:
        fetch([file(server)], tmp_path)
    assert "\n" not in str(failed.value)


def test_a_full_disk_is_not_tried_again(server, tmp_path, monkeypatch):
    def full(blocks, *_):
        next(iter(blocks))
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(fetching, "_watched", full)
    with pytest.raises(OSError, match="No space left"):
        fetch([file(server)], tmp_path)
    assert len(server.asked) == 2


def test_keras_finds_what_was_fetched_and_asks_nobody(server, tmp_path):
    """In a process of its own, for Keras reads KERAS_HOME when it is imported."""
    code = f"""
from helpers.files import keras_cache
from helpers.pocket.fetching import File, fetch
file = {file(server)!r}
paths = fetch([file], keras_cache())
import keras
found = keras.utils.get_file(file.name, "http://127.0.0.1:9/nobody", file_hash=file.sha256)
print(found == str(paths[0]), found)
"""
    environment = os.environ | {"KERAS_HOME": str(tmp_path / "keras")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == f"True {tmp_path / 'keras' / 'datasets' / 'denoiser.h5'}"


def test_sizes_are_in_words():
    assert [spell(size) for size in (1_356_917, 492_466_864)] == ["1.4 MB", "0.49 GB"]
