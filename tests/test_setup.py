"""What set-up installs is what the project declares: pinned, with hashes, and no registry's address."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCKS = ("requirements.lock", "requirements-test.lock", "requirements-node.lock")


def locked(name: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9.-]+)==([^ ;]+)", (ROOT / name).read_text(), flags=re.MULTILINE))


@pytest.mark.parametrize(
    ("lock", "groups"), [("requirements.lock", ["build"]), ("requirements-test.lock", ["build", "test"])]
)
def test_a_lock_holds_what_the_project_declares(lock: str, groups: list[str]) -> None:
    declared = [*PROJECT["project"]["dependencies"]]
    declared += [line for group in groups for line in PROJECT["dependency-groups"][group]]
    versions = locked(lock)
    for requirement in map(Requirement, declared):
        name = re.sub(r"[-_.]+", "-", requirement.name).lower()
        assert requirement.specifier.contains(versions.get(name, "missing from the lock: make lock")), requirement


def test_what_tests_run_is_what_users_run() -> None:
    assert locked("requirements.lock").items() <= locked("requirements-test.lock").items()


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_a_hash_and_no_address(lock: str) -> None:
    content = (ROOT / lock).read_text()
    packages = re.split(r"^(?=[a-z0-9])", content, flags=re.MULTILINE)[1:]
    assert packages
    assert all("--hash=sha256:" in package for package in packages)
    assert not re.search(r"https?://|^--", content, flags=re.MULTILINE)


def test_only_errors_of_pip_are_shown() -> None:
    (function,) = re.findall(r"^pip_install\(\) .*", (ROOT / "setup" / "install.sh").read_text(), re.MULTILINE)
    noisy = {**os.environ, "PIP_FIND_LINKS": "/no-such-folder", "PIP_NO_INDEX": "1"}
    call = ["/bin/sh", "-c", f"{function}\npip_install no-such-package"]
    said = subprocess.run(call, cwd=ROOT, env=noisy, capture_output=True, text=True, check=False).stderr
    assert {line.partition(":")[0] for line in said.splitlines()} == {"ERROR"}


def test_front_end_packages_are_pinned_with_hashes_and_no_address() -> None:
    declared = json.loads((ROOT / "package.json").read_text())["dependencies"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in declared.values())
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    for name, version in declared.items():
        assert packages[f"node_modules/{name}"]["version"] == version
    for path, package in packages.items():
        assert "resolved" not in package
        assert path == "" or package["integrity"].startswith("sha512-")


def test_every_front_end_file_is_where_pages_ask_for_it() -> None:
    lines = (ROOT / "setup" / "vendor.txt").read_text().splitlines()
    targets = [line.split()[1] for line in lines if not line.startswith("#")]
    vendor = ROOT / "geo_hygiene" / "web" / "static" / "vendor"
    found = {str(file.relative_to(vendor)) for file in vendor.rglob("*") if file.is_file()}
    assert found == set(targets)
