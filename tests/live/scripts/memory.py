"""``python memory`` on fs_cli: how many blocks of memory Python's objects have, garbage collected."""

import gc
import sys


def fsapi(session, stream, env, args):
    gc.collect()
    stream.write(str(sys.getallocatedblocks()))
