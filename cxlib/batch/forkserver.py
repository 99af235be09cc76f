"""The fork server, one warm process that forks others; jobs and intakes run in those.

It imports the libraries once and stays single-threaded. A request is a socket handed to it; it
forks a child that speaks over that socket, and when the child ends, it ends all that came of it.
When whoever started the server ends, even by ``kill -9``, the server ends with all.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from typing import Any

from cxlib.batch.kernel import environment
from cxlib.errors import RunError

START_SECONDS = 120.0
"""Importing everything takes about three; a minute on a cold network disk."""


STOPPED = "the run was stopped"


class DiedError(Exception):
    """A forked process ended before it gave its answer."""


class TimedOutError(Exception):
    """A forked process was stopped since it took too long."""


class ForkServer:
    """The warm process, and the way to run functions in children of it; safe between threads.

    It starts in the background when made; the first call waits for it. If it dies, it is started
    anew, and what ran in it has died.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._closed = False
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._ready = False
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the server
        with self._lock:
            self._start()

    @property
    def closed(self) -> bool:
        """Whether it was told to end."""
        return self._closed

    @property
    def pid(self) -> int:
        """Process id of the warm process."""
        return self._process.pid if self._process else 0

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "cxlib.batch._forkserver", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._log,
                env=environment(),
                start_new_session=True,
            )
        self._control, self._ready = ours, False
        return ours

    def _send(self, end: socket.socket) -> None:
        """Hand over a socket, for which a child is forked; start the server if it is gone."""
        with self._lock:
            for _attempt in range(3):
                if self._closed:
                    raise DiedError(STOPPED)
                try:
                    control = self._control or self._start()
                    if not self._ready:
                        control.settimeout(START_SECONDS)
                        if control.recv(1) != b"r":
                            raise ConnectionError
                        control.settimeout(None)
                        self._ready = True
                    socket.send_fds(control, [b"f"], [end.fileno()])
                except OSError:
                    self._bury()
                else:
                    return
            self._log.seek(0)
            lines = self._log.read().decode("utf-8", "replace").strip().splitlines()
            last = lines[-1] if lines else "it ended without a word"
            raise RunError(f"no warm process: {last}; try `cx run --cold`.")

    def _bury(self) -> None:
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def call(
        self,
        function: Callable[..., Any],
        *arguments: Any,
        timeout: float | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> Any:
        """Run a module's function in a fresh child, and return what it returns, or raise.

        `environ` is added to the child's environment; after `timeout` seconds it is killed.
        DiedError if the child ended before it answered, TimedOutError if it took too long.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                self._send(theirs)
            except BaseException:
                ours.close()
                raise
        line = Connection(ours.detach())
        try:
            line.send_bytes(pickle.dumps((function, arguments, dict(environ or {}))))
            pid = int(line.recv_bytes())
            if not line.poll(timeout):
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
                raise TimedOutError(f"stopped after {timeout:.0f} s")
            good, answer = pickle.loads(line.recv_bytes())
        except (EOFError, OSError) as error:
            if self._closed:
                raise DiedError(STOPPED) from error
            raise DiedError("its process was killed or crashed") from error
        finally:
            line.close()
        if good:
            return answer
        raise answer

    def close(self) -> None:
        """End the server and everything that runs in it."""
        self._closed = True
        control, process = self._control, self._process
        if control is not None:
            with contextlib.suppress(OSError):
                control.shutdown(socket.SHUT_RDWR)
        if process is not None:
            if not self._ready:  # it is still getting warm, for nothing: nothing was forked from it
                process.kill()
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        with self._lock:
            self._bury()
            self._log.close()


def can_fork() -> bool:
    """Return whether warm kernels are to be had here: Linux, or another Unix that asks for them."""
    if not hasattr(os, "fork") or not hasattr(socket, "send_fds"):
        return False
    return sys.platform.startswith("linux") or os.environ.get("CX_WARM") == "1"


_lock = threading.Lock()
_server: list[ForkServer] = []
_stopped = threading.Event()


def fork_server() -> ForkServer:
    """Return this process's fork server, started at the first call; DiedError in a stopped run."""
    from cxlib.batch.state import sweep

    with _lock:
        if _stopped.is_set():
            raise DiedError(STOPPED)
        if not _server or _server[0].closed:
            sweep()
            _server[:] = [ForkServer()]
        return _server[0]


def stop_fork_server() -> None:
    """End this process's fork server, with every job; none starts until `allow_fork_server`."""
    _stopped.set()
    if _server:
        _server[0].close()


def allow_fork_server() -> None:
    """Let a fork server be started again: new work begins."""
    _stopped.clear()
