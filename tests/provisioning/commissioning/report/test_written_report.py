"""A report as files: read by other programs (poppler, OpenSSL, coreutils), whole or not at all."""

import errno
import json
import shutil
import subprocess
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from appliance.store.durable_files import write_file
from provisioning.commissioning.report.contents import make_contents
from provisioning.commissioning.report.document import Photograph
from provisioning.commissioning.report.html import make_html
from provisioning.commissioning.report.pdf import make_pdf
from provisioning.commissioning.report.photographs import LONGEST_SIDE, make_photograph
from provisioning.commissioning.report.verifying import verify
from provisioning.commissioning.report.writing import ReportError, make_files, write_report
from tests.provisioning.commissioning.reports import (
    AT,
    KEY,
    make_cameras,
    make_jpeg,
    make_report,
)

HOSTILE = '<script>alert(1)</script>&"\u202e\x1b[31m</para>{unit}'
needs_poppler = pytest.mark.skipif(
    shutil.which("pdftotext") is None, reason="needs Debian's poppler-utils"
)
needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")


@pytest.fixture
def written(tmp_path: Path) -> Path:
    return write_report(make_report(), KEY, tmp_path / "reports")


def ask(*words: str | Path, where: Path | None = None) -> str:
    return subprocess.run(words, cwd=where, check=True, capture_output=True, text=True).stdout


@needs_poppler
@pytest.mark.parametrize(
    ("language", "texts"),
    [
        ("en", ("Refugiul Țiglăria", "Ștefan Întâi", "passed", "13.2 V (2 s old)", "The battery")),
        ("ro", ("Refugiul Țiglăria", "Ștefan Întâi", "13,2 V", "poartă")),
    ],
)
def test_the_pdf_says_what_the_report_says(
    written: Path, language: str, texts: tuple[str, ...]
) -> None:
    told = " ".join(ask("pdftotext", "-layout", written / f"report.{language}.pdf", "-").split())
    for text in texts:
        assert text in told


@needs_poppler
def test_the_pdf_has_its_fonts_in_it_its_title_and_the_time_of_the_report(written: Path) -> None:
    fonts = ask("pdffonts", written / "report.ro.pdf").splitlines()[2:]
    assert fonts
    assert all(line.split()[-5:-2] == ["yes", "yes", "yes"] for line in fonts), fonts
    facts = ask("pdfinfo", "-isodates", written / "report.ro.pdf")
    assert "Refugiul Țiglăria" in facts.splitlines()[0]
    assert "2026-12-01T03:15:00" in facts
    assert "A4" in facts


@needs_poppler
def test_each_page_of_the_pdf_has_its_number(tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    report = make_report(photographs=make_cameras(8, 800, 600))
    path.write_bytes(make_pdf(make_contents(report, "en"), AT))
    pages = ask("pdftotext", "-layout", path, "-").split("\f")[:-1]
    assert len(pages) >= 4
    assert [page.split()[-1] for page in pages] == [str(n + 1) for n in range(len(pages))]


def test_the_same_document_gives_the_same_files() -> None:
    assert make_files(make_report()) == make_files(make_report())


@needs_openssl
def test_the_commands_of_verify_txt_accept_it(written: Path) -> None:
    commands = [
        line.strip()
        for line in (written / "VERIFY.txt").read_text().splitlines()
        if line.startswith(("    openssl", "    sha256sum"))
    ]
    said = [ask("sh", "-c", command, where=written) for command in commands]
    assert said[0] == "Verified OK\n"
    assert said[1].count(": OK\n") == len(list(written.iterdir())) - 2
    assert said[2].split()[0] == KEY.sha256
    assert KEY.sha256 in (written / "VERIFY.txt").read_text()


@needs_openssl
def test_openssl_refuses_a_list_that_was_changed(written: Path) -> None:
    with (written / "MANIFEST.sha256").open("a") as file:
        file.write("\n")
    command = next(
        line for line in (written / "VERIFY.txt").read_text().splitlines() if "-verify" in line
    )
    assert subprocess.run(["sh", "-c", command], cwd=written, check=False).returncode == 1


def test_a_report_is_as_it_was_signed(written: Path) -> None:
    assert verify(written) == KEY.sha256


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (lambda at: (at / "report.en.pdf").write_bytes(b"%PDF"), "report.en.pdf was changed"),
        (lambda at: (at / "camera-1.jpg").unlink(), "camera-1.jpg cannot be read"),
        (lambda at: (at / "more.html").write_text("x"), "more.html was added"),
        (lambda at: (at / "MANIFEST.sha256").write_text(""), "signature is not of"),
        (lambda at: (at / "MANIFEST.sha256.sig").unlink(), "not whole"),
        (lambda at: (at / "unit-key.pub.pem").write_text("no key"), "is no such key"),
    ],
)
def test_a_report_that_was_changed_is_refused_with_its_reason(
    written: Path, spoil: Callable[[Path], object], what: str
) -> None:
    spoil(written)
    with pytest.raises(ReportError, match=what):
        verify(written)


