"""Paths of a tree, and its content hash."""

import hashlib

import pytest

from appliance.strict_json import InputError
from ota.payload.tree_list import ListedFile, format_list, hash_tree, parse_list, sort_files

EMPTY = hashlib.sha256(b"").hexdigest()


def make_file(path: str, *, executable: bool = False) -> ListedFile:
    return ListedFile(path, executable, EMPTY, 0)


def list_paths(*paths: str) -> tuple[ListedFile, ...]:
    return sort_files(make_file(path) for path in paths)


def test_the_content_hash_is_that_of_the_lines_sorted_by_path() -> None:
    files = sort_files([make_file("b/x", executable=True), make_file("a b")])
    lines = f"{EMPTY} 644 0 a b\n{EMPTY} 755 0 b/x\n".encode()
    assert format_list(files) == lines
    assert hash_tree(files) == hashlib.sha256(lines).hexdigest()
    assert parse_list(lines) == files


@pytest.mark.parametrize(
    "path",
    [
        *("", "/etc/passwd", "../x", "a/../b", "a/./b", "a//b", "a/", "a\0b", "a\nb", "a\\b"),
        *("C:\\x", "e\u0301", "a\u202eb", "x" * 201, "/".join("a" * 25), "\ud800"),
    ],
)
def test_a_path_that_leaves_its_tree_or_reads_otherwise_elsewhere_is_refused(path: str) -> None:
    with pytest.raises(InputError):
        list_paths(path)


@pytest.mark.parametrize(
    "paths",
    [
        ("a", "a"),
        ("a", "A"),
        ("a", "a/b"),
        ("A", "a/b"),
        ("d/a", "D/b"),
        ("a-", "a", "a/b"),
        ("ß", "ss"),
    ],
)
def test_paths_that_a_file_system_might_take_for_one_are_refused(paths: tuple[str, ...]) -> None:
    with pytest.raises(InputError):
        list_paths(*paths)


def test_usual_names_pass() -> None:
    paths = ("a-", "a.py", "b/script (dev).tmpl", "b/ünit", "c/__init__.py", "d/__init__.py")
    assert [one.path for one in list_paths(*paths)] == sorted(paths)


@pytest.mark.parametrize(
    "data",
    [
        *(b"torn", b"\xff\n", f"{EMPTY} 777 0 a\n".encode(), f"{EMPTY} 644 01 a\n".encode()),
        *(f"{EMPTY} 644 0 \n".encode(), f"{EMPTY} 644 0 a\r\n".encode(), b"\n"),
    ],
)
def test_a_list_with_anything_else_in_it_is_refused(data: bytes) -> None:
    with pytest.raises(InputError):
        parse_list(data)


def test_a_list_of_a_million_files_is_refused() -> None:
    with pytest.raises(InputError, match="more than"):
        sort_files(make_file(f"f{n}") for n in range(1_000_000))
