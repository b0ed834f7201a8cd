"""HTTP/2 clients that hold on to what they have: windows, streams, bodies, header blocks."""

import collections
import time

from hyperframe.frame import DataFrame

import wire
from attacker import case, expect

MB = 1024 * 1024


@case("window-overflow", memory=16 * MB)
def window_overflow(target, clock):
    """Windows beyond 2^31-1 (RFC 9113 §6.9.1)."""
    seen = collections.Counter()
    while clock.running():
        with wire.H2(target, target.stranger) as connection:
            connection.send(wire.window_update(0, 2**31 - 1))
            seen[f"connection: {connection.wait_for_end(5)}"] += 1
        with wire.H2(target, target.stranger) as connection:
            connection.send(wire.headers(1, wire.head("PUT", "/v1/key/create/x"), "END_HEADERS")
                            + wire.window_update(1, 2**31 - 1))
            connection.until(lambda: 1 in connection.resets, 5)
            seen[f"stream: {connection.resets.get(1)}"] += 1
        with wire.H2(target, target.stranger) as connection:
            connection.send(wire.settings({4: 2**31}))
            seen[f"settings: {connection.wait_for_end(5)}"] += 1
    expect(set(seen) == {"connection: FLOW_CONTROL_ERROR", "stream: FLOW_CONTROL_ERROR",
                         "settings: FLOW_CONTROL_ERROR"}, f"{dict(seen)}")
    return f"{sum(seen.values())} windows: all FLOW_CONTROL_ERROR"


@case("zero-window", memory=32 * MB, limits={"idle_timeout": "1s"})
def zero_window(target, clock):
    """Requests on every stream whose answers find no window, on many connections."""
    requests = b"".join(wire.request(s, "GET", "/v1/key/list/") for s in range(1, 500, 2))
    ends = collections.Counter()
    while clock.running() or not ends:
        held = [wire.H2(target, target.insider, {4: 0}) for _ in range(20)]
        for connection in held:
            connection.send(requests)
        for connection in held:
            ends[connection.wait_for_end(10)] += 1
            connection.close()
    expect(None not in ends, f"the server waits for ever: {dict(ends)}")
    return f"{sum(ends.values())} connections of 250 streams: " + ", ".join(f"{n} x {e}" for e, n in ends.items())


@case("tiny-window", memory=32 * MB)
def tiny_window(target, clock):
    """Answers taken one byte at a time."""
    streams = range(1, 500, 2)
    taken = 0
    with wire.H2(target, target.insider, {4: 0}) as connection:
        connection.send(b"".join(wire.request(s, "GET", "/v1/key/list/") for s in streams))
        while clock.running() and connection.end is None:
            connection.send(b"".join(wire.window_update(s, 1) for s in streams))
            connection.until(lambda: sum(isinstance(f, DataFrame) for f in connection.frames) >= 200, 1)
            taken += sum(len(f.data) for f in connection.frames if isinstance(f, DataFrame))
            if any(isinstance(f, DataFrame) and len(f.data) > 1 for f in connection.frames):
                expect(False, "the server sent more than its window")
            connection.frames.clear()
            if taken > 250 * 20:  # before the answers end
                break
        expect(taken > 0, f"no data has come: {connection.goaway or connection.end}")
        expect(connection.answered_ping(), "the connection no longer serves")
    while clock.running():
        time.sleep(0.1)
    return f"{taken} bytes in frames of one byte: served"


@case("bodies-without-end", memory=64 * MB, limits={"body_timeout": "1s"})
def bodies_without_end(target, clock):
    """Bodies that fill their windows and never end, by a client that does not acknowledge SETTINGS.

    Until it does its windows are 65,535 bytes, whatever SETTINGS say: 250 streams are 16 MB, of which the server
    may keep 4."""
    streams = range(1, 300, 2)
    begin = b"".join(wire.headers(s, wire.head("PUT", "/v1/key/import/x"), "END_HEADERS") for s in streams)
    seen = collections.Counter()
    while clock.running() or not seen:
        held = [wire.H2(target, target.insider, acknowledge=False) for _ in range(5)]
        for connection in held:
            connection.send(begin)
            for stream in streams:
                connection.send(wire.data(stream, b"x" * 16384) * 3)
        for connection in held:
            connection.until(lambda c=connection: len(c.resets) >= len(streams), 10)
            expect(len(connection.resets) == len(streams) or connection.end is not None,
                   f"only {len(connection.resets)} of {len(streams)} bodies were given up after 10 s")
            seen.update(connection.resets.values())
            if connection.end is not None:
                seen[connection.goaway or connection.end] += 1
            connection.close()
    expect(set(seen) == {"CANCEL", "REFUSED_STREAM"}, f"{dict(seen)}")
    return ", ".join(f"{n} x {end}" for end, n in seen.most_common())


