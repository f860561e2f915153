"""What a call makes of a host that refuses, without any audio."""

from __future__ import annotations

from pathlib import Path

import mock
import pytest

from firstword.call.call import Call
from firstword.call.dialogue import Services
from firstword.call.profile import Profile
from firstword.errors import HostError


@pytest.mark.parametrize(
    ("alive", "result", "error"), [(False, "hangup", ""), (True, "error", "the switch would not answer")]
)
@pytest.mark.parametrize("refusing", ["answer", "open_early"])
def test_who_hangs_up_before_the_answer_is_no_error_and_a_switch_that_refuses_is(
    refusing: str, alive: bool, result: str, error: str
) -> None:
    host = mock.Mock(uuid="0123456789")
    getattr(host, refusing).side_effect = HostError("the switch would not answer")
    host.ready.return_value = alive
    service = mock.Mock()
    service.name, service.rate = "test", 8000
    services = Services(service, service, service)
    profile = Profile(early_media=refusing == "open_early")
    call = Call(host, profile, services, mock.Mock(), Path(), mock.Mock(tools=()), mock.Mock())
    record = call.run()
    assert (record.result, record.error) == (result, error)
    assert not host.start_audio.called
    assert host.release.called
