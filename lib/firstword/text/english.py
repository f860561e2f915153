"""How an English utterance ends when it goes on, and when it is whole. [pure]"""

from __future__ import annotations

import re

from .phrases import listed
from .said import Mark, Said

TAIL = 64
"""Characters of the last clause that are looked at."""

_OPEN_WORDS = frozenset(
    listed("""
    and | but | or | nor | so | because | cuz | if | when | while | although | since | unless | until |
    till | than | whether | as | a | an | the | my | your | his | her | its | our | their | every | to | of | for |
    from | with | by | about | into | onto | between | through | during | without | within | against | is | are |
    was | were | i | i'm | i'll | i've | i'd | we | we'd | we'll | we're | he | he's | she | she's | they |
    they're | they'll | it's | there's | that's | what's | who's | where's | you're | um | uh | er | erm | like |
    plus | just | very | which | whose
""")
)
_WH = r"(?:what|when|where|who|which|how|why)"
_PRONOUN = r"(?:i|you|we|they|he|she|it|that|this|there)"
_WHOLE_SO = re.compile(
    r"(?:"
    rf"\b{_WH} .*[a-z] (?:to|of|for|from|with|by|about|like|is|are|was|were)"
    rf"|^(?:(?:yes|yeah|no|ok|okay) )?{_PRONOUN} (?:is|are|was|were|am)"
    r"|\b(?:all|what|everything|anything|the [a-z ]{3,20})(?: that)? (?:i|we) (?:want|need|have)(?:ed)?"
    r"|[^ ] (?:i|we) (?:think|guess|mean)|\b(?:think|hope|guess|believe|say|said|do) so"
    r"|\b(?:choose from|to (?:go|talk|speak|listen) to)|\bnot very"
    r")$"
)
"""Ends in a word that mostly goes on, and is whole all the same: "who is it from", "I think so"."""
_GOES_ON = re.compile(
    r"(?:"
    r"\b(?:i|we|he|she|they|just|really|only|also|would|i'd|we'd)"
    r" (?:want|wanted|need|needed|like|wish|have|had|think|thought|mean|guess|was wondering|were wondering|would like)(?: to| that)?"
    r"|\bi(?:'m| am| was) (?:calling|looking|trying|wondering|having|getting)"
    r"|\b(?:can|could|would|will|do|does|did|may|should) (?:i|you|we|they|he|she)(?: please| just| also)?"
    r"|^(?:(?:um|uh|oh|ok|okay|yes|yeah|no|and|so|but)\b ?)*(?:well|actually|basically|maybe|also|then)|\b(?:and|so) then"
    r"|(?:^|\bplease )(?:let me|can|could|would|will|do|does|did|should|may)"
    rf"|\b{_WH} (?:can|could|would|will|do|does|did|should|is|are)"
    r"|\bi am|\b(?:my|our) (?:[a-z]+ )?(?:number|code|name|address|email|id|birthday)"
    r"|\b(?:such|for example|for instance|in order|one more thing|the thing|the problem|due|according|in case)"
    r"|\b(?:told|told me|said|heard|noticed) that"
    r"|\b(?:in|at|on) (?:the|a|my)"
    r")$"
)
_MOMENT = r"(?:moment|second|sec|minute)"
_AFTERTHOUGHTS = ("i think", "i guess", "actually", "though")
_WAIT = re.compile(
    r"(?:(?:ok|okay|um|uh|yeah|yes|sure|so|oh|sorry|please|just)\b ?)*"
    rf"(?:hold on|hang on|wait|(?:one|a|give me a) {_MOMENT}"
    r"|let me (?:see|check|think|look|find it|have a look)|bear with me)"
    rf"(?: please| a {_MOMENT})?"
)
_CONDITION = re.compile(
    r"(?:(?:and|but|so|um|uh|well)\b ?)*"
    r"(?:(?:if(?! possible)|unless|because|although|since|whenever)\b|when (?!(?:can|could|will|would|do|does|did|is|are|was|should)\b))"
)
_FAREWELL = re.compile(
    r"\b(?:thanks|thank you|thanks a lot|thank you (?:so|very) much|thanks (?:so|very) much|good ?bye|bye|have a (?:good|nice) (?:day|one)"
    r"|that's all|that is all|that's it|that will be all|nothing else|never ?mind|no thanks"
    r"|(?:thanks|thank you) for (?:all )?(?:the|your) (?:help|time|information|info)|(?:don't|do not) need anything else)$"
)
_COMMAND = re.compile(
    r"(?:(?:please|i want to|i need to|i'd like to|i would like to|can i|could i|let me|can you|could you|just)\b ?)*"
    r"(?:(?:speak|talk|transfer me|connect me|put me through) (?:to|with) (?:a |an |the |your )?(?:real |live )?"
    r"(?:human|person|agent|representative|operator|someone|somebody|manager|supervisor)(?: being)?"
    r"|operator|representative|(?:a )?human|repeat that|say (?:that|it) again|speak (?:up|slower|more slowly)"
    r"|i can't hear you|i didn't (?:catch|get|hear) that)"
    r"(?: please)?"
)
_REQUEST = re.compile(
    r"\b(?:i (?:want|need|wanna)|i(?:'d| would) like|please|(?:can|could|would|will) (?:you|i|we)|may i|help me|i'm calling|i am calling"
    r"|tell me|transfer me|connect me|cancel|check|track|change|book)\b(?: [^ ]+){2,}"
)
_ASKS = re.compile(rf"(?:(?:and|so|ok|okay|um|uh|hi|hello|well)\b ?)*{_WH}(?:'s)? (?:[^ ]+ ?){{2,}}")
_DANGLING = re.compile(
    r"\b(?:number|code|that|this|those|these|not|in|on|at|no|yesterday|today|tomorrow|last|next|you|me)$"
)


_TAKES_BACK = re.compile(
    r"(?:(?:oh|no|sorry|wait|uh|um)\b ?)*(?:no|sorry|wait|i mean|i meant|not that|actually|scratch that)"
)
"""Behind something else: what is right follows."""


def goes_on(said: Said) -> bool:
    """Whether it visibly goes on, by its words alone."""
    clause = said.clause[-TAIL:]
    if len(said.clauses) > 1 and _TAKES_BACK.fullmatch(clause):
        return True
    if _WHOLE_SO.search(clause) or (len(said.clauses) > 1 and clause in _AFTERTHOUGHTS):
        return False
    last = clause.rpartition(" ")[2]
    if last in _OPEN_WORDS or _GOES_ON.search(clause) or _WAIT.fullmatch(clause):
        return True
    return len(said.clauses) == 1 and _CONDITION.match(clause) is not None and clause.count(" ") < 8


def is_whole(said: Said) -> bool:
    """Whether little could follow. Ask `goes_on` first."""
    clause = said.clause[-TAIL:]
    if clause == "please":
        clause = " ".join(said.clauses[-2:])[-TAIL:]
    if said.mark is Mark.QUESTION or _FAREWELL.search(clause) or _COMMAND.fullmatch(clause):
        return True
    if clause.endswith(" please") and _REQUEST.search(clause):
        return True
    if said.mark is not Mark.STOP or _DANGLING.search(clause):
        return False
    return bool(_REQUEST.search(clause) or _ASKS.match(clause))
