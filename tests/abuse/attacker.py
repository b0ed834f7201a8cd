"""Cases and the process that runs one: on the server's core, with a share of it that it cannot exceed."""

import contextlib
import ctypes
import dataclasses
import multiprocessing
import os
import signal
import threading
import time
from typing import Callable

CASES = {}
# A process that runs for so long and is then stopped for so long takes a quarter of a core at most.
RUN, STOP = 0.005, 0.015
PATIENCE = 60  # seconds an attack may take beyond its time


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    attack: Callable
    memory: int  # bytes by which the server may grow
    limits: dict
    open_to_all: bool
    about: str


def case(name, memory, limits=None, open_to_all=False):
    """Registers attack(target, clock) → what it did and what it got. It raises Unexpected when the server lets it."""
    def register(attack):
        CASES[name] = Case(name, attack, memory, limits or {}, open_to_all, (attack.__doc__ or "").strip())
        return attack
    return register


class Unexpected(Exception):
    """The server did not defend itself as it should have."""


def expect(condition, text):
    if not condition:
        raise Unexpected(text)


class Clock:
    def __init__(self, seconds, full):
        self.end = time.monotonic() + seconds
        self.full = full  # false where only the way of an attack is wanted, not its mass

    def running(self):
        return time.monotonic() < self.end

    def left(self):
        return max(self.end - time.monotonic(), 0.0)


def die_with_parent():
    """A paused process whose parent is gone would stay for ever."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Attacker:
    """A child process that attacks; it and its children are paused most of the time."""

    def __init__(self, one, target, seconds, core, quick):
        self._mine, theirs = multiprocessing.Pipe(duplex=False)
        self._process = multiprocessing.get_context("fork").Process(
            target=self._run, args=(one, target, seconds, not quick, core, theirs), daemon=True)
        self._seconds = seconds
        self._throttle = threading.Thread(target=self._pause_and_continue, daemon=True)

    def start(self):
        self._process.start()
        self._throttle.start()

    @staticmethod
    def _run(one, target, seconds, full, core, pipe):
        os.setpgid(0, 0)
        die_with_parent()
        os.sched_setaffinity(0, {core})
        try:
            pipe.send((True, one.attack(target, Clock(seconds, full))))
        except Unexpected as surprise:
            pipe.send((False, str(surprise)))
        except Exception as error:  # a case that is broken must fail as well
            pipe.send((False, f"{type(error).__name__}: {error}"))

    def _signal(self, what):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, what)

    def _pause_and_continue(self):
        while self._process.exitcode is None:
            time.sleep(RUN)
            self._signal(signal.SIGSTOP)
            time.sleep(STOP)
            self._signal(signal.SIGCONT)

    def result(self):
        """(True, what the attack got) or (False, why the case has failed)."""
        try:
            if not self._mine.poll(self._seconds + PATIENCE):
                return False, f"the attack has not ended {PATIENCE} s after its time"
            return self._mine.recv()
        except EOFError:
            return False, "the attacking process died"

    def kill(self):
        """Ends it and whatever it has started."""
        if self._process.pid is None:
            return
        self._signal(signal.SIGKILL)
        self._process.join()
        self._throttle.join()