def test_a_list_that_leads_out_of_the_directory_is_refused(written: Path) -> None:
    manifest = f"{'0' * 64}  ../../etc/passwd\n".encode()
    (written / "MANIFEST.sha256").write_bytes(manifest)
    (written / "MANIFEST.sha256.sig").write_bytes(KEY.sign(manifest))
    with pytest.raises(ReportError, match="no list of files"):
        verify(written)


def test_two_reports_in_one_second_are_two_reports(tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda _: write_report(make_report(), KEY, tmp_path), range(2)))
    assert len(set(found)) == 2
    assert [verify(path) for path in found] == [KEY.sha256] * 2


def test_a_full_disk_leaves_nothing_of_a_report(tmp_path: Path) -> None:
    def fail_late(path: Path, chunks: Iterable[bytes], *, mode: int) -> None:
        if path.name == "report.ro.pdf":
            raise OSError(errno.ENOSPC, "No space left on device")
        write_file(path, chunks, mode=mode)

    with pytest.raises(ReportError, match="No space left on device; nothing of it is left"):
        write_report(make_report(), KEY, tmp_path, fail_late)
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]


def test_what_a_power_cut_left_of_a_report_is_removed(tmp_path: Path) -> None:
    left = tmp_path / "20260101T000000Z-a.part"
    left.mkdir()
    (left / "report.en.pdf").write_bytes(b"%PDF")
    path = write_report(make_report(), KEY, tmp_path)
    assert sorted(one.name for one in tmp_path.iterdir()) == sorted([".lock", path.name])


def test_a_clock_in_1970_names_the_report_so_and_says_that_it_is_not_confirmed(
    tmp_path: Path,
) -> None:
    at = datetime(1970, 1, 1, 0, 0, 5, tzinfo=UTC)
    path = write_report(make_report(made_at=at, clock_confirmed=False), KEY, tmp_path)
    assert path.name.startswith("19700101T000005Z")
    assert "not confirmed by a time server" in (path / "report.en.html").read_text()
    assert verify(path) == KEY.sha256


@pytest.mark.parametrize("language", ["en", "ro"])
def test_names_with_markup_and_ten_thousand_characters_are_text_and_short(language: str) -> None:
    report = make_report(
        unit=HOSTILE,
        who="W" * 10_000,
        versions={HOSTILE: HOSTILE * 500},
        photographs=(Photograph(HOSTILE, None, HOSTILE),),
        left_open=(HOSTILE, "\ud800", "雪 🛰"),
    )
    contents = make_contents(report, language)
    page = make_html(contents).decode()
    assert "<script" not in page
    assert "\u202e" not in page
    assert "W" * 600 not in page
    assert make_pdf(contents, AT).startswith(b"%PDF")


def test_a_unit_without_cameras_and_without_anything_has_a_report(tmp_path: Path) -> None:
    report = make_report(
        photographs=(), steps=(), checks=(), devices=(), site=(), versions={}, left_open=()
    )
    path = write_report(report, KEY, tmp_path)
    page = (path / "report.en.html").read_text()
    assert "This unit has no camera." in page
    assert "Nothing is left open." in page


def test_eight_cameras_of_4k_make_a_report_that_can_be_mailed() -> None:
    files = make_files(make_report(photographs=make_cameras(8, 3840, 2160)))
    assert len([name for name in files if name.endswith(".jpg")]) == 8
    assert max(map(len, files.values())) < 8_000_000
    tree = json.loads(files["report.json"])
    assert {one["width"] for one in tree["photographs"]} == {LONGEST_SIDE}


@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff\xd9", make_jpeg(64, 64)[:-9], b"GIF89a"])
def test_a_damaged_picture_is_named_and_not_shown(data: bytes) -> None:
    found = make_photograph("gate", data, "seen just now")
    assert found.data is None
    assert "damaged" in found.note


def test_a_picture_of_one_line_is_laid_out() -> None:
    report = make_report(photographs=(make_photograph("line", make_jpeg(4000, 1), ""),))
    assert make_pdf(make_contents(report, "en"), AT).startswith(b"%PDF")
