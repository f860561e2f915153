"""How a call opens and ends: stories of the turn machine."""

from __future__ import annotations

import dataclasses

import pytest

from firstword import events as ev
from firstword.commands import Finish, Hold, Listen, Say, Silence
from firstword.turn import State

from .playbook import BUSY, MANNERS, WRONG_KEY, Playbook, asked, greeted, speaking

CALLING = dataclasses.replace(MANNERS, wait_first_ms=4000)


def test_of_a_call_that_we_made_the_callee_speaks_first_and_is_greeted_not_answered() -> None:
    play = Playbook(CALLING)
    play >> ev.Answered() << Listen() << State.LISTENING
    assert play.timers["idle"] == 4000
    asked(play, "喂？") << Say(1, "hello")
    play >> ev.ReplyBegan(1) >> ev.ReplyDrained(1)
    asked(play, "what is it", 2) << ("think", 2, "what is it")


def test_a_callee_who_says_nothing_is_greeted_after_a_while() -> None:
    play = Playbook(dataclasses.replace(CALLING, notice="this call is recorded"))
    play >> ev.Answered() << Listen()
    play.fires("idle") << Say(1, "this call is recorded")
    play >> ev.ReplyBegan(1) >> ev.ReplyDrained(1) << Say(2, "hello")


@pytest.mark.parametrize("text", ["您好，请在提示音后留言", "Please leave a message after the tone", "您" * 41])
def test_a_machine_that_answers_ends_the_call(text: str) -> None:
    play = Playbook(CALLING)
    play >> ev.Answered() << Listen()
    asked(play, text) << Finish("completed", "bot", "voicemail", hang_up=True)


def test_the_model_ends_the_call_when_its_goodbye_was_heard() -> None:
    play = speaking() >> ev.ReplyDrained(2, text="bye", then=ev.EndCall()) << State.CLOSING
    assert play.timers["closing"] == MANNERS.linger_ms
    play.fires("closing") << Finish("completed", "bot", hang_up=True)


def test_the_model_hands_over_when_what_it_said_was_heard() -> None:
    play = speaking() >> ev.ReplyDrained(2, text="one moment", then=ev.HandOver("sales", "wants a price"))
    play.fires("closing") << Finish("transfer", "transfer", destination="sales", summary="wants a price")


def test_a_deed_without_words_is_announced() -> None:
    play = asked(greeted()) >> ev.ReplyDrained(2, empty=True, then=ev.HandOver("sales"))
    play << Say(3, MANNERS.handover) << State.CLOSING
    play >> ev.ReplyDrained(3)
    play.fires("closing") << Finish("transfer", "transfer", destination="sales")
    asked(greeted()) >> ev.ReplyDrained(2, empty=True, then=ev.EndCall()) << Say(3, "bye now")


def test_one_key_always_reaches_a_person() -> None:
    manners = dataclasses.replace(MANNERS, person_key="0", person="desk", notice="this call is recorded")
    play = Playbook(manners)
    play >> ev.Answered() >> ev.ReplyBegan(1) >> ev.KeyPressed("0") << Silence(1) << Say(2, MANNERS.handover)
    play >> ev.ReplyDrained(2)
    play.fires("closing") << Finish("transfer", "transfer", destination="desk")
    play = Playbook(manners)
    play >> ev.Answered() >> ev.ReplyBegan(1) >> ev.KeyPressed("1") << Silence(1)


def test_words_said_before_a_notice_is_audible_do_not_skip_it() -> None:
    play = Playbook(dataclasses.replace(CALLING, notice="this call is recorded"))
    play >> ev.Answered() << Listen()
    asked(play, "喂？") << Say(1, "this call is recorded")
    play >> ev.CallerHeard("你好，哪位", 2)
    play.silent() << State.THINKING
    play >> ev.ReplyBegan(1) >> ev.ReplyDrained(1) << Say(2, "hello")


def test_a_callee_who_only_makes_a_sound_is_greeted_after_it() -> None:
    play = Playbook(CALLING)
    play >> ev.Answered() << Listen()
    play.begins().stops().fires("final") << Say(1, "hello")


def test_a_sound_in_the_moment_in_which_the_last_word_was_heard_does_not_undo_the_transfer() -> None:
    play = speaking() >> ev.CallerStirred(100.0) << Hold(2) << State.HELD
    play >> ev.ReplyDrained(2, text="one moment", then=ev.HandOver("sales")) << State.CLOSING
    play.fires("closing") << Finish("transfer", "transfer", destination="sales")


def test_an_answer_that_was_heard_out_under_a_sound_forgives_the_failure_before() -> None:
    play = asked(greeted())
    play >> ev.ReplyFailed(2, BUSY) >> ev.ReplyBegan(3) >> ev.ReplyDrained(3)
    asked(play, "again", 2)
    play >> ev.ReplyBegan(4) >> ev.CallerStirred(play.now) >> ev.ReplyDrained(4)
    play.stops()
    play >> ev.CallerHeard("and again", 3) << ("think", 5, "and again")
    play >> ev.ReplyFailed(5, BUSY) << Say(6, "sorry")


def test_the_key_reaches_a_person_also_in_our_last_words_once() -> None:
    play = asked(greeted(dataclasses.replace(MANNERS, person_key="0", person="desk")))
    play >> ev.ReplyFailed(2, WRONG_KEY) << Say(3, "no service") << State.CLOSING
    play >> ev.KeyPressed("0") << Say(4, MANNERS.handover)
    play >> ev.KeyPressed("0") >> ev.KeyPressed("1")
    play.silent()
    play >> ev.ReplyDrained(4)
    play.fires("closing") << Finish("transfer", "transfer", destination="desk")
