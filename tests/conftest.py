"""What holds for every test, and what many of them need: an own cache, a portal, a browser."""

import pytest


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory):
    """Nothing is kept in, or taken from, the caches of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EIT_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def portal(tmp_path):
    """An empty portal in a folder of its own."""
    from support.portal.opened import open_portal

    with open_portal(tmp_path / "data") as opened:
        yield opened


@pytest.fixture(scope="module")
def firms(tmp_path_factory):
    """Two firms at their desks, for the tests of one file."""
    from support.portal.desk import two_firms
    from support.portal.opened import open_portal

    with open_portal(tmp_path_factory.mktemp("portal")) as opened:
        yield two_firms(opened)


@pytest.fixture(scope="module")
def acme(firms):
    """A browser of the first firm's."""
    with firms.client() as client:
        yield client


@pytest.fixture(scope="module")
def browser():
    """A browser without a network, for the tests of one file."""
    from support.browser import chromium

    with chromium() as started:
        yield started