@case("slow-body-h2", memory=16 * MB, limits={"body_timeout": "1s"})
def slow_body(target, clock):
    """Bodies of one byte now and then on every stream."""
    streams = range(1, 500, 2)
    seen = collections.Counter()
    while clock.running() or not seen:
        with wire.H2(target, target.insider) as connection:
            connection.send(b"".join(wire.headers(s, wire.head("PUT", "/v1/key/generate/bystander"), "END_HEADERS")
                                     for s in streams))
            end = time.monotonic() + 10
            while len(connection.resets) < len(streams) and connection.end is None and time.monotonic() < end:
                connection.send(b"".join(wire.data(s, b" ") for s in streams if s not in connection.resets))
                connection.until(lambda: False, 0.3)
            seen.update(connection.resets.values())
            expect(len(connection.resets) == len(streams),
                   f"{len(connection.resets)} of {len(streams)} were reset: {connection.goaway or connection.end}")
    expect(set(seen) == {"CANCEL"}, f"{dict(seen)}")
    return f"{seen['CANCEL']} slow bodies: all CANCEL"


@case("slow-headers-h2", memory=16 * MB, limits={"header_timeout": "1s", "idle_timeout": "2s"})
def slow_headers(target, clock):
    """Header blocks that are begun and never ended, kept alive by a byte now and then."""
    ends = collections.Counter()
    while clock.running() or not ends:
        held = [wire.H2(target, target.stranger) for _ in range(20)]
        for connection in held:
            connection.send(wire.headers(1, wire.head()))
        end = time.monotonic() + 10
        while any(c.end is None for c in held) and time.monotonic() < end:
            for connection in held:
                connection.send(b"\x00")  # of the head of the next frame
                connection.poll()
            time.sleep(0.5)
        for connection in held:
            ends[connection.goaway or connection.end] += 1
            connection.close()
    expect(None not in ends, f"the server waits for ever: {dict(ends)}")
    return ", ".join(f"{n} x {end}" for end, n in ends.most_common())


@case("no-preface", memory=16 * MB, limits={"header_timeout": "1s"})
def no_preface(target, clock):
    """Connections that choose h2 and then say nothing, or something else."""
    ends = collections.Counter()
    tls = wire.context(target.stranger)
    while clock.running() or not ends:
        held = [wire.connect_tls(target, tls) for _ in range(20)]
        for number, connection in enumerate(held):
            if number % 2:
                connection.sendall(b"GET /version HTTP/1.1\r\nHost: localhost\r\n\r\n")
        for connection in held:
            got, closed = wire.receive_all(connection, 10)
            ends["closed" if closed and b"HTTP/1" not in got else f"{got[:50]!r}"] += 1
            connection.close()
    expect(set(ends) == {"closed"}, f"{dict(ends)}")
    return f"{ends['closed']} connections: all closed"


MALFORMED = {
    "transfer-encoding": wire.head("PUT", "/version", ("transfer-encoding", "chunked")),
    "connection": wire.head("GET", "/version", ("connection", "close")),
    "line break in a value": wire.head("GET", "/version", ("x", "a\r\nHost: b")),
    "NUL in a value": wire.head("GET", "/version", ("x", "a\0b")),
    "colon in a name": wire.head("GET", "/version", ("a:b", "c")),
    "upper case": wire.head("GET", "/version", ("X-Upper", "1")),
    "two paths": wire.head() + wire.literal(":path", "/v1/status"),
    "blank in the method": wire.head("GET /v1/status HTTP/1.1", "/version"),
    "two lengths": wire.head("PUT", "/version", ("content-length", "1"), ("content-length", "2")),
    "length is no number": wire.head("PUT", "/version", ("content-length", "+1")),
    "te": wire.head("GET", "/version", ("te", "gzip")),
}


@case("smuggling-h2", memory=16 * MB)
def smuggling(target, clock):
    """What would split a request in two if it were passed on over HTTP/1.1 (RFC 9113 §10.3)."""
    tried = 0
    while clock.running():
        for name, block in MALFORMED.items():
            with wire.H2(target, target.insider) as connection:
                connection.send(wire.headers(1, block, "END_HEADERS", "END_STREAM"))
                outcome = connection.outcome(1, 5)
                expect(outcome in (400, "PROTOCOL_ERROR"), f"{name}: {outcome}")
                tried += 1
        with wire.H2(target, target.insider) as connection:
            connection.send(wire.headers(1, wire.head("PUT", "/v1/key/generate/bystander", ("content-length", "2")),
                                         "END_HEADERS") + wire.data(1, b"{}{}", "END_STREAM"))
            outcome = connection.outcome(1, 5)
            expect(outcome == "PROTOCOL_ERROR", f"more than its length: {outcome}")
            tried += 1
    return f"{tried} malformed requests: all refused"
