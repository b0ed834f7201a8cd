"""A client that keeps to the rules while others do not, and measures how it fares."""

import dataclasses
import json
import multiprocessing
import os
import threading
import time

import h2.config
import h2.connection
import h2.events

import wire

RATE = 100  # requests a second on the long-lived connection
FRESH_EVERY = 0.5  # seconds between connections that are made for one request
TIMEOUT = 5.0


class Connection:
    """A well-behaved HTTP/2 client connection."""

    def __init__(self, target, tls):
        self._socket = wire.connect_tls(target, tls, TIMEOUT)
        self._h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
        self._h2.initiate_connection()
        self._socket.sendall(self._h2.data_to_send())

    def close(self):
        self._socket.close()

    def generate(self):
        """Asks for a data key; raises unless it gets one."""
        body = b'{"context":"YnlzdGFuZGVy"}'
        stream = self._h2.get_next_available_stream_id()
        self._h2.send_headers(stream, [(":method", "PUT"), (":scheme", "https"), (":authority", "localhost"),
                                       (":path", "/v1/key/generate/bystander"),
                                       ("content-length", str(len(body)))])
        self._h2.send_data(stream, body, end_stream=True)
        self._socket.sendall(self._h2.data_to_send())
        status, answer = None, b""
        while True:
            piece = self._socket.recv(65536)
            if not piece:
                raise ConnectionError("the server closed the connection")
            for event in self._h2.receive_data(piece):
                if isinstance(event, h2.events.ResponseReceived):
                    status = int(dict(event.headers)[b":status"])
                elif isinstance(event, h2.events.DataReceived):
                    answer += event.data
                    self._h2.acknowledge_received_data(event.flow_controlled_length, stream)
                elif isinstance(event, (h2.events.StreamReset, h2.events.ConnectionTerminated)):
                    raise ConnectionError(f"the server sent {event}")
                elif isinstance(event, h2.events.StreamEnded):
                    self._check(status, answer)
                    return
            pending = self._h2.data_to_send()
            if pending:
                self._socket.sendall(pending)

    @staticmethod
    def _check(status, answer):
        try:
            if status == 200 and len(json.loads(answer)["ciphertext"]) >= 40:
                return
        except ValueError:
            pass
        raise ConnectionError(f"answer {status} {answer[:500]!r}")


@dataclasses.dataclass
class Report:
    latencies: list  # seconds, of requests on the long-lived connection
    fresh: list  # seconds, of handshake and request
    failures: list

    def percentile(self, share):
        ordered = sorted(self.latencies)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else float("inf")


class Bystander:
    """A child process with one long-lived connection and one that is always new."""

    def __init__(self, target, core):
        self._ask, self._told = multiprocessing.Pipe()
        self._process = multiprocessing.get_context("fork").Process(target=self._run, args=(target, core), daemon=True)

    def start(self):
        self._process.start()
        if not self._ask.poll(30) or self._ask.recv() != "connected":
            raise RuntimeError("the bystander cannot reach the server")

    def finish(self):
        self._ask.send("stop")
        if not self._ask.poll(30):
            raise RuntimeError("the bystander does not come to an end")
        report = self._ask.recv()
        self._process.join()
        return report

    def kill(self):
        if self._process.pid is None:
            return
        self._process.kill()
        self._process.join()

    def _run(self, target, core):
        os.sched_setaffinity(0, {core})
        report = Report([], [], [])
        stop = threading.Event()
        tls = wire.context(target.bystander)
        connection = Connection(target, tls)
        connection.generate()
        self._told.send("connected")
        threads = [threading.Thread(target=self._steady, args=(target, tls, connection, report, stop)),
                   threading.Thread(target=self._fresh, args=(target, tls, report, stop))]
        for thread in threads:
            thread.start()
        self._told.recv()
        stop.set()
        for thread in threads:
            thread.join()
        self._told.send(report)

    # Latency counts from when a request was due: one slow answer must not hide the wait of those behind it.
    @staticmethod
    def _steady(target, tls, connection, report, stop):
        due = time.monotonic()
        while not stop.is_set():
            due += 1 / RATE
            time.sleep(max(due - time.monotonic(), 0))
            try:
                connection = connection or Connection(target, tls)
                connection.generate()
                report.latencies.append(time.monotonic() - due)
            except Exception as error:
                report.failures.append(f"request: {type(error).__name__}: {error}")
                connection = None
                due = max(due, time.monotonic() - 1)
                time.sleep(0.05)

    @staticmethod
    def _fresh(target, tls, report, stop):
        while not report.fresh and not report.failures or not stop.wait(FRESH_EVERY):
            begin = time.monotonic()
            try:
                connection = Connection(target, tls)
                try:
                    connection.generate()
                finally:
                    connection.close()
                report.fresh.append(time.monotonic() - begin)
            except Exception as error:
                report.failures.append(f"fresh connection: {type(error).__name__}: {error}")
