"""The small language model's own process: llama.cpp's OpenAI-compatible server on loopback."""

import os
import signal
import sys


def serve(file: str, name: str, port: int, context_tokens: int, slots: int) -> None:
    """Answers at `port` until a signal ends it; requests carry the key of the environment's MODEL_API_KEY."""
    from xllamacpp import CommonParams, Server

    params = CommonParams()
    params.model.path = file
    params.model_alias = {name}
    params.hostnames = ["127.0.0.1"]
    params.port = port
    params.api_keys = [os.environ["MODEL_API_KEY"]]
    params.n_parallel = slots
    params.n_ctx = context_tokens
    params.kv_unified = True
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = min(2, os.cpu_count() or 1)
    # Small steps: a long prompt neither holds up the other answers nor outlives its cancelled request.
    params.n_batch = params.n_ubatch = 64
    params.n_predict = 1024
    params.cache_ram_mib = 128
    params.endpoint_slots = params.ui = False  # they would show what people wrote
    params.verbosity = 1
    server = Server(params)
    print(f"the model answers at {server.listening_address}", flush=True)
    signal.pause()


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6]))
