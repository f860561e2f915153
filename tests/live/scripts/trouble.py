"""Trouble on purpose, inside the switch: ``python trouble WHAT`` on fs_cli.

    die               the media clock's next tick raises
    hang              the media clock's next tick does not end, until ``release``, or for half a minute
    release
    keep SECONDS      for so long the bot's ends of new calls stay closed: the switch waits in open()
    busy SECONDS      Python does nothing else for so long

It is reloaded with every use, so what must last is kept in the modules it disturbs.
"""

import sys
import threading
import time

HANG_S = 30.0


def fsapi(session, stream, env, args):
    what, _, value = args.partition(" ")
    {"die": die, "hang": hang, "release": release, "keep": keep, "busy": busy}[what](float(value or 0))
    stream.write("+OK\n")


def die(_):
    def tick(due):
        raise ZeroDivisionError("trouble")

    clock()._tick = tick


def hang(_):
    media = clock()
    media.trouble = threading.Event()
    media._tick = lambda due: media.trouble.wait(HANG_S) and due
    sys.modules["firstword"].trouble = media.trouble


def release(_):
    sys.modules["firstword"].trouble.set()


def keep(seconds):
    from firstword.audio import fifo

    opened, until = fifo.Writer.open, time.monotonic() + seconds

    def refuse(writer):
        if time.monotonic() < until:
            return False
        fifo.Writer.open = opened
        return opened(writer)

    fifo.Writer.open = refuse


def busy(seconds):
    interval, until = sys.getswitchinterval(), time.monotonic() + seconds
    sys.setswitchinterval(2 * seconds)  # nobody else gets the interpreter before
    while time.monotonic() < until:
        pass
    sys.setswitchinterval(interval)


def clock():
    from firstword.host import service

    return service.current().media
