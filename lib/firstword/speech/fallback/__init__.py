"""Several services where a call needs one: what one can not do, the next one of the profile's list does, and the caller hears no more than
a pause.

A *member* is a service with what all calls of the process know of it: whether it has failed of late (`breaker`), how many sessions it has
(`limiter`), how fast it speaks (`pace`). What a call is given is made of members, in the profile's order, and keeps the contract of one
service: `FallbackRecogniser`, `FallbackModel`, `FallbackSynthesiser`. Each piece of work is one after the other of *sessions*, each at one
member, each counted from its begin to exactly one end.

What can be done again is done again:

* A **recogniser** that fails is replaced, and the next is fed what the caller has said since the last final words.
* A **model** that fails before its first word is asked again: the same one once, if its error says that it may help, else the next. After
  the first word nothing can be taken back: what was said stays, and the failure is told.
* A **synthesiser** that fails in the middle of a reply is replaced at the last character that was delivered whole (`passage` says which):
  the audio after it, as far as it was not heard, is taken back, and the next one speaks from there on.

A breaker never leaves a caller without a service: it only puts the one that fails behind the others. If all members of a list have failed,
the first of them to be asked again is asked.
"""
