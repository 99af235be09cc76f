"""Kernels for papermill: forked warm, or started cold; nobody else can talk to them."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import time
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.client import KernelClient
from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from jupyter_core.utils import ensure_async
from traitlets import Type

from cxlib.batch.kernel import environment, read_order, serve


class ForkedKernel:
    """A forked process with the libraries loaded, not yet a kernel: it waits for its order.

    Make it while this process has one thread; the order may come later, from any thread. The child
    closes the file descriptor `closing`.
    """

    def __init__(self, *, closing: int) -> None:
        ours, theirs = socket.socketpair()
        self.pid = os.fork()
        if self.pid == 0:
            ours.close()
            os.close(closing)
            _become(theirs)
        theirs.close()
        self._line = ours
        self._status: int | None = None

    def begin(self, order: bytes) -> None:
        """Send the order; the process becomes that kernel."""
        self._line.sendall(order)
        self._line.shutdown(socket.SHUT_WR)

    # What `LocalProvisioner` asks of a `Popen`:
    stdin = stdout = stderr = None

    def poll(self) -> int | None:
        """Return how the process ended, negative for a signal; None while it lives."""
        if self._status is None:
            self._wait(os.WNOHANG)
        return self._status

    def wait(self) -> int:
        """Wait for its end, and return how it ended."""
        if self._status is None:
            self._wait(0)
        return -signal.SIGKILL if self._status is None else self._status

    def _wait(self, options: int) -> None:
        try:
            pid, status = os.waitpid(self.pid, options)
        except ChildProcessError:  # it was ended, and taken note of, with all its job's processes
            self._status = -signal.SIGKILL
            return
        if pid:
            self._status = os.waitstatus_to_exitcode(status)

    def send_signal(self, number: int) -> None:
        """Send a signal, if it lives."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)

    terminate = kill


def _become(line: socket.socket) -> None:
    """Wait for the order, become the kernel; ends the process whatever happens."""
    try:
        told = b""
        while piece := line.recv(65536):
            told += piece
        if told:  # else the job ended before it began
            _watch(line)
            serve(**read_order(told))
    except BaseException:  # noqa: BLE001 - nothing may return into the code that forked
        import traceback

        traceback.print_exc()
    finally:
        os._exit(1)


def _watch(line: socket.socket) -> None:
    """Where the system does not end a kernel with its parent, see to it by polling the parent."""
    if sys.platform.startswith("linux"):
        return
    import threading
    import time

    parent = os.getppid()

    def look() -> None:
        while os.getppid() == parent and line.fileno() >= 0:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=look, daemon=True).start()


class WarmProvisioner(LocalProvisioner):
    """Provides the kernel that was forked for this job, instead of starting Python anew."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Turn the waiting process into the kernel."""
        manager: Any = self.parent
        manager.forked.begin(manager.order())
        self.process = manager.forked
        self.pid = manager.forked.pid
        await self._listening()
        self.pgid = None  # it shares its job's group, which must not be signalled
        self.cwd = kwargs.get("cwd")
        return self.connection_info

    async def _listening(self) -> None:
        """Wait until the kernel's sockets are there: connecting too early costs 0.1 s."""
        manager: Any = self.parent
        sockets = [
            Path(f"{manager.ip}-{getattr(manager, f'{name}_port')}")
            for name in ("shell", "iopub", "control")
        ]
        for _attempt in range(500):
            if all(path.exists() for path in sockets) or manager.forked.poll() is not None:
                return
            await asyncio.sleep(0.004)


