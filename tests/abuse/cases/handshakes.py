"""TLS: handshakes that never end, come in masses, or carry what they should not."""

import collections
import contextlib
import pathlib
import socket
import ssl
import struct
import subprocess
import time

import tlslite.api
import tlslite.constants
import tlslite.messages

import wire
from attacker import case, expect

MB = 1024 * 1024
NOT_TLS = b"HTTP/1.0 400 Bad Request"


def client_hello(credential=None):
    """The first flight of a TLS 1.3 client."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = wire.context(credential).wrap_bio(incoming, outgoing, server_hostname="localhost")
    with contextlib.suppress(ssl.SSLWantReadError):
        tls.do_handshake()
    return outgoing.read()


def drip(target, clock, piece, number, first):
    """Connections that send `first`, then piece by piece; the server must end all of them. Returns how many."""
    ended = 0
    while clock.running() or not ended:
        held = []
        for _ in range(number):
            connection = wire.connect_tcp(target)
            connection.setblocking(False)
            if first:
                connection.send(first)
            held.append(connection)
        deadline, sent = time.monotonic() + 10, 0
        while held and time.monotonic() < deadline:
            time.sleep(0.2)
            remaining = []
            for connection in held:
                try:
                    if piece:
                        connection.send(piece[sent:sent + 1])
                    gone = connection.recv(4096) == b""
                except BlockingIOError:
                    gone = False
                except OSError:
                    gone = True
                if gone:
                    ended += 1
                    connection.close()
                else:
                    remaining.append(connection)
            held, sent = remaining, sent + 1
        for connection in held:
            connection.close()
        expect(not held, f"{len(held)} of {number} handshakes are borne for 10 s")
    return ended


@case("half-open-handshakes", memory=48 * MB, limits={"handshake_timeout": "1s"})
def half_open(target, clock):
    """Connections that say nothing at all."""
    return f"{drip(target, clock, b'', 1000, b'')} silent connections: all closed"


@case("slow-handshakes", memory=48 * MB, limits={"handshake_timeout": "1s"})
def slow_handshakes(target, clock):
    """A ClientHello that comes a byte at a time."""
    hello = client_hello()
    return f"{drip(target, clock, hello[5:], 500, hello[:5])} slow handshakes: all closed"


@case("unfinished-handshakes", memory=96 * MB, limits={"handshake_timeout": "1s"})
def unfinished(target, clock):
    """A whole ClientHello, then silence: the server has done its share and waits."""
    return f"{drip(target, clock, b'', 500, client_hello())} unfinished handshakes: all closed"


@case("handshake-storm", memory=48 * MB)
def handshake_storm(target, clock):
    """Full handshakes with a client certificate, one after the other."""
    tls = wire.context(target.stranger)
    done = 0
    while clock.running():
        wire.connect_tls(target, tls).close()
        done += 1
    expect(done > 0, "no handshake was completed")
    return f"{done} handshakes: served"


@case("hello-storm", memory=96 * MB)
def hello_storm(target, clock):
    """ClientHello by the thousand: the server signs, the client has nothing to compute."""
    hello = client_hello()
    sent = 0
    while clock.running():
        held = []
        for _ in range(50):
            connection = wire.connect_tcp(target)
            connection.send(hello)
            held.append(connection)
        sent += len(held)
        for connection in held:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
    return f"{sent} ClientHello"


@case("resumption-storm", memory=48 * MB)
def resumption_storm(target, clock):
    """Handshakes that resume one session again and again."""
    tls = wire.context(target.stranger, protocols=("http/1.1",))
    with wire.connect_tls(target, tls) as first:
        first.sendall(b"GET /version HTTP/1.1\r\nHost: localhost\r\n\r\n")
        first.recv(4096)
        session = first.session
    done = resumed = 0
    while clock.running():
        raw = wire.connect_tcp(target)
        with tls.wrap_socket(raw, session=session) as connection:
            done += 1
            resumed += connection.session_reused
    expect(resumed > 0, "no session was resumed")
    return f"{done} handshakes, {resumed} resumed: served"


def openssl(*args):
    subprocess.run(["openssl", *map(str, args)], check=True, capture_output=True)


def chain_of(target, length):
    """A credential whose file holds the stranger's certificate many times."""
    path = pathlib.Path(target.folder) / f"chain-{length}.crt"
    path.write_text(pathlib.Path(target.stranger.certificate).read_text() * length)
    return type(target.stranger)(target.stranger.key, str(path))


