"""What holds for every test: nothing is kept in, or taken from, the caches of whoever runs them."""

import pytest


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EIT_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield
