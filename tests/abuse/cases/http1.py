"""HTTP/1.1: requests that two servers would read differently, heads and bodies that never end."""

import collections
import csv
import pathlib
import re
import subprocess
import tempfile
import time

import wire
from attacker import Unexpected, case, expect

MB = 1024 * 1024
SECOND = "GET /v1/key/list/ HTTP/1.1\r\nHost: localhost\r\n\r\n"  # what is to be smuggled


def put(fields, body=SECOND):
    return f"PUT /v1/key/generate/bystander HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n\r\n{body}"


CHUNKED = f"2\r\n{{}}\r\n0\r\n\r\n{SECOND}"
# Each must be refused, and the connection closed: whatever follows must not be read as a request.
SMUGGLING = {
    "CL and TE": put("Content-Length: 4\r\nTransfer-Encoding: chunked", CHUNKED),
    "TE and CL": put("Transfer-Encoding: chunked\r\nContent-Length: 4", CHUNKED),
    "two CL": put("Content-Length: 2\r\nContent-Length: 30", "{}" + SECOND),
    "CL list": put("Content-Length: 2, 30", "{}" + SECOND),
    "negative CL": put("Content-Length: -2", "{}" + SECOND),
    "signed CL": put("Content-Length: +2", "{}" + SECOND),
    "hexadecimal CL": put("Content-Length: 0x2", "{}" + SECOND),
    "CL with blank inside": put("Content-Length: 2 0", "{}" + SECOND),
    "CL beyond 64 bits": put("Content-Length: 18446744073709551618", "{}" + SECOND),
    "blank before the colon": put("Content-Length : 2", "{}" + SECOND),
    "TE blank before the colon": put("Transfer-Encoding : chunked", CHUNKED),
    "TE identity": put("Transfer-Encoding: identity", CHUNKED),
    "TE chunked, identity": put("Transfer-Encoding: chunked, identity", CHUNKED),
    "TE xchunked": put("Transfer-Encoding: xchunked", CHUNKED),
    "TE quoted": put('Transfer-Encoding: "chunked"', CHUNKED),
    "TE with vertical tab": put("Transfer-Encoding: \x0bchunked", CHUNKED),
    "two TE": put("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", CHUNKED),
    "two TE chunked": put("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", CHUNKED),
    "TE in HTTP/1.0": put("Transfer-Encoding: chunked", CHUNKED).replace("1.1", "1.0", 1),
    "obs-fold": put("X: a\r\n Content-Length: 2", "{}" + SECOND),
    "folded TE": put("Transfer-Encoding:\r\n chunked", CHUNKED),
    "bare LF": put("Content-Length: 2\nX: y", "{}" + SECOND),
    "bare CR": put("X: a\rContent-Length: 2", "{}" + SECOND),
    "NUL in a value": put("X: a\0b\r\nContent-Length: 2", "{}" + SECOND),
    "no Host": "GET /version HTTP/1.1\r\n\r\n" + SECOND,
    "two Hosts": "GET /version HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" + SECOND,
    "HTTP/2.0": "GET /version HTTP/2.0\r\nHost: a\r\n\r\n" + SECOND,
    "no version": "GET /version\r\n\r\n" + SECOND,
    "CONNECT": "CONNECT localhost:1 HTTP/1.1\r\nHost: localhost:1\r\n\r\n" + SECOND,
    "tab as separator": "GET\t/version\tHTTP/1.1\r\nHost: localhost\r\n\r\n" + SECOND,
    "chunk size with sign": put("Transfer-Encoding: chunked", "+2\r\n{}\r\n0\r\n\r\n" + SECOND),
    "chunk size with 0x": put("Transfer-Encoding: chunked", "0x2\r\n{}\r\n0\r\n\r\n" + SECOND),
    "chunk size beyond 64 bits": put("Transfer-Encoding: chunked", "10000000000000002\r\n{}\r\n0\r\n\r\n" + SECOND),
    "chunk without CRLF": put("Transfer-Encoding: chunked", "2\r\n{}0\r\n\r\n" + SECOND),
    "chunk with bare LF": put("Transfer-Encoding: chunked", "2\n{}\n0\n\n" + SECOND),
    "endless chunk extension": put("Transfer-Encoding: chunked", "2;" + "x" * 70000 + "\r\n{}\r\n0\r\n\r\n" + SECOND),
    "endless trailers": put("Transfer-Encoding: chunked", "2\r\n{}\r\n0\r\n" + "X: y\r\n" * 20000 + "\r\n" + SECOND),
}


def answers(got):
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d{3})", got)]


@case("smuggling-h1", memory=16 * MB)
def smuggling(target, clock):
    """CL+TE, TE variants, duplicate lengths, folded lines, bare LF, chunk extensions (RFC 9112 §11.2)."""
    tls = wire.context(target.insider, protocols=("http/1.1",))
    tried = 0
    while clock.running() or tried < len(SMUGGLING):
        for name, text in SMUGGLING.items():
            with wire.connect_tls(target, tls) as connection:
                try:
                    connection.sendall(text.encode("latin-1"))
                except OSError:
                    pass  # refused before all was sent
                got, closed = wire.receive_all(connection, 10)
            statuses = answers(got)
            expect(closed, f"{name}: the connection stays open after {statuses}")
            expect(len(statuses) == 1 and statuses[0] in (400, 431, 501, 505), f"{name}: answers {statuses}")
            tried += 1
    return f"{tried} requests in {len(SMUGGLING)} shapes: one refusal each, then closed"


@case("huge-head-h1", memory=16 * MB)
def huge_head(target, clock):
    """Heads of a megabyte: in one field, in many, in the target."""
    tls = wire.context(target.stranger, protocols=("http/1.1",))
    begin = "GET /version HTTP/1.1\r\nHost: x\r\n"
    shapes = [begin + "X: " + "y" * MB, begin + "X: y\r\n" * 170000, "GET /" + "x" * MB]
    seen = collections.Counter()
    while clock.running() or not seen:
        for shape in shapes:
            with wire.connect_tls(target, tls) as connection:
                try:
                    connection.sendall(shape.encode())
                except OSError:
                    pass
                got, closed = wire.receive_all(connection, 10)
            expect(closed, "the connection stays open")
            seen[tuple(answers(got))] += 1
    # The reset that follows an early close may overtake the answer.
    expect(set(seen) <= {(431,), (400,), ()} and seen[(431,)] > 0, f"{dict(seen)}")
    return ", ".join(f"{n} x {status}" for status, n in seen.items())


@case("pipelining-h1", memory=16 * MB, limits={"idle_timeout": "2s"})
def pipelining(target, clock):
    """Thousands of requests at once by one who reads no answer."""
    tls = wire.context(target.stranger, protocols=("http/1.1",))
    blob = b"GET /v1/key/list/ HTTP/1.1\r\nHost: localhost\r\n\r\n" * 1000
    ends, sent = collections.Counter(), 0
    while clock.running() or not ends:
        with wire.connect_tls(target, tls, timeout=1.0) as connection:
            try:
                while True:
                    connection.sendall(blob)
                    sent += 1
            except TimeoutError:
                ends["not read any more"] += 1
            except OSError as error:
                ends[wire.describe(error)] += 1
    expect(set(ends) == {"not read any more"}, f"{dict(ends)}")
    return f"{sent} x 1000 requests: {ends['not read any more']} x not read any more"


@case("slow-headers-h1", memory=32 * MB, limits={"header_timeout": "1s"})
def slow_headers(target, clock):
    """Slowloris over mutual TLS: a head that grows by a line now and then."""
    tls = wire.context(target.stranger, protocols=("http/1.1",))
    closed = 0
    while clock.running() or not closed:
        held = [wire.connect_tls(target, tls) for _ in range(50)]
        for connection in held:
            connection.sendall(b"GET /version HTTP/1.1\r\nHost: localhost\r\n")
        begin = time.monotonic()
        for connection in held:
            closed += ends_while_dripping(connection, b"X-a: b\r\n", begin + 10)
    return f"{closed} slow heads: all closed"