def certificate_with(target, name, bits, names):
    folder = pathlib.Path(target.folder)
    key, certificate, config = (folder / f"{name}.{end}" for end in ("key", "crt", "cnf"))
    config.write_text("[req]\ndistinguished_name=dn\nx509_extensions=ext\nprompt=no\n[dn]\nCN=huge\n[ext]\n"
                      "basicConstraints=critical,CA:FALSE\nextendedKeyUsage=clientAuth\nsubjectAltName=@names\n"
                      "[names]\n"
                      + "".join(f"DNS.{i} = {i}.{'x' * 50}.example.net\n" for i in range(names)))
    kind = ["rsa:" + str(bits)] if bits else ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    openssl("req", "-x509", "-newkey", *kind, "-nodes", "-days", "2", "-config", config, "-keyout", key, "-out",
            certificate)
    return type(target.stranger)(str(key), str(certificate))


@case("huge-certificates", memory=48 * MB)
def huge_certificates(target, clock):
    """Certificates of more than 64 KiB, long chains, and a large key."""
    refused = {"certificate of 200 KB": certificate_with(target, "wide", 0, 2500),
               "chain of 300": chain_of(target, 300)}
    borne = {"RSA of 4096 bits": certificate_with(target, "long", 4096, 1), "chain of 20": chain_of(target, 20)}
    seen = collections.Counter()
    while clock.running() or not seen:
        for name, credential in (*refused.items(), *borne.items()):
            try:
                with wire.connect_tls(target, wire.context(credential, protocols=("http/1.1",))) as connection:
                    connection.sendall(b"GET /v1/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                    got, _ = wire.receive_all(connection, 10)
                    outcome = got[9:12].decode() or "closed"
            except wire.GONE as error:
                outcome = wire.describe(error)
            seen[f"{name}: {outcome}"] += 1
            expect((name in refused) == (not outcome.isdigit()), f"{name}: {outcome}")
            expect(not outcome.startswith("2"), f"{name}: {outcome}")
    return ", ".join(f"{n} x {what}" for what, n in seen.items())


def with_extension(hello, kind, payload):
    """The ClientHello with one more extension in front of the others."""
    body = hello[9:]
    at = 2 + 32
    at += 1 + body[at]
    at += 2 + struct.unpack_from("!H", body, at)[0]
    at += 1 + body[at]
    extensions = struct.pack("!HH", kind, len(payload)) + payload + body[at + 2:]
    body = body[:at] + struct.pack("!H", len(extensions)) + extensions
    message = b"\x01" + struct.pack("!I", len(body))[1:] + body
    return b"\x16\x03\x01" + struct.pack("!H", len(message)) + message


@case("early-data", memory=32 * MB)
def early_data(target, clock):
    """0-RTT: data behind a ClientHello that announces it, and openssl s_client with a session of ours."""
    hello = with_extension(client_hello(), 42, b"")
    records = (b"\x17\x03\x03" + struct.pack("!H", 1000) + b"x" * 1000) * 20
    ended = 0
    while clock.running() or not ended:
        with wire.connect_tcp(target) as connection:
            try:
                connection.sendall(hello + records)
            except OSError:
                pass
            got, closed = wire.receive_all(connection, 15)
            expect(closed, "data before the handshake is borne")
            expect(b"HTTP" not in got, "data before the handshake is answered")
            ended += 1
    folder = pathlib.Path(target.folder)
    session, request = folder / "session.pem", folder / "early.txt"
    request.write_bytes(b"GET /version HTTP/1.1\r\nHost: localhost\r\n\r\n")
    client = ["openssl", "s_client", "-connect", f"{target.host}:{target.port}", "-alpn", "http/1.1", "-ign_eof",
              "-cert", target.stranger.certificate, "-key", target.stranger.key]
    closing = b"GET /version HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    subprocess.run([*client, "-sess_out", session], input=closing, capture_output=True, check=False, timeout=20)
    again = subprocess.run([*client, "-sess_in", session, "-early_data", request], input=closing,
                           capture_output=True, check=False, timeout=20)
    text = (again.stdout + again.stderr).decode(errors="replace")
    expect("Early data was accepted" not in text, "early data was accepted")
    expect("Reused, TLSv1.3" in text, f"the session was not resumed, so nothing was tried: {text[-300:]}")
    return f"{ended} connections with early data: all closed; s_client: none accepted"


def tls12(target, raw):
    """A TLS 1.2 connection by tlslite-ng, which lets us send what we want on it."""
    client = tlslite.api.TLSConnection(raw)
    wanted = tlslite.api.HandshakeSettings()
    wanted.minVersion = wanted.maxVersion = (3, 3)
    chain = tlslite.api.X509CertChain()
    chain.parsePemList(pathlib.Path(target.stranger.certificate).read_text())
    key = tlslite.api.parsePEMKey(pathlib.Path(target.stranger.key).read_text(), private=True)
    client.handshakeClientCert(chain, key, settings=wanted, alpn=[b"http/1.1"])
    return client


def ask_again(client):
    """Sends a ClientHello inside the connection."""
    suite = tlslite.constants.CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
    for _ in client._sendMsg(tlslite.messages.ClientHello().create((3, 3), bytearray(32), bytearray(0), [suite])):
        pass


def next_alert(client):
    kinds = tlslite.constants
    try:
        for result in client._getMsg(kinds.ContentType.handshake, kinds.HandshakeType.server_hello):
            if result not in (0, 1):
                return "renegotiated"
    except tlslite.api.TLSRemoteAlert as alert:
        return kinds.AlertDescription.toRepr(alert.description)
    return "nothing"


def record_kinds(stream):
    """The content types of TLS records."""
    at = 0
    while at + 5 <= len(stream):
        yield stream[at]
        at += 5 + struct.unpack_from("!H", stream, at + 3)[0]


@case("renegotiation", memory=32 * MB)
def renegotiation(target, clock):
    """A TLS 1.2 client that asks for a new handshake over and over (CVE-2011-1473)."""
    with wire.connect_tcp(target) as raw:
        client = tls12(target, raw)
        ask_again(client)
        alert = next_alert(client)
        expect(alert == "no_renegotiation", f"the answer to a new ClientHello: {alert}")
    asked, seen = 0, collections.Counter()
    while clock.running() or not asked:
        with wire.connect_tcp(target) as raw:
            client = tls12(target, raw)
            for _ in range(100):
                ask_again(client)
            asked += 100
            got, _ = wire.receive_all(raw, 1)
            seen.update(record_kinds(got))
    handshake, alert = 22, 21
    expect(seen[handshake] == 0 and seen[alert] > 0, f"records by type: {dict(seen)}")
    return f"{asked} x asked: {seen[alert]} alerts, no handshake"


@case("plaintext", memory=16 * MB)
def plaintext(target, clock):
    """HTTP without TLS, SSH, TLS 1.0 and noise on the port."""
    shapes = {
        "GET": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "h2c": wire.PREFACE + wire.settings(),
        "SSH": b"SSH-2.0-OpenSSH_9.2p1\r\n",
        "noise": bytes(range(256)) * 64,
        "TLS 1.0": (b"\x16\x03\x01\x00\x2f\x01\x00\x00\x2b\x03\x01" + b"x" * 32
                    + b"\x00\x00\x02\x00\x2f\x01\x00\x00\x00"),
        "a record of 64 KiB": b"\x16\x03\x01\xff\xff" + b"x" * 65535,
    }
    seen = collections.Counter()
    while clock.running() or not seen:
        for name, text in shapes.items():
            with wire.connect_tcp(target) as connection:
                try:
                    connection.sendall(text)
                except OSError:
                    pass
                got, closed = wire.receive_all(connection, 15)
            expect(closed, f"{name}: the connection stays open")
            if name in ("GET", "h2c"):
                expect(got.startswith(NOT_TLS) or got == b"", f"{name}: {got[:100]!r}")
                seen["told to use HTTPS" if got else f"{name}: closed"] += 1
            else:
                expect(got[:1] in (b"", b"\x15"), f"{name}: {got[:100]!r}")
                seen["told by an alert" if got else "closed"] += 1
    expect(seen["told to use HTTPS"] > 0, f"{dict(seen)}")
    return ", ".join(f"{n} x {what}" for what, n in seen.items())
