"""Composing: from what a recorder wrote to one MP4, and the jobs that do it."""

from __future__ import annotations

import json
from pathlib import Path

import av
import pytest

from conferencing.jobs import JobRunner, StoppedError
from conferencing.recording.composer import HEIGHT, WIDTH, ComposeError, compose
from conferencing.recording.frames import Frame
from conferencing.recording.store import RecordingStore
from conferencing.recording.timeline import parse
from conferencing.recording.webm import SourceFile
from conferencing.tables import MeetingRow
from tests.conferencing.recording.encoded import pictures, sounds
from tests.conferencing.serve import open_database

BEGIN = 1_700_000_000.0


def write(folder: Path, name: str, codec: str, coded: list[tuple[bytes, bool]], step: int) -> None:
    made = None
    for number, (octets, keyframe) in enumerate(coded):
        frame = Frame(step * number, 0.0, keyframe, octets)
        if made is None:
            made = SourceFile(folder / name, codec, frame)
        else:
            made.write(frame)
    assert made is not None
    made.close()


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seats of 3 s; the first holds the stage, then the second whose camera comes only half a second later."""
    folder = tmp_path_factory.mktemp("recording")
    coded = list(pictures(90))
    write(folder, "a.webm", "vp8", coded, 3000)
    write(folder, "b.webm", "vp8", coded[:60], 3000)
    write(folder, "s.webm", "opus", [(packet, True) for packet in sounds(150)], 960)
    (folder / "cut.webm").write_bytes(b"\x1a\x45\xdf\xa3 cut off at once")
    log = [
        {"type": "begin", "part": 1, "at": BEGIN},
        {"type": "stage", "seat": "a", "at": BEGIN},
        {"type": "file", "file": "a.webm", "seat": "a", "role": "camera", "codec": "vp8", "at": BEGIN},
        {"type": "file", "file": "s.webm", "seat": "a", "role": "microphone", "codec": "opus", "at": BEGIN + 0.5},
        {"type": "stage", "seat": "b", "at": BEGIN + 2},
        {"type": "file", "file": "b.webm", "seat": "b", "role": "camera", "codec": "vp8", "at": BEGIN + 2.5},
        {"type": "file", "file": "cut.webm", "seat": "b", "role": "microphone", "codec": "opus", "at": BEGIN + 3},
    ]
    text = "".join(json.dumps(one) + "\n" for one in log) + '{"type": "sta'
    (folder / "log.jsonl").write_text(text)
    return folder


def test_the_stage_is_seen_and_all_are_heard(recording: Path) -> None:
    told: list[float] = []
    path = compose(recording, told.append)
    assert told[-1] == 1 and told == sorted(told)
    with av.open(str(path)) as container:
        assert {stream.type for stream in container.streams} == {"video", "audio"}
        frames = list(container.decode(video=0))
        assert (frames[0].width, frames[0].height) == (WIDTH, HEIGHT)
        assert 4 <= (frames[-1].time or 0) <= 6
        brightness = {round(frame.time or 0, 2): bytes(frame.planes[0])[WIDTH * 300 + 600] for frame in frames}
        # Nobody's picture between the change of the stage and the second camera's first frame.
        assert abs(brightness[2.2] - 24) < 6
        assert any(abs(value - 24) > 20 for at, value in brightness.items() if at < 2)
        assert any(abs(value - 24) > 20 for at, value in brightness.items() if 2.6 < at < 4.4)
    with av.open(str(path)) as container:
        heard = [
            (frame.time or 0.0, max(map(abs, memoryview(bytes(frame.planes[0])).cast("f"))))
            for frame in container.decode(audio=0)
        ]
    assert max(level for at, level in heard if at < 0.4) < 0.01
    assert max(level for at, level in heard if 0.6 < at < 3.4) > 0.05


def test_nothing_that_plays_is_said(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text(json.dumps({"type": "begin", "part": 1, "at": BEGIN}) + "\n")
    with pytest.raises(ComposeError, match="no file that plays"):
        compose(tmp_path, lambda _progress: None)


def test_a_log_names_no_file_outside_its_folder(tmp_path: Path) -> None:
    (tmp_path / "passwd").write_bytes(b"x")
    entry = {"type": "file", "file": "/etc/passwd", "seat": "a", "role": "camera", "codec": "vp8", "at": BEGIN}
    (found,) = parse(tmp_path, [entry]).files
    assert found.path == tmp_path / "passwd"


def test_jobs_are_done_in_order_again_after_a_crash_and_given_up_at_last(tmp_path: Path) -> None:
    sessions = open_database(tmp_path / "c.db")
    store = RecordingStore(sessions)
    with sessions.begin() as session:
        session.add(MeetingRow(id="m", code="c", title="t", created_at=0, created_by="x", closed_at=None))
    store.begin("0" * 16, "m", "thanh", 1.0)
    done: list[str] = []
    stop = False

    def good(subject: str, report: object) -> None:
        done.append(subject)

    def crash(_subject: str, _report: object) -> None:
        raise SystemExit

    def slow(_subject: str, report: object) -> None:
        assert callable(report)
        report(0.5)

    first = store.add_job("compose", "one", "thanh", 1.0)
    assert store.add_job("compose", "one", "lan", 2.0) == first
    store.add_job("compose", "two", "thanh", 3.0)
    runner = JobRunner(sessions, {"compose": good}, lambda: stop)
    assert [runner.once(), runner.once(), runner.once()] == [True, True, False]
    assert done == ["one", "two"]
    job = store.job_of("compose", "one")
    assert job is not None and (job.state, job.progress) == ("done", 1.0)

    store.add_job("compose", "three", "thanh", 4.0)
    for _ in range(3):
        dying = JobRunner(sessions, {"compose": crash}, lambda: stop)
        dying.recover()
        with pytest.raises(SystemExit):
            dying.once()
    dying.recover()
    job = store.job_of("compose", "three")
    assert job is not None and job.state == "failed" and not dying.once()

    # A process that is told to end leaves the job to the next, and that is no failure of the job.
    store.add_job("compose", "four", "thanh", 5.0)
    stop = True
    with pytest.MonkeyPatch.context():
        JobRunner(sessions, {"compose": slow}, lambda: stop).once()
    job = store.job_of("compose", "four")
    assert job is not None and job.state == "queued"
    stop = False

    def failing(_subject: str, _report: object) -> None:
        raise ComposeError("the recording holds no file that plays")

    JobRunner(sessions, {"compose": failing}, lambda: stop).once()
    job = store.job_of("compose", "four")
    assert job is not None and (job.state, job.detail) == ("failed", "the recording holds no file that plays")
    assert issubclass(StoppedError, Exception)
