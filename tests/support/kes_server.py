"""The server under attack with everything it needs, in a folder of its own: certificates, configuration, log."""

import contextlib
import dataclasses
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time

START_TIMEOUT = 30
STOP_TIMEOUT = 30
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclasses.dataclass(frozen=True)
class Credential:
    key: str
    certificate: str


@dataclasses.dataclass(frozen=True)
class Target:
    """What a client has to know."""
    port: int
    folder: str
    bystander: Credential  # may use keys
    insider: Credential  # may use keys as well, and misbehaves
    stranger: Credential  # named in no policy: every request is refused
    host: str = "127.0.0.1"


def openssl(*args):
    subprocess.run(["openssl", *map(str, args)], check=True, capture_output=True)


def make_certificate(folder, name, usage):
    key, certificate = folder / f"{name}.key", folder / f"{name}.crt"
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", f"/CN={name}", "-addext", "basicConstraints=critical,CA:FALSE",
            "-addext", f"extendedKeyUsage={usage}", "-addext", "subjectAltName=IP:127.0.0.1",
            "-keyout", key, "-out", certificate)
    return Credential(str(key), str(certificate))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class World:
    """Certificates and identities, made once for all cases."""

    def __init__(self, program):
        self.program = program
        self._temporary = tempfile.TemporaryDirectory(prefix="kes-abuse-")
        self.folder = pathlib.Path(self._temporary.name)
        self.credentials = {name: make_certificate(self.folder, name, usage) for name, usage in
                            (("server", "serverAuth"), ("bystander", "clientAuth"), ("insider", "clientAuth"),
                             ("stranger", "clientAuth"))}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._temporary.cleanup()

    def identity(self, name):
        printed = subprocess.run([self.program, "identity", "of", self.credentials[name].certificate], check=True,
                                 capture_output=True, text=True).stdout
        return re.search(r"[0-9a-f]{64}", printed).group()

    def write_config(self, port, limits, open_to_all, admin, log, keystore):
        sections = {"limits": limits, "api": {"/v1/ready": {"skip_auth": True}}}
        extra = "".join(f"{name}: {json.dumps(section)}\n" for name, section in sections.items()
                        if section and (name != "api" or open_to_all))
        config = self.folder / "config.yml"
        config.write_text(f"""version: v1
address: 127.0.0.1:{port}
admin: {{identity: {self.identity(admin) if admin else 'disabled'}}}
tls: {{key: {self.credentials["server"].key}, cert: {self.credentials["server"].certificate}}}
policy:
  users:
    allow: [/v1/key/create/*, /v1/key/generate/*, /v1/key/decrypt/*, /v1/key/list/*, /v1/key/import/*]
    identities: [{self.identity("bystander")}, {self.identity("insider")}]
keys: [{{name: bystander}}]
cache: {{expiry: {{any: 5m, unused: 5m}}}}
log: {json.dumps(log or {"error": "on", "audit": "off"})}
keystore: {json.dumps(keystore or {"mem": {}})}
{extra}""")
        return config

    @contextlib.contextmanager
    def server(self, core, limits=None, open_to_all=False, admin=None, log=None, keystore=None):
        """A fresh server on one core; without certificates of its clients where it is open to all."""
        port = free_port()
        config = self.write_config(port, limits, open_to_all, admin, log, keystore)
        log_name = self.folder / "server.log"
        with open(log_name, "wb") as console:
            process = subprocess.Popen(["taskset", "-c", str(core), self.program, "server", "--config", config],
                                       stdout=console, stderr=console)
        target = Target(port, str(self.folder), *(self.credentials[name] for name in
                                                  ("bystander", "insider", "stranger")))
        server = Server(process, target, log_name)
        try:
            server.wait_until_it_listens()
            yield server
        finally:
            server.end()


class Server:
    """A running server whose memory is watched."""

    def __init__(self, process, target, log_name):
        self.process, self.target, self.log_name = process, target, log_name
        self.peak = 0
        self._done = threading.Event()
        self._watcher = threading.Thread(target=self._watch)

    def wait_until_it_listens(self):
        end = time.monotonic() + START_TIMEOUT
        while True:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server does not start:\n{self.log()}")
            with contextlib.suppress(OSError), socket.create_connection((self.target.host, self.target.port), 1):
                break
            if time.monotonic() > end:
                raise RuntimeError(f"the server does not listen after {START_TIMEOUT} s:\n{self.log()}")
            time.sleep(0.02)

    def resident(self):
        """Bytes of memory in use now."""
        with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * PAGE

    def cpu_seconds(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def begin_watching(self):
        self.peak = self.resident()
        self._watcher.start()

    def _watch(self):
        while not self._done.wait(0.05):
            with contextlib.suppress(OSError):
                self.peak = max(self.peak, self.resident())

    def log(self):
        return pathlib.Path(self.log_name).read_text(errors="replace")

    def stop(self):
        """Asks it to stop; returns how it ended, 0 = in good order."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            return "still running"

    def end(self):
        self._done.set()
        if self._watcher.is_alive():
            self._watcher.join()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