class JobKernelClient(AsyncKernelClient):
    """Talks to a job's kernel; knows that it is alone, and so waits for nothing but its answer."""

    async def _async_wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait for the kernel's first answer, on both of its channels.

        The usual client then listens 0.2 s for strays of other clients; there are none here.
        """
        until = time.monotonic() + (timeout or START_SECONDS)
        while time.monotonic() < until:
            self.kernel_info()
            try:
                reply = await ensure_async(self.shell_channel.get_msg(timeout=1))
                if reply["msg_type"] == "kernel_info_reply":
                    await ensure_async(self.iopub_channel.get_msg(timeout=0.2))
                    self._handle_kernel_info_reply(reply)
                    return
            except Empty:
                if not await self._async_is_alive():
                    break
        raise RuntimeError("Kernel died before it was ready")

    wait_for_ready = _async_wait_for_ready


START_SECONDS = 60.0


def _end(process: Any) -> None:
    """End a kernel: where one above it sees to all that it started, by asking that one."""
    if isinstance(process, ForkedKernel) or not sys.platform.startswith("linux"):
        process.kill()
    else:
        process.send_signal(signal.SIGTERM)


class ColdProvisioner(LocalProvisioner):
    """Starts a kernel anew, below a process that ends whatever the kernel started."""

    async def kill(self, restart: bool = False) -> None:
        """End it by a signal that the process above the kernel can act on."""
        if self.process is not None:
            _end(self.process)


class JobKernelManager(AsyncKernelManager):
    """Manages the one kernel of a job; `for_job` makes the class that papermill is handed.

    The line to the kernel is encrypted: the system shows sockets to everybody, keys to nobody.
    """

    client_factory = Type(klass=KernelClient, default_value=JobKernelClient)

    folder: Path
    memory: int
    forked: ForkedKernel | None
    started: JobKernelManager | None = None
    """The manager that papermill made of this class."""
    notebook: Any = None
    """The notebook while it is executed."""

    @classmethod
    def process(cls) -> Any:
        """Return the kernel's process, or the one above it; None before it is started."""
        provisioner: Any = cls.started.provisioner if cls.started else None
        return provisioner.process if provisioner else cls.forked

    @classmethod
    def end_kernel(cls) -> None:
        """Kill the kernel, if it lives."""
        process = cls.process()
        if process is not None:
            _end(process)

    @classmethod
    def for_job(
        cls, folder: Path, *, memory: int, forked: ForkedKernel | None
    ) -> type[JobKernelManager]:
        """Return a manager class for a job; without a forked process its kernel starts cold."""
        return type(
            "JobKernelManager", (cls,), {"folder": folder, "memory": memory, "forked": forked}
        )

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        type(self).started = self
        if hasattr(socket, "AF_UNIX") and sys.platform != "win32":
            self.transport = "ipc"
        self.transport_encryption = "required"
        self.connection_file = str(self.folder.with_name("k") / "c.json")

    @property
    def kernel_spec(self) -> KernelSpec:
        """The kit's own kernel; what is installed in the user's folders plays no part."""
        order = str(self.folder.with_name("k") / "order")
        return KernelSpec(
            argv=[sys.executable, "-P", "-m", "cxlib.batch.kernel", order],
            display_name="cx",
            language="python",
            metadata={"supported_encryption": "curve"},
        )

    def order(self) -> bytes:
        """Return what the kernel is told, as JSON."""
        told = {"connection_file": self.connection_file, "folder": str(self.folder)}
        return json.dumps(told | {"memory": self.memory, "parent": os.getpid()}).encode()

    async def _async_pre_start_kernel(self, **kwargs: Any) -> Any:
        line = self.folder.with_name("k")
        line.mkdir(mode=0o700, exist_ok=True)
        if self.forked is None:
            (line / "order").write_bytes(self.order())
            kwargs |= {"env": environment(self.folder), "cwd": str(self.folder)}
        if self.provisioner is None:
            kind = ColdProvisioner if self.forked is None else WarmProvisioner
            self.provisioner = kind(kernel_id="job", kernel_spec=self.kernel_spec, parent=self)
        return await super()._async_pre_start_kernel(**kwargs)

    def _reconcile_connection_info(self, info: KernelConnectionInfo) -> None:
        """Keep what was written here: the kernel writes that file too, whatever it likes."""

    async def _async_wait(self, pollinterval: float = 0.1) -> None:
        await super()._async_wait(min(pollinterval, 0.004))  # it was killed: it ends at once
