"""The shipped flow, loaded once, and a caller on it."""

import pytest

from ivr.flow.definition import Flow, build
from prompts.version import Version, load
from tests.unit.flow.caller import Caller


@pytest.fixture(scope="session")
def version() -> Version:
    return load()


@pytest.fixture(scope="session")
def shop(version: Version) -> Flow:
    return build(version.flow)


@pytest.fixture
def caller(version: Version, shop: Flow) -> Caller:
    return Caller(version=version, flow=shop)