@case("slow-body-h1", memory=32 * MB, limits={"body_timeout": "1s"})
def slow_body(target, clock):
    """Bodies that come a byte at a time, announced and chunked."""
    tls = wire.context(target.insider, protocols=("http/1.1",))
    closed = 0
    while clock.running() or not closed:
        held = [wire.connect_tls(target, tls) for _ in range(50)]
        for number, connection in enumerate(held):
            length = "Content-Length: 1000" if number % 2 else "Transfer-Encoding: chunked"
            connection.sendall(f"PUT /v1/key/generate/bystander HTTP/1.1\r\nHost: x\r\n{length}\r\n\r\n".encode())
        begin = time.monotonic()
        for number, connection in enumerate(held):
            closed += ends_while_dripping(connection, b" " if number % 2 else b"1\r\n \r\n", begin + 10)
    return f"{closed} slow bodies: all closed"


def ends_while_dripping(connection, drop, deadline):
    """1 once the server has ended the connection; sends the drop until it does."""
    with connection:
        while time.monotonic() < deadline:
            try:
                connection.sendall(drop)
            except OSError:
                return 1
            _, closed = wire.receive_all(connection, 0.2)
            if closed:
                return 1
    raise Unexpected("a slow request is borne for 10 s")


def slowhttptest(target, clock, *mode, closing=True):
    """Runs slowhttptest and returns what it says about its connections, some of which the server must have closed."""
    url = f"https://{target.host}:{target.port}/v1/ready"
    with tempfile.TemporaryDirectory(dir=target.folder) as folder:
        seconds = str(max(int(clock.left()), 4))
        run = subprocess.run(["slowhttptest", *mode, "-c", "200", "-r", "100", "-l", seconds, "-u", url, "-p", "3",
                              "-g", "-o", f"{folder}/slow"], capture_output=True, check=False,
                             stdin=subprocess.DEVNULL)
        table = pathlib.Path(f"{folder}/slow.csv")
        expect(table.exists(), f"slowhttptest does not run: {run.stderr[-300:]!r}")
        seconds = list(csv.DictReader(table.read_text().splitlines()))
    last = {name.strip(): int(value) for name, value in seconds[-1].items()}
    expect(last["Closed"] > 0 or not closing, f"no slow connection was closed: {last}")
    expect(all(int(second["Service Available"]) > 0 for second in seconds),
           f"slowhttptest finds the service unavailable: {seconds}")
    return f"slowhttptest: {last['Closed']} closed, {last['Connected']} connected, {last['Pending']} pending"


@case("slowhttptest-headers", memory=32 * MB, limits={"header_timeout": "1s"}, open_to_all=True)
def slowhttptest_headers(target, clock):
    """slowhttptest -H, where no client certificate is asked for."""
    return slowhttptest(target, clock, "-H", "-i", "1", "-x", "10")


@case("slowhttptest-body", memory=32 * MB, limits={"body_timeout": "1s"}, open_to_all=True)
def slowhttptest_body(target, clock):
    """slowhttptest -B."""
    return slowhttptest(target, clock, "-B", "-i", "1", "-s", "4096", "-x", "10")


@case("slowhttptest-read", memory=32 * MB, limits={"idle_timeout": "1s"}, open_to_all=True)
def slowhttptest_read(target, clock):
    """slowhttptest -X: answers taken slowly through a tiny TCP window.

    They fit into the kernel's buffer, where the client may take them as slowly as it likes after we have closed."""
    return slowhttptest(target, clock, "-X", "-w", "1", "-y", "8", "-n", "2", "-z", "1", "-k", "3", closing=False)
