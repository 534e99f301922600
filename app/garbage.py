"""What Python's garbage collector has to look through."""

import gc


def spare_what_stays() -> None:
    """To be called when a process is about to begin its work: modules, routes, tables and templates stay until it ends. The
    collector is told so, since looking through all of them takes 0.1 s, in which nobody else is served."""
    gc.collect()
    gc.freeze()
