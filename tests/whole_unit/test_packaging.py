"""What is installed: six import names, all of them ours alone, and nothing forgotten."""

import re
import tomllib
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAMES = {"appliance", "power", "sensors", "inference", "ota", "provisioning"}


def test_our_six_names_belong_to_this_distribution_alone() -> None:
    owners = packages_distributions()
    for name in NAMES:
        assert set(owners.get(name, [])) <= {"neural-energy-appliance"}, name


def test_every_package_of_the_tree_is_installed_but_for_what_a_unit_never_runs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    listed = set(project["tool"]["setuptools"]["packages"])
    found = {
        ".".join(init.parent.relative_to(ROOT).parts)
        for name in NAMES
        for init in (ROOT / name).rglob("__init__.py")
    }
    elsewhere = (
        *("provisioning.simulated", "provisioning.update_demo"),
        *("provisioning.image", "provisioning.emulator", "provisioning.debian_package"),
    )
    left_out = {name for name in found if name.startswith(elsewhere)}
    assert left_out
    assert found - left_out == listed


def test_the_top_level_holds_what_the_house_has() -> None:
    rooms = {path.name for path in ROOT.iterdir() if path.is_dir() and path.name[0] != "."}
    rooms -= {"build", "docs", "requirements", "neural_energy_appliance.egg-info", "__pycache__"}
    assert rooms == NAMES | {"systemd", "hardware-in-loop", "tests"}


def test_every_dependency_has_its_line_of_reason() -> None:
    document = tomllib.loads((ROOT / "pyproject.toml").read_text())
    reasons = (ROOT / "docs/dependencies.md").read_text()
    extras = document["project"]["optional-dependencies"].values()
    groups = document["dependency-groups"].values()
    for requirement in chain(document["project"]["dependencies"], *extras, *groups):
        name = re.split(r"[\[>=<]", requirement)[0]
        assert name in reasons or name.startswith("types-"), name
