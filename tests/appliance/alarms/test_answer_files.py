"""What sending processes have answered before the service was killed."""

import fcntl
from pathlib import Path

from appliance.alarms.answer_files import AnswerFiles
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
