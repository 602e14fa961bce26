"""Which modules of the kernel stay: by the last line that fits, and with all that they need."""

from pathlib import Path

from provisioning.image.modules import (
    LISTS,
    choose_left_out,
    leave_out_modules,
    read_needs,
    read_rules,
)

DEP = """kernel/fs/fat/vfat.ko.xz: kernel/fs/fat/fat.ko.xz
kernel/fs/fat/fat.ko.xz:
kernel/fs/fatter/other.ko.xz:
kernel/drivers/media/usb/uvc/uvcvideo.ko.xz: kernel/drivers/media/mc/mc.ko.xz
kernel/drivers/media/mc/mc.ko.xz:
kernel/drivers/media/tuners/old.ko.xz:
kernel/net/ipv4/ip.ko.xz:
"""
RULES = [(False, "drivers/media"), (True, "drivers/media/usb/uvc"), (False, "fs"), (True, "fs/fat")]


def test_the_last_line_that_fits_decides_and_what_is_needed_stays() -> None:
    left_out = choose_left_out(read_needs(DEP.splitlines()), RULES)
    assert {Path(one).name for one in left_out} == {"other.ko.xz", "old.ko.xz"}


def test_the_files_go_of_what_is_left_out(tmp_path: Path) -> None:
    kernel = tmp_path / "usr/lib/modules/6"
    needs = read_needs(DEP.splitlines())
    for name in needs:
        (kernel / name).parent.mkdir(parents=True, exist_ok=True)
        (kernel / name).touch()
    (kernel / "modules.dep").write_text(DEP)
    leave_out_modules(tmp_path, ["base"])
    names = {path.name for path in kernel.rglob("*.xz")}
    assert {"vfat.ko.xz", "fat.ko.xz", "uvcvideo.ko.xz", "mc.ko.xz", "ip.ko.xz"} == names


def test_a_set_of_packages_adds_its_own_lines() -> None:
    assert read_rules(["base", "none"]) == read_rules(["base"])
    assert read_rules(["base", "kiosk"])[-1] == (True, "drivers/gpu")


def test_every_line_has_a_reason_and_no_path_stands_twice() -> None:
    for file in LISTS.glob("*-modules.txt"):
        lines = [line for line in file.read_text().splitlines() if not line.startswith("#")]
        assert all(len(line.split(None, 2)) == 3 and line[0] in "+-" for line in lines)
        paths = [line.split()[1] for line in lines]
        assert len(set(paths)) == len(paths)
