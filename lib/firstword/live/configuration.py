"""What a FreeSWITCH is told that stands on loopback, for itself, with firstword in it: one ``freeswitch.xml``. [pure]"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

MODULES = [
    "mod_console",
    "mod_logfile",
    "mod_event_socket",
    "mod_commands",
    "mod_dptools",
    "mod_dialplan_xml",
    "mod_hash",
    "mod_loopback",
    "mod_sofia",
    "mod_opus",
    "mod_spandsp",
    "mod_sndfile",
    "mod_native_file",
    "mod_tone_stream",
    "mod_lua",
    "mod_python3",
]
PASSWORD = "loopback"
"""Of an event socket that only this machine reaches, while the instance lasts."""
PROFILE = "live"
"""The only SIP profile."""


@dataclass(frozen=True)
class Ports:
    """What it listens on, on 127.0.0.1."""

    sip: int
    events: int
    rtp_first: int
    rtp_last: int


DIALPLAN = """
<extension name="bot"><condition field="destination_number" expression="^bot$">
  <action application="python" data="voicebot default"/>
  <action application="log" data="INFO bot over: ${firstword_result} ${firstword_error}"/>
</condition></extension>
<extension name="bot of a profile"><condition field="destination_number" expression="^bot-(\\w+)$">
  <action application="python" data="voicebot $1"/>
</condition></extension>
<extension name="echo"><condition field="destination_number" expression="^echo$">
  <action application="answer"/><action application="echo"/>
</condition></extension>
"""
"""``bot`` talks with the profile ``default``, ``bot-NAME`` with another; when the bot is done, the call ends."""


def document(ports: Ports, modules: Iterable[str], firstword: str, dialplan: str = "", sessions: int = 1000) -> str:
    """The whole configuration.

    Args:
        modules: which to load; see `MODULES`.
        firstword: the ``firstword.conf`` section.
        dialplan: extensions that come before `DIALPLAN`.
        sessions: how many calls at once.
    """
    modules = tuple(modules)
    sections = [
        _configuration("modules.conf", modules="".join(f'<load module="{module}"/>' for module in modules)),
        _configuration(
            "switch.conf",
            settings=_params(
                {
                    "colorize-console": "false",
                    "loglevel": "info",
                    "max-sessions": sessions,
                    # The default of 30 refuses the 31st call of a second.
                    "sessions-per-second": sessions,
                    "rtp-start-port": ports.rtp_first,
                    "rtp-end-port": ports.rtp_last,
                }
            ),
        ),
        _configuration(
            "event_socket.conf",
            settings=_params({"listen-ip": "127.0.0.1", "listen-port": ports.events, "password": PASSWORD}),
        ),
        _configuration("console.conf", mappings='<map name="all" value="console,info,notice,warning,err,crit,alert"/>'),
        _configuration(
            "logfile.conf",
            settings=_params({"rotate-on-hup": "true"}),
            profiles='<profile name="default"><settings><param name="rollover" value="0"/></settings><mappings>'
            '<map name="all" value="debug,info,notice,warning,err,crit,alert"/></mappings></profile>',
        ),
        _configuration("python.conf", settings=_params({"startup-script": "voicebot"})),
        _configuration("lua.conf", settings=""),
        # At its default of 30 kbit/s opus models speech, which the tone voice is not: half of the characters are spoiled, at 64 some.
        _configuration("opus.conf", settings=_params({"use-vbr": "0", "maxaveragebitrate": "128000"})),
        _configuration("sofia.conf", profiles=_sofia(ports)),
        firstword,
    ]
    text = (
        '<?xml version="1.0"?><document type="freeswitch/xml">'
        f'<section name="configuration">{"".join(sections)}</section>'
        f'<section name="dialplan"><context name="public">{dialplan}{DIALPLAN}</context></section>'
        '<section name="directory"/></document>'
    )
    return text.replace("><", ">\n<")  # its preprocessor drops the whole line of a ``<?``


def _sofia(ports: Ports) -> str:
    settings = {
        "sip-ip": "127.0.0.1",
        "rtp-ip": "127.0.0.1",
        "sip-port": ports.sip,
        "context": "public",
        "dialplan": "XML",
        "auth-calls": "false",
        "manage-presence": "false",
        "inbound-codec-prefs": "OPUS,G722,PCMU,PCMA",
        "outbound-codec-prefs": "OPUS,G722,PCMU,PCMA",
        "inbound-codec-negotiation": "generous",
        "rtp-timer-name": "soft",
        "rfc2833-pt": 101,
        "log-auth-failures": "false",
    }
    return f'<profile name="{PROFILE}"><settings>{_params(settings)}</settings></profile>'


def _configuration(name: str, **parts: str) -> str:
    return f'<configuration name="{name}">{"".join(f"<{tag}>{text}</{tag}>" for tag, text in parts.items())}</configuration>'


def _params(values: Mapping[str, object]) -> str:
    return "".join(f'<param name="{name}" value={quoteattr(str(value))}/>' for name, value in values.items())
