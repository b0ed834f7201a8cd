"""One file per layer that is attacked; importing this registers every case."""

from cases import connections, handshakes, http1, http2_floods, http2_state  # noqa: F401
