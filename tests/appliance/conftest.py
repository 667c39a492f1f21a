"""What tests of the appliance share: a home as it is kept, plain or under a key."""

from __future__ import annotations

import pytest

from appliance.keeping.at_rest import new_key


@pytest.fixture(params=["plain", "encrypted"])
def kept(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test runs twice: with plain files, and with a key that the environment names."""
    if request.param == "encrypted":
        key = tmp_path_factory.mktemp("key") / "key"
        new_key(key)
        monkeypatch.setenv("STILLHOUSE_KEY_FILE", str(key))
