"""The contracts of the three services of a call: recogniser (`asr`), model (`llm`), synthesiser (`tts`).

All three have one shape. A *service* object lives as long as the process and holds what calls share (settings, tokens, connections).
Its ``start(label, ..., listener)`` begins one piece of work and returns at once with a handle; everything that happens is told to
the listener, on a thread of the provider's. These rules hold for each of them, and `conform` checks them on any implementation:

* ``start`` and every method of a handle return at once (under 5 ms) and never wait for the network. They may be called from any thread.
* The listener's methods are called one at a time, in the order of the protocol, and must return at once.
* Work ends with exactly one of ``finished`` and ``failed``; nothing follows it.
* ``cancel`` may come at any moment, from any thread, any number of times, also from inside a listener's method. Once it has
  returned, the listener is not called again, and the connection is being torn down.
* Every wait has a bound: a service that does not answer ends in ``failed`` with an error that says whose fault it was and
  whether to try again.
* Audio is 16-bit little-endian mono PCM at the service's ``rate``, in whole samples.
* `label` is what the threads and log lines of this work are named after: ``<call>`` or ``<call>-<reply>``.
"""
