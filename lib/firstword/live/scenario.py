"""What each call of a load does, as SIPp reads it, and the message that lets it go. [pure]"""

from __future__ import annotations

import secrets
from pathlib import Path
from xml.sax.saxutils import escape

from . import sip

HOST = "127.0.0.1"
ENOUGH = "MESSAGE"
"""The request that ends a call's hold."""


def scenario(extension: str, hold_s: float, sound: Path | None) -> str:
    """What one call does, as SIPp reads it: INVITE, ACK, talk, hold, BYE. It is held until the time is over or a message comes; SIPp
    itself hangs up no call before its time once the last has begun."""
    to = f"<sip:{extension}@[remote_ip]:[remote_port]>"
    route = f"sip:{extension}@[remote_ip]:[remote_port] SIP/2.0\nVia: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]"
    caller = "<sip:load@[local_ip]:[local_port]>;tag=[pid]-[call_number]"

    def message(method: str, number: int, tag: str, rest: str) -> str:
        lines = f"{method} {route}\nFrom: {caller}\nTo: {to}{tag}\nCall-ID: [call_id]\nCSeq: {number} {method}\n"
        return f"<![CDATA[\n{lines}Contact: <sip:load@[local_ip]:[local_port]>\nMax-Forwards: 70\n{rest}\n]]>"

    nothing = "Content-Length: 0\n"
    offer = (
        "Content-Type: application/sdp\nContent-Length: [len]\n\n"
        "v=0\no=load [pid] [call_number] IN IP4 [local_ip]\ns=load\nc=IN IP4 [media_ip]\nt=0 0\n"
        "m=audio [media_port] RTP/AVP 8 101\na=rtpmap:8 PCMA/8000\na=rtpmap:101 telephone-event/8000\na=ptime:20"
    )
    play = f'<nop><action><exec rtp_stream="{escape(str(sound))},-1,8"/></action></nop>' if sound else ""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<scenario name="load">
<send retrans="500">{message("INVITE", 1, "", offer)}</send>
<recv response="100" optional="true"/><recv response="180" optional="true"/><recv response="183" optional="true"/>
<recv response="200"/>
<send>{message("ACK", 1, "[peer_tag_param]", nothing)}</send>
{play}
<recv request="{ENOUGH}" timeout="{round(hold_s * 1000)}" ontimeout="1" next="1"/>
<label id="1"/>
<send retrans="500">{message("BYE", 2, "[peer_tag_param]", nothing)}</send>
<recv response="200"/>
</scenario>
"""


def enough(call_id: str, port: int) -> sip.Message:
    """The message that lets a call hang up. It needs no answer."""
    here = f"<sip:load@{HOST}:{port}>"
    headers = [
        ("Via", f"SIP/2.0/UDP {HOST}:{port};branch={sip.BRANCH}{secrets.token_hex(8)}"),
        ("Max-Forwards", "70"),
        ("From", f"{here};tag={secrets.token_hex(4)}"),
        ("To", here),
        ("Call-ID", call_id),
        ("CSeq", f"1 {ENOUGH}"),
    ]
    return sip.request(ENOUGH, f"sip:load@{HOST}", headers)
