"""What a technician gives to a new unit is looked at as the unit will look at it."""

from pathlib import Path

import pytest

from provisioning.disk_installation.errors import RefusedError
from provisioning.disk_installation.esp_files import MOST_BYTES, read_files
from tests.provisioning.disk_installation.small_image import run_command

CAMERA = '[camera.a]\nsource = "rtsp://u:secret@10.0.0.7/"\n'
CHARGER = '[charger.main]\nport = "/dev/appliance/charger"\n'


def put(folder: Path, text: str | bytes) -> Path:
    path = folder / "mine.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (CAMERA.replace("source", "sourc"), ":2: camera.a.sourc is not a known key"),
        ("[unit]\nname = 7\n", ":2: unit.name must be text"),
        ("[web]\nport = 0\n", ":2: web.port must be "),
        ("[energy]\neco_from_pct = 70\nfull_from_pct = 60\n", "energy."),
        ("[unit\n", "is not valid TOML"),
        ("[unit]\n".encode("utf-16"), "store it as UTF-8"),
        (b"\0" * (MOST_BYTES + 1), "is larger than 1 MiB"),
    ],
)
def test_settings_that_the_unit_would_refuse_are_refused_here(
    tmp_path: Path, text: str | bytes, words: str
) -> None:
    with pytest.raises(RefusedError, match=words):
        read_files(put(tmp_path, text), None, [])


def test_settings_with_a_mark_at_their_beginning_are_taken_as_they_are(tmp_path: Path) -> None:
    data = b"\xef\xbb\xbf" + (CAMERA + CHARGER).encode()
    assert read_files(put(tmp_path, data), None, []) == {"unit.toml": data}


def test_what_the_services_know_is_a_warning_since_it_may_be_of_files_that_only_the_unit_has(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = CHARGER + '[mqtt]\nhost = "h"\nuser = "u"\npassword_file = "/etc/appliance/none"\n'
    path = put(tmp_path, text)
    assert read_files(path, None, []) == {"unit.toml": text.encode()}
    assert f"warning: {path}:6: mqtt.password_file cannot be used" in capsys.readouterr().err


def test_a_question_ends_its_sentence_by_itself(tmp_path: Path) -> None:
    settings = put(tmp_path, CAMERA.replace("source", "sourc"))
    done = run_command("--file", "--settings", settings, tmp_path / "a", tmp_path / "b")
    assert done.returncode == 2
    assert done.stderr.endswith("did you mean 'source'? Nothing was changed.\n")
