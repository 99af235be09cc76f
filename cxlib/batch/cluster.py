"""Run room: a Dask cluster in the place of this machine's processes."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

from cxlib.errors import RunError

ATTEMPTS = 3
"""How often a job goes to another worker when its own is gone."""

PATIENCE = "20s"
"""How long a scheduler may take to answer."""


@contextmanager
def cluster(address: str) -> Iterator[tuple[Executor, int]]:
    """Connect to a Dask scheduler.

    Parameters
    ----------
    address : str
        ``tcp://host:8786``.

    Yields
    ------
    Executor, int
        The same interface as a local pool's, and how many jobs the cluster runs at once.

    Raises
    ------
    RunError
        If the extra is missing, the scheduler does not answer, or it has no workers.
    """
    try:
        from distributed import Client
    except ImportError:
        raise RunError("--dask needs the extra: pip install 'cxlib[dask]'.") from None
    try:
        client = Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise RunError(f"no Dask scheduler answers at {address} ({error}).") from None
    with client:
        slots = sum(client.ncores().values())
        if not slots:
            raise RunError(f"the Dask scheduler at {address} has no workers; start some first.")
        yield client.get_executor(retries=ATTEMPTS), slots
