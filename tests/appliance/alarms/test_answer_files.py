"""What sending processes have answered before the service was killed."""

import fcntl
import os
from pathlib import Path

from appliance.alarms.answer_files import AnswerFiles, read_ended
from appliance.alarms.channels.answer_log import AnswerLog
from appliance.alarms.channels.requests import SendAnswer

SENT = SendAnswer("a-1.owner.mail", sent=True, refused=False, text="sent", size_bytes=900)


def leave(directory: Path, *answers: SendAnswer) -> Path:
    """A service was killed, and its sending process has ended."""
    path = AnswerFiles(directory).own
    log = AnswerLog(path)
    for answer in answers:
        log.write(answer)
    assert log._handle is not None
    fcntl.flock(log._handle, fcntl.LOCK_UN)
    return path


def test_the_answers_of_a_killed_service_are_taken_once(tmp_path: Path) -> None:
    path = leave(tmp_path, SENT)
    files = AnswerFiles(tmp_path)
    assert files.take_left() == [SENT]
    assert files.is_clear
    assert path.exists()  # until they are stored
    files.forget()
    assert not path.exists()
    assert AnswerFiles(tmp_path).take_left() == []


def test_a_process_that_still_sends_is_waited_for(tmp_path: Path) -> None:
    log = AnswerLog(AnswerFiles(tmp_path).own)
    files = AnswerFiles(tmp_path)
    assert files.take_left() == []
    assert not files.is_clear
    log.write(SENT)
    assert log._handle is not None
    fcntl.flock(log._handle, fcntl.LOCK_UN)
    assert files.take_left() == [SENT]
    assert files.is_clear


def test_a_torn_line_and_a_foreign_file_are_passed_over(tmp_path: Path) -> None:
    path = leave(tmp_path, SENT)
    path.write_bytes(path.read_bytes() + b'{"delivery_id": "a-2.own')
    (tmp_path / "notes.txt").write_text("keep")
    (tmp_path / "link.answers").symlink_to("/etc/passwd")
    files = AnswerFiles(tmp_path)
    assert files.take_left() == [SENT]
    files.forget()
    assert (tmp_path / "notes.txt").exists()
    assert Path("/etc/passwd").exists()


def test_a_directory_that_cannot_be_made_costs_the_answers_only(tmp_path: Path) -> None:
    (tmp_path / "full").write_text("a file in its place")
    files = AnswerFiles(tmp_path / "full")
    assert files.take_left() == []
    files.close()


def test_what_a_full_disk_cut_off_spoils_no_later_answer(tmp_path: Path) -> None:
    path = AnswerFiles(tmp_path).own
    path.write_bytes(b'{"delivery_id": "a-2.own')
    log = AnswerLog(path)
    log.write(SENT)
    assert log._handle is not None
    fcntl.flock(log._handle, fcntl.LOCK_UN)
    assert AnswerFiles(tmp_path).take_left() == [SENT]


def test_the_file_of_a_service_that_lives_for_months_stays_small(tmp_path: Path) -> None:
    files = AnswerFiles(tmp_path)
    log = AnswerLog(files.own)
    log.write(SENT)
    files.trim()
    assert files.own.stat().st_size > 0
    files.own.write_bytes(bytes(200_000))
    files.trim()
    assert files.own.stat().st_size == 0
    log.write(SENT)
    assert read_ended(files.own) is None
    assert log._handle is not None
    fcntl.flock(log._handle, fcntl.LOCK_UN)
    assert read_ended(files.own) == [SENT]


def test_a_pipe_among_the_files_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "0.answers")
    assert AnswerFiles(tmp_path).take_left() == []
