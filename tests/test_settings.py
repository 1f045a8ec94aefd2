"""Settings come from the environment and ``.env``; ``.env.example`` names them all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from geo_hygiene import settings as settings_module
from geo_hygiene.settings import CHECKOUT, Settings


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for field in Settings.model_fields:
        monkeypatch.delenv(f"GEO_HYGIENE_{field.upper()}", raising=False)
    monkeypatch.chdir(tmp_path)


def test_the_example_names_every_setting_and_is_all_defaults(tmp_path: Path) -> None:
    example = (CHECKOUT / ".env.example").read_text()
    named = re.findall(r"^GEO_HYGIENE_(\w+)=$", example, flags=re.MULTILINE)
    assert sorted(named) == sorted(field.upper() for field in Settings.model_fields)
    defaults = Settings.load()
    (tmp_path / ".env").write_text(example)
    assert Settings.load() == defaults


def test_the_home_is_var_in_a_checkout_else_among_the_users_data(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert Settings.load().home == CHECKOUT / "var"
    monkeypatch.setattr(settings_module, "CHECKOUT", tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert Settings.load().home == tmp_path / "data" / "geo-hygiene"
    monkeypatch.setenv("GEO_HYGIENE_HOME", "office")
    assert Settings.load().home == tmp_path / "office"
    assert Settings.load(Path("other")).home == tmp_path / "other"


def test_a_database_address_gets_the_driver_and_must_be_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for scheme in ("postgres", "postgresql", "postgresql+psycopg2"):
        monkeypatch.setenv("GEO_HYGIENE_DATABASE_URL", f"{scheme}://planner@map.example/town")
        assert Settings.load().database_url == "postgresql+psycopg2://planner@map.example/town"
    monkeypatch.setenv("GEO_HYGIENE_DATABASE_URL", "mysql://planner@map.example/town")
    with pytest.raises(ValidationError, match="begins with postgresql://"):
        Settings.load()


def test_behind_a_proxy_nobody_passes_it_by(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEO_HYGIENE_BEHIND_PROXY", "true")
    assert Settings.load(listen="::1").behind_proxy
    for address in ("0.0.0.0", "::", "192.0.2.7"):
        monkeypatch.setenv("GEO_HYGIENE_LISTEN", address)
        with pytest.raises(ValidationError, match=f"listens on 127.0.0.1 only, not on {address}: whoever passes"):
            Settings.load()
