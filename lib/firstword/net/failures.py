"""What a service's failure means to an operator: the shape of every vendor's table, and what HTTP statuses are about. [pure]"""

from __future__ import annotations

from typing import Literal, NamedTuple

from ..errors import Kind

Whose = Literal["settings", "account", "service", "firstword"]
"""Who must act: ``settings`` the operator, ``account`` whoever may use the vendor's console, ``service`` nobody here (it is the service's
own trouble), ``firstword`` the writers of this program."""


class Meaning(NamedTuple):
    """One code. `text` says what happened and what to do; `retry` whether the same request may succeed if it is made again."""

    whose: Whose
    text: str
    kind: Kind
    retry: bool = False


class Row(NamedTuple):
    """A line of the table in the documentation. `says`: the code means this if the service's text holds these words; "" otherwise."""

    code: str
    says: str
    meaning: Meaning


ELSEWHERE: dict[Kind, str] = {
    "throttled": "yes",
    "quota": "yes",
    "credentials": "yes, with a key of its own",
    "voice": "yes, with a voice of its own",
    "text": "perhaps: each inspects and reads in its own way",
    "settings": "yes, with settings of its own",
    "server": "yes",
    "network": "yes, at another address",
    "ours": "yes, by another protocol",
}
"""Whether another service helps, by what the failure is about."""


def kind_of_status(status: int) -> Kind:
    """What an HTTP status that is no success is about, where the body does not say it better."""
    if status in (401, 403):
        return "credentials"
    if status == 402:
        return "quota"
    if status == 413:
        return "text"
    if status == 429:
        return "throttled"
    if status == 408 or status >= 500:
        return "server"
    return "settings"


def worth_retrying(status: int) -> bool:
    """Whether the same request may succeed in a moment."""
    return status >= 500 or status in (408, 409, 425, 429)
