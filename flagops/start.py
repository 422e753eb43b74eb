"""Where the command `ff` begins. It imports nothing that takes time, so that Ctrl-C is quiet from the first moment."""

import gc
import signal


def main() -> None:
    """The console script `ff`: exits with 0, 1 for an error, 2 for wrong usage, 130 when interrupted."""
    is_ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN  # by `nohup` and the like, whose word counts
    if not is_ignored:
        # Before and after there is anybody to tell of it, an interrupt just ends the process.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    # To search for circles of objects after every 700 new ones, as Python 3.11 does, took 6 % of a command's time more.
    gc.set_threshold(10_000)
    # After the signals are in order.
    from flagops.cli import main as run

    if not is_ignored:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        run()
    finally:
        if not is_ignored:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
