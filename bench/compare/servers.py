"""The servers of a comparison: how each is started, and how the bench talks to it."""

import contextlib
import os
import pathlib
import re
import socket
import ssl
import subprocess
import sys
import time

START_TIMEOUT = 15
GENERATE = b'{"context":"YnVja2V0L29iamVjdA=="}'


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def use_of(pid: int) -> tuple[int, int]:
    """Resident bytes and threads of a process (proc(5))."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[21]) * os.sysconf("SC_PAGE_SIZE"), int(fields[17])


class World:
    """A folder with what all servers share: certificates, a key directory, the floor's answer."""

    def __init__(self, folder: pathlib.Path, programs: dict[str, pathlib.Path]):
        self.folder = folder
        self.programs = programs
        self.server_pair = self._make_pair("server", "serverAuth")
        self.client_pair = self._make_pair("client", "clientAuth")
        text = subprocess.run([programs["ours"], "identity", "of", self.client_pair[1]], check=True,
                              capture_output=True, text=True).stdout
        self.identity = re.search(r"[0-9a-f]{64}", text).group()
        self.tls = ssl.create_default_context()
        self.tls.check_hostname = False
        self.tls.verify_mode = ssl.CERT_NONE
        self.tls.load_cert_chain(self.client_pair[1], self.client_pair[0])

    def _make_pair(self, name, usage):
        key, certificate = self.folder / f"{name}.key", self.folder / f"{name}.crt"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "2", "-subj", f"/CN={name}", "-addext", "basicConstraints=critical,CA:FALSE",
                        "-addext", f"extendedKeyUsage={usage}", "-addext", "subjectAltName=IP:127.0.0.1",
                        "-keyout", key, "-out", certificate], check=True, capture_output=True)
        return key, certificate

    @property
    def answer_file(self) -> pathlib.Path:
        return self.folder / "answer"

    def command(self, who: str, port: int) -> list:
        key, certificate = self.server_pair
        program = self.programs[who]
        if who in ("go", "ours"):
            return [program, "server", "--config", self._write_config(port)]
        extra = ["--answer", self.answer_file] if who == "floor" else []
        return [program, "--port", str(port), "--cert", certificate, "--key", key, *extra]

    def _write_config(self, port):
        key, certificate = self.server_pair
        config = self.folder / f"config-{port}.yml"
        config.write_text(f"""version: v1
address: 127.0.0.1:{port}
admin: {{identity: disabled}}
tls: {{key: {key}, cert: {certificate}}}
policy:
  bench:
    deny: [/v1/key/*/internal*, /v1/policy/*]
    allow: [/v1/key/list/*, /v1/key/create/*, /v1/key/generate/*, /v1/key/encrypt/*, /v1/key/decrypt/*, /v1/status]
    identities: [{self.identity}]
cache: {{expiry: {{any: 5m, unused: 5m}}}}
log: {{error: off, audit: off}}
keystore: {{fs: {{path: {self.folder / 'keys'}}}}}
""")
        return config

    def ask(self, port: int, method: bytes, path: bytes, body: bytes = b"") -> bytes:
        """One request over http/1.1 on a connection of its own; the raw answer."""
        with socket.create_connection(("127.0.0.1", port), timeout=10) as raw, self.tls.wrap_socket(raw) as tls:
            tls.sendall(b"%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                        b"Content-Length: %d\r\n\r\n%s" % (method, path, len(body), body))
            answer = b""
            while True:
                answer += tls.recv(65536)
                head, end, rest = answer.partition(b"\r\n\r\n")
                length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
                if end and len(rest) >= int(length.group(1) if length else 0):
                    return answer

    @contextlib.contextmanager
    def serving(self, who: str, core: int):
        """Starts a server on one core; yields its port, pid and the seconds from exec to its first answer."""
        port = free_port()
        command = self.command(who, port)
        cores = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {core})  # inherited
        try:
            start = time.monotonic()
            server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        finally:
            os.sched_setaffinity(0, cores)
        try:
            while True:
                if server.poll() is not None:
                    sys.exit(f"{who} did not start: {server.stderr.read().decode()}")
                with contextlib.suppress(ConnectionRefusedError):
                    self.ask(port, b"PUT", b"/v1/key/create/bench" if who in ("go", "ours") else b"/", GENERATE)
                    break
                if time.monotonic() - start > START_TIMEOUT:
                    sys.exit(f"{who} does not answer on port {port} after {START_TIMEOUT} s")
                time.sleep(0.0002)
            yield port, server.pid, time.monotonic() - start
        finally:
            server.terminate()
            try:
                server.wait(15)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
            server.stderr.close()

    def record_answer(self, core: int):
        """Keeps an answer of ours, so that the floor's are of the same size."""
        with self.serving("ours", core) as (port, _, _):
            answer = self.ask(port, b"PUT", b"/v1/key/generate/bench", GENERATE)
        if not answer.startswith(b"HTTP/1.1 200 "):
            sys.exit(f"our server does not generate: {answer!r}")
        self.answer_file.write_bytes(answer)
