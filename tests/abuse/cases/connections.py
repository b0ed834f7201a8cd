"""Connections in masses from one address, and none at all."""

import collections
import contextlib
import errno
import socket
import struct
import time

import wire
from attacker import case, expect

MB = 1024 * 1024
TRIES = 100_000
HELD = 4000  # of the attacker's own descriptors


def begin_connect(target):
    connection = socket.socket()
    connection.setblocking(False)
    # Closed by a reset, so that no port is kept from the next attempt for a minute.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with contextlib.suppress(BlockingIOError):
        connection.connect((target.host, target.port))
    return connection


@case("nobody", memory=4 * MB)
def nobody(_, clock):
    """No attack: what this machine makes of the bystander without one."""
    time.sleep(clock.left())
    return "nothing"


@case("connection-flood", memory=96 * MB, limits={"handshake_timeout": "2s"})
def connection_flood(target, clock):
    """100,000 connections tried from one address, as many held open as one process may."""
    held, tried, outcome = collections.deque(), 0, collections.Counter()
    patience = time.monotonic() + 60  # the hundred thousand are the point, not the time
    while clock.running() or (clock.full and tried < TRIES and time.monotonic() < patience):
        try:
            held.append(begin_connect(target))
            tried += 1
        except OSError as error:
            outcome[errno.errorcode.get(error.errno, str(error))] += 1
            time.sleep(0.01)
        while len(held) > HELD:
            held.popleft().close()
    for connection in held:
        connection.close()
    expect(not clock.full or tried >= TRIES, f"only {tried} of {TRIES} connections could be tried in time")
    return f"{tried} connections, up to {HELD} at once" + "".join(f", {n} x {what}" for what, n in outcome.items())


@case("connections-per-address", memory=32 * MB, limits={"connections_per_address": 100, "handshake_timeout": "2s"})
def connections_per_address(target, clock):
    """All the connections that the server would take, from an address of the attacker's own, where a limit is set."""
    refused = held_longer = 0
    while clock.running() or not refused:
        held = [wire.connect_tcp(target, source="127.0.0.9") for _ in range(300)]
        for connection in held:
            _, closed = wire.receive_all(connection, 0.01)
            refused += closed
            held_longer += not closed
            connection.close()
    rounds = (refused + held_longer) // 300
    expect(refused >= 200 * rounds, f"{held_longer} of {300 * rounds} connections were held, 100 each time were due")
    return f"{refused} of {300 * rounds} connections: refused"


@case("idle-connections", memory=96 * MB)
def idle_connections(target, clock):
    """A thousand connections that have shaken hands and then do nothing."""
    tls = wire.context(target.stranger)
    held = []
    while len(held) < 1000 and (clock.running() or len(held) < 100):
        held.append(wire.connect_tls(target, tls))
    while clock.running():
        time.sleep(0.1)
    for connection in held:
        connection.close()
    return f"{len(held)} idle connections: borne"
