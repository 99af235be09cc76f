"""The warm process itself: ``python -m cxlib.batch._forkserver FD``."""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import select
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from cxlib.batch import confine
from cxlib.data.apart import limit_memory

_LIBRARIES = """
numpy pandas pandas.core.methods.to_dict scipy.stats duckdb pandera ruamel.yaml python_calamine
babel.messages.pofile babel.numbers resource multiprocessing.connection
matplotlib.figure matplotlib.pyplot matplotlib.backends.backend_agg
matplotlib.backends.backend_svg statsmodels.tsa.tsatools IPython.core.oinspect encodings.utf_8_sig
matplotlib_inline.backend_inline ipykernel.kernelapp ipykernel.ipkernel ipykernel.debugger
IPython.core.completerlib IPython.core.debugger IPython.core.logger IPython.extensions.storemagic
papermill papermill.engines nbclient nbformat.v4 nbconvert mistune
jupyter_client.manager tornado.platform.asyncio zmq.utils.garbage
"""
"""What jobs import sooner or later; it costs time here once instead of in each of them."""

_NOT_FOR_JOBS = ("__main__", "/_kit/", "/cli/", "/demo/", "/learn/", "/draft", "/console", "/_fork")
_LEFT_OUT = (
    *("rfc3987_syntax", "rfc3986_validator", "ipywidgets", "hypothesis", "isoduration"),
    *("formulaic", "narwhals", "debugpy"),
)
"""Optional libraries of libraries that no job needs: seconds, for grammars, sliders, debuggers."""


def preload() -> None:
    """Import all that jobs need, and do once what every job would do first."""
    import cxlib

    kit = Path(cxlib.__file__).parent
    files = (path.relative_to(kit.parent).as_posix() for path in sorted(kit.rglob("*.py")))
    own = [file for file in files if not any(part in file for part in _NOT_FOR_JOBS)]
    gc.disable()  # nothing of this is garbage: collecting among it costs a tenth of the time
    with _left_out():
        for name in (*_LIBRARIES.split(), *own):
            with contextlib.suppress(ImportError):
                import_module(name.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
        _rehearse()  # which imports, too
    gc.freeze()  # nor is it looked at again, here or in what is forked
    gc.enable()


@contextlib.contextmanager
def _left_out() -> Iterator[None]:
    """Let some optional libraries be missing while others are imported."""
    absent = [name for name in _LEFT_OUT if name not in sys.modules]
    for name in absent:
        sys.modules[name] = None  # type: ignore[assignment]  # importing it raises ImportError
    try:
        yield
    finally:
        for name in absent:
            sys.modules.pop(name, None)


def _rehearse() -> None:
    """Fill what is slow to fill: digest, connection, fonts, templates, schema, catalogues."""
    import io

    import nbformat
    import pandas as pd
    import pandera.pandas as pa
    from matplotlib.figure import Figure

    from cxlib.batch.kernel import application
    from cxlib.data import store
    from cxlib.plots import theme
    from cxlib.report.handbook import entries
    from cxlib.report.html import Cover, render
    from cxlib.words import LANGUAGES, Words
    from cxlib.workspace import kit_digest

    kit_digest()
    application()
    store.own_connection()
    if threads() != 1:  # a DuckDB that cannot do without: each process opens its own
        store.own_connection.cache_clear()
    with theme.applied():
        figure = Figure(figsize=(2, 1))
        figure.subplots().set_title("Aa 字 −1")
        figure.savefig(io.BytesIO(), format="png", bbox_inches="tight")
    theme.make_ahead(8, ticks=12)
    pa.DataFrameSchema({"a": pa.Column(int)}).validate(pd.DataFrame({"a": [1]}))
    text = "# A\n\nb *c* **d** `e` [f](g)\n\n1. h\n\n- i\n\n|j|\n|-|\n|k|\n"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text)])
    nbformat.validate(notebook)
    for language in LANGUAGES:
        words = Words.load(language)
        entries(language)
        render(notebook, words=words, cover=Cover(client="", period="", confidential=""))


def threads() -> int:
    """Return how many threads this process has, those of libraries included where that is told."""
    tasks = Path("/proc/self/task")
    return len(list(tasks.iterdir())) if tasks.is_dir() else threading.active_count()


def main() -> None:
    """Get warm, say so, and fork for every socket that comes, until the control line closes."""
    control = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    preload()
    if threads() != 1:
        print(f"cx: a library started {threads() - 1} thread(s); not forking.", file=sys.stderr)
        sys.exit(1)
    gc.set_threshold(20_000, 20, 20)  # jobs are short: a fifth of drawing was looking for garbage
    confine.adopt_orphans()
    children: set[int] = set()
    wake, woken = socket.socketpair()
    for end in (wake, woken):
        end.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
    try:
        control.sendall(b"r")
        while True:
            ready, _w, _x = select.select([control, woken], [], [], 1.0)
            if woken in ready:
                with contextlib.suppress(BlockingIOError):
                    woken.recv(4096)
            _reap(children)
            if control in ready:
                said, handles, _flags, _address = socket.recv_fds(control, 1, 1)
                if not said:
                    break
                children.add(_fork(handles[0], (control, wake, woken)))
    finally:
        for pid in children:
            _end_group(pid)
        confine.end_offspring()
        os._exit(0)  # libraries have nothing to say at the end of a process that only forked


def _reap(children: set[int]) -> None:
    """Bury the children that ended, and end what they left running, wherever it hid."""
    ended = False
    while True:
        try:
            pid, _status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            break
        if not pid:
            break
        if pid in children:
            children.discard(pid)
            _end_group(pid)
            ended = True
    if ended:
        confine.end_offspring(spare=children)


def _end_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _fork(handle: int, mine: tuple[socket.socket, ...]) -> int:
    parent = os.getpid()
    pid = os.fork()
    if pid:
        with contextlib.suppress(PermissionError, ProcessLookupError):
            os.setpgid(pid, pid)
        os.close(handle)
        return pid
    try:
        os.setpgid(0, 0)
        confine.die_with_parent(parent)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for end in mine:
            end.close()
        _answer(Connection(handle))
    finally:
        os._exit(0)


def _answer(line: Connection[Any, Any]) -> None:
    """Do what the line asks, once, and leave nothing running."""
    from cxlib.batch import work

    confine.adopt_orphans()
    function, arguments, environ = pickle.loads(line.recv_bytes())
    os.environ.update(environ)
    if function is work.work:
        from cxlib.batch.provision import ForkedKernel

        work.confine_worker(*arguments)
        work.KERNEL = ForkedKernel(closing=line.fileno())
        limit_memory(arguments[2].memory)  # of what the notebook prints, this process's own
    line.send_bytes(str(os.getpid()).encode("ascii"))
    try:
        answer: tuple[bool, Any] = (True, function(*arguments))
    except BaseException as error:  # noqa: BLE001 - it is raised again where it was asked for
        answer = (False, _portable(error))
    confine.end_offspring()
    line.send_bytes(pickle.dumps(answer))


def _portable(error: BaseException) -> BaseException:
    """Return an error that can travel."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # noqa: BLE001 - whatever it is, its text can travel
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


if __name__ == "__main__":
    main()
