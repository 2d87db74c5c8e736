"""What every test may ask for."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bestiary.config import Language

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from dashboard_shop import TestClient

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real event files, which lies beside the checkout and is not part of it."""
    if not SHARED.is_dir():
        message = f"real event files are not at {SHARED}: the tests on real input DID NOT RUN"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return SHARED


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """A real browser, which fails in CI where there is none."""
    from browser import launched

    with launched() as opened:
        yield opened


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[Language, Path]:
    """The whole report as files, opening in each language."""
    from browser import whole_reports

    return whole_reports(tmp_path_factory.mktemp("reports"))


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dashboard's store with runs at the end of three months; tests that change it take a copy."""
    from dashboard_shop import make_months, shared

    return shared(tmp_path_factory, "months", make_months)


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store whose ids, brands, categories and file do their worst."""
    from dashboard_shop import make_hostile, shared

    return shared(tmp_path_factory, "hostile", make_hostile)


@pytest.fixture(scope="session")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of `events` and the `store` of them with two runs; tests that change it take a copy."""
    from dashboard_shop import shared
    from rights_shop import make_people

    return shared(tmp_path_factory, "people", make_people).parent


@pytest.fixture(scope="session")
def whole_store(tmp_path_factory: pytest.TempPathFactory, store: Path) -> Path:
    """A copy of the dashboard's store whose runs are complete; tests that change it take a copy."""
    from dashboard_shop import shared
    from warehouses import completing

    return shared(tmp_path_factory, "whole-months", completing(store))


@pytest.fixture(scope="session")
def whole_hostile(tmp_path_factory: pytest.TempPathFactory, hostile: Path) -> Path:
    """The same of the store whose ids, brands and categories do their worst."""
    from dashboard_shop import shared
    from warehouses import completing

    return shared(tmp_path_factory, "whole-hostile", completing(hostile))


@pytest.fixture(scope="module")
def desk(store: Path) -> "TestClient":
    """Who asks the dashboard of that store."""
    from dashboard_shop import client

    return client(store)


@pytest.fixture(scope="module")
def site(store: Path) -> Iterator[str]:
    """The address at which the real command serves it."""
    from dashboard_served import served

    with served(store) as (address, _):
        yield address
