"""Every setting of the gateway, with what it means. The flags of ``firstword gateway`` are made from this."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import ConfigError
from ..options import option
from . import engines

LOCAL_APPKEY = "firstword-local"
LOCAL_KEY_ID = "firstword-local-id"
LOCAL_KEY_SECRET = "firstword-local-secret"
LOCAL_API_KEY = "sk-firstword-local"

SPLITS = ("clause", "sentence", "run", "none")
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class GatewayOptions:
    """How a gateway listens, who may use it, what stands behind it, how fast it is.

    All the delays are "not earlier than": an engine that needs longer takes longer. The defaults add no delay at all.
    """

    host: str = option("127.0.0.1", help="address to listen on")
    port: int = option(0, help="port to listen on; 0 takes a free one", low=0, high=65535)

    voice: str = option(
        "tone", help="what speaks when a request names no voice of its own", choices=engines.names("voice")
    )
    hearer: str = option("tone", help="what recognises", choices=engines.names("hearer"))
    mind: str = option("scripted", help="what answers chat requests", choices=engines.names("mind"))
    script: str = option("", help="YAML file of what the scripted mind answers; without one it repeats the caller")
    byte_ms: int = option(60, help="how long the tone voice sounds one byte, in ms", low=20, high=200)
    vad: str = option("webrtc", help="which voice activity detector cuts the audio for a hearer that does not stream")
    voice_names: tuple[str, ...] = option(
        (), help="names of voices that requests may ask for, split at |; none means any"
    )
    models: tuple[str, ...] = option((), help="names of models that requests may ask for, split at |; none means any")

    appkey: str = option(LOCAL_APPKEY, help="the NLS project key requests must carry", secret=True)
    access_key_id: str = option(LOCAL_KEY_ID, help="the id CreateToken must carry", secret=True)
    access_key_secret: str = option(LOCAL_KEY_SECRET, help="the secret CreateToken must be signed with", secret=True)
    api_key: str = option(LOCAL_API_KEY, help="the bearer key of chat requests and of DashScope", secret=True)
    token_lifetime_s: float = option(36_000.0, help="how long a token of CreateToken is good, in s", low=0.1)

    connect_ms: float = option(0.0, help="from a connection's first byte to its acceptance, in ms", low=0)
    start_ms: float = option(
        0.0, help="from StartSynthesis, StartTranscription or run-task to ...started, in ms", low=0
    )
    first_token_ms: float = option(0.0, help="from a chat request to the first token, in ms", low=0)
    tokens_per_s: float = option(0.0, help="tokens per second of the model after the first; 0 is unbounded", low=0)
    first_packet_ms: float = option(0.0, help="from a complete clause to the first audio of it, in ms", low=0)
    real_time_factor: float = option(
        0.0, help="seconds the synthesis takes per second of audio after the first packet; 0 is at once", low=0
    )
    final_ms: float = option(0.0, help="from the end of a sentence in the audio to SentenceEnd, in ms", low=0)

    split: str = option(
        "clause",
        help="what streamed synthesis waits for: a clause or a sentence mark, each text (RunSynthesis, continue-task), or the end only",
        choices=SPLITS,
    )
    frame_bytes: int = option(8000, help="the typical size of a binary audio message", low=2, high=65536)
    idle_s: float = option(10.0, help="a client that says nothing for so long is failed with 40000004, in s", low=0.05)
    ping_idle_s: float = option(23.0, help="the same for a client that pings, or has not started yet, in s", low=0.05)
    task_idle_s: float = option(
        23.0, help="DashScope: a client that sends nothing in a task for so long is failed, in s", low=0.05
    )
    between_tasks_s: float = option(
        60.0, help="DashScope: a connection without a task for so long is closed, in s", low=0.05
    )
    silent_task_s: float = option(
        60.0, help="DashScope: a recognition without heartbeat is closed after so much audio of silence, in s", low=0.05
    )
    most_tts: int = option(0, help="how many syntheses at once before 40000005 or Throttling; 0 is unbounded", low=0)
    most_asr: int = option(
        0, help="how many transcriptions at once before 40000005 or Throttling; 0 is unbounded", low=0
    )
    most_llm: int = option(0, help="how many chat answers at once before HTTP 429; 0 is unbounded", low=0)
    workers: int = option(8, help="how many pieces of work of real engines at once; the others wait", low=1, high=64)

    def check(self) -> None:
        """Refuse a combination that would open the gateway to strangers.

        Raises:
            ConfigError: it is to listen beyond this machine with the well-known credentials.
        """
        known = (LOCAL_APPKEY, LOCAL_KEY_ID, LOCAL_KEY_SECRET, LOCAL_API_KEY)
        mine = (self.appkey, self.access_key_id, self.access_key_secret, self.api_key)
        if self.host not in LOOPBACK and any(a == b for a, b in zip(known, mine, strict=True)):
            raise ConfigError(
                f"to listen on {self.host} give it an appkey, access_key_id, access_key_secret and api_key "
                "of your own; the built-in ones are known to everybody"
            )
