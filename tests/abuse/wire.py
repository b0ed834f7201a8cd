"""What the attacks send and what comes back: TLS, HTTP/2 frames by hyperframe, HTTP/1.1 as bytes."""

import contextlib
import socket
import ssl
import time

from hpack import Decoder
from hyperframe.frame import (DataFrame, Frame, GoAwayFrame, HeadersFrame, PingFrame, RstStreamFrame, SettingsFrame,
                              WindowUpdateFrame)

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
ERRORS = ("NO_ERROR PROTOCOL_ERROR INTERNAL_ERROR FLOW_CONTROL_ERROR SETTINGS_TIMEOUT STREAM_CLOSED FRAME_SIZE_ERROR "
          "REFUSED_STREAM CANCEL COMPRESSION_ERROR CONNECT_ERROR ENHANCE_YOUR_CALM INADEQUATE_SECURITY "
          "HTTP_1_1_REQUIRED").split()
GONE = (OSError, EOFError)  # ssl.SSLError is an OSError


def context(credential=None, protocols=("h2",), version=None):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    if protocols:
        made.set_alpn_protocols(list(protocols))
    if credential:
        made.load_cert_chain(credential.certificate, credential.key)
    if version:
        made.minimum_version = made.maximum_version = version
    return made


def connect_tcp(target, timeout=10.0, source=None):
    return socket.create_connection((target.host, target.port), timeout, (source, 0) if source else None)


def connect_tls(target, tls, timeout=10.0, source=None):
    raw = connect_tcp(target, timeout, source)
    try:
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return tls.wrap_socket(raw)
    except BaseException:
        raw.close()
        raise


# --- HPACK without a table: literals that are never indexed ------------------------------------------------------

def number(value, prefix_bits, first=0):
    most = (1 << prefix_bits) - 1
    if value < most:
        return bytes([first | value])
    out, value = [first | most], value - most
    while value >= 128:
        out.append(value % 128 + 128)
        value //= 128
    return bytes([*out, value])


def literal(name, value):
    name, value = name.encode(), value.encode()
    return b"\x10" + number(len(name), 7) + name + number(len(value), 7) + value


def indexed_literal(name, value):
    """The same, kept in the dynamic table, where the newest entry has the index 62."""
    return b"\x40" + literal(name, value)[1:]


def head(method="GET", path="/version", *fields):
    return b"".join([literal(":method", method), literal(":scheme", "https"), literal(":authority", "localhost"),
                     literal(":path", path), *(literal(name, value) for name, value in fields)])


def headers(stream, block, *flags):
    return HeadersFrame(stream, block, flags=flags).serialize()


def request(stream, method="GET", path="/version", *fields):
    return headers(stream, head(method, path, *fields), "END_HEADERS", "END_STREAM")


def data(stream, payload, *flags):
    return DataFrame(stream, payload, flags=flags).serialize()


def settings(values=None):
    return SettingsFrame(0, settings=values or {}).serialize()


# --- connections -------------------------------------------------------------------------------------------------

class H2:
    """An HTTP/2 connection that follows no rules by itself."""

    def __init__(self, target, credential, first=None, timeout=10.0, acknowledge=True, source=None):
        self.socket = connect_tls(target, context(credential), timeout, source)
        self.timeout = timeout
        self.buffer = b""
        self.end = None  # how the connection ended, once it has
        self.frames = []  # what has come and is not of those below
        self.goaway = None
        self.resets = {}
        self.decoder = Decoder()
        self.send(PREFACE + settings(first))
        if acknowledge:
            self.send(SettingsFrame(0, flags=["ACK"]).serialize())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        with contextlib.suppress(OSError):
            self.socket.close()

    def send(self, payload):
        """False once the server has closed."""
        if self.end is not None:
            return False
        try:
            self.socket.sendall(payload)
            return True
        except TimeoutError:
            raise
        except GONE as error:
            self._read_rest(error)
            return False

    def _read_rest(self, error):
        # What the server said before it closed.
        self.socket.settimeout(0.5)
        while self.end is None and self.read():
            pass
        if self.end is None:
            self.end = f"closed ({error})"

    def read(self):
        """Reads once; false at the end, and when nothing has come within the timeout."""
        try:
            piece = self.socket.recv(65536)
        except (TimeoutError, BlockingIOError, ssl.SSLWantReadError):
            return False
        except GONE as error:
            self.end = describe(error)
            return False
        if not piece:
            self.end = "closed"
            return False
        self.buffer += piece
        while len(self.buffer) >= 9:
            frame, length = Frame.parse_frame_header(memoryview(self.buffer[:9]))
            if len(self.buffer) < 9 + length:
                break
            frame.parse_body(memoryview(self.buffer[9:9 + length]))
            self.buffer = self.buffer[9 + length:]
            self._note(frame)
        return True

    def _note(self, frame):
        if isinstance(frame, GoAwayFrame):
            self.goaway = ERRORS[frame.error_code]
        elif isinstance(frame, RstStreamFrame):
            self.resets[frame.stream_id] = ERRORS[frame.error_code]
        else:
            self.frames.append(frame)

    def poll(self):
        """Reads what is there without waiting."""
        self.socket.settimeout(0.0)
        while self.end is None and self.read():
            pass
        self.socket.settimeout(self.timeout)

    def until(self, done, seconds):
        """Reads until done() or the end of the connection; false when neither came in time."""
        end = time.monotonic() + seconds
        while self.end is None and not done():
            left = end - time.monotonic()
            if left <= 0:
                return False
            self.socket.settimeout(left)
            self.read()
        self.socket.settimeout(self.timeout)
        return True

    def wait_for_end(self, seconds):
        """How the server ended the connection, or None when it has not."""
        self.until(lambda: False, seconds)
        return self.goaway or self.end

    def answered_ping(self, seconds=10.0):
        """True while the server still serves this connection."""
        opaque = b"abuse!!!"
        self.send(PingFrame(0, opaque_data=opaque).serialize())
        seen = lambda: any(isinstance(f, PingFrame) and "ACK" in f.flags and f.opaque_data == opaque
                           for f in self.frames)
        return self.until(seen, seconds) and self.end is None

    def outcome(self, stream, seconds=10.0):
        """The status of the answer on a stream, or the error that reset it or ended the connection."""
        mine = lambda: [f for f in self.frames if isinstance(f, HeadersFrame) and f.stream_id == stream]
        self.until(lambda: mine() or stream in self.resets, seconds)
        if mine():
            return int(dict(self.decoder.decode(mine()[0].data))[":status"])
        return self.resets.get(stream) or self.goaway or self.end


def describe(error):
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason
    return type(error).__name__ if not isinstance(error, OSError) or error.errno is None else error.strerror


def window_update(stream, increment):
    return WindowUpdateFrame(stream, window_increment=increment).serialize()


def receive_all(connection, seconds):
    """Bytes until the server closes; and whether it has, within that time."""
    end, got = time.monotonic() + seconds, b""
    while True:
        left = end - time.monotonic()
        if left <= 0:
            return got, False
        connection.settimeout(left)
        try:
            piece = connection.recv(65536)
        except TimeoutError:
            return got, False
        except GONE:
            return got, True
        if not piece:
            return got, True
        got += piece
