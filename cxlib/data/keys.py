"""The data room: pseudonyms of respondents, members and staff, under one secret key a client."""

from __future__ import annotations

import contextlib
import hmac
import os
import re
import secrets
import stat
import tempfile
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cxlib.errors import SetupError
from cxlib.workspace import Workspace, check_client_name

if TYPE_CHECKING:
    import pandas as pd

CUSTOMER, AGENT, TICKET, ORDER, COMMENT = "customer", "agent", "ticket", "order", "comment"
"""Domains: one id has one pseudonym within a domain, and unrelated ones across domains, so that
respondents, members and callers join, and a member and an agent with one number do not."""

_BYTES = 32
_KEPT = 32
"""Hex digits kept of an HMAC-SHA256: 128 bits, so no two of a billion ids meet by chance."""
_WHOLE = re.compile(r"(0|[1-9]\d*)\.0+")


@dataclass(frozen=True)
class Key:
    """The secret of one client: 32 random bytes."""

    client: str
    secret: bytes = field(repr=False)

    @property
    def id(self) -> str:
        """The key's name, which tells nothing about it: it enters fingerprints, the key nothing."""
        return hmac.digest(self.secret, b"cx key id", "sha256").hex()[:16]

    def _hmac(self, text: str) -> bytes:
        mac = _begun(self.secret).copy()
        mac.update(text.encode("utf-8"))
        return mac.digest()

    def digest(self, name: str) -> bytes:
        """Return eight bytes by which an id is known again, and which do not tell it."""
        return self._hmac(f"gate\x1f{name}")[:8]

    def pseudonyms(self, ids: pd.Series, domain: str) -> pd.Series:
        """Return the pseudonym of each id in a domain: 32 hex digits of an HMAC-SHA256.

        Ids are canonicalised first; missing where there is none.
        """
        import numpy as np
        import pandas as pd

        names = canonical(ids)
        codes, unique = pd.factorize(names)
        prefix = f"{self.client}\x1f{domain}\x1f"
        digests = [self._hmac(prefix + name).hex()[:_KEPT] for name in unique.tolist()]
        hidden = np.array([*digests, None], dtype=object)[codes]
        return pd.Series(hidden, index=ids.index, name=ids.name, dtype="str")


@lru_cache(maxsize=1)
def _begun(secret: bytes) -> hmac.HMAC:
    """Return an HMAC that has taken in its key, once for millions of ids."""
    return hmac.new(secret, digestmod="sha256")


def canonical(ids: pd.Series) -> pd.Series:
    """Return ids in the one form in which they are compared; missing where one is blank.

    Full-width characters become plain, blanks around are cut, ``12.0`` becomes ``12``, e-mail
    addresses lose their case; ``007`` stays as it is, and so does the case of other ids.
    """
    import numpy as np
    import pandas as pd

    codes, unique = pd.factorize(ids.astype("str"))
    forms = np.array([*map(canonical_id, unique.tolist()), None], dtype=object)[codes]
    return pd.Series(forms, index=ids.index, name=ids.name, dtype="str")


def canonical_id(text: str) -> str | None:
    """Return one id in that form; None for a blank one."""
    if text.isascii() and text.isalnum():
        return text
    name = unicodedata.normalize("NFKC", text).strip()
    whole = _WHOLE.fullmatch(name)
    if whole:
        return whole[1]
    return (name.casefold() if "@" in name else name) or None


def key_file(client: str, workspace: Workspace, *, demo: bool = False) -> Path:
    """Return where a client's key lies.

    Of a demo client ``data/<client>/demo.key``, beside its data; else what ``CX_KEY_FILE`` names,
    else a file in the user's own configuration folder.
    """
    name = check_client_name(client)
    if demo:
        return workspace.data(name) / "demo.key"
    named = os.environ.get("CX_KEY_FILE")
    if named:
        return Path(named).expanduser().absolute()
    import platformdirs

    return Path(platformdirs.user_config_dir("cx", appauthor=False)) / "keys" / f"{name}.key"


def open_key(client: str, workspace: Workspace, *, demo: bool = False) -> Key:
    """Return a client's key; at its first ingest, and only then, make one.

    `SetupError` if it is missing though tables were made with it, or is no key, or can be read by
    others: a key is never made anew, since every pseudonym would change.
    """
    path = key_file(client, workspace, demo=demo)
    if not path.is_file():
        if demo:
            raise SetupError(
                f"the key of the demo client {client!r}, {workspace.shown(path)}, is missing; "
                "`python -m cxlib.data.demo` rebuilds it."
            )
        if workspace.tables(client).exists():
            raise SetupError(
                f"the key of {client!r}, {path}, is missing, and its tables were made with it; put "
                "the file back or name it in CX_KEY_FILE. To begin anew, with new pseudonyms, "
                f"delete {workspace.shown(workspace.state(client))}."
            )
        _make(path)
    return Key(client, _secret(path, private=not demo and "CX_KEY_FILE" not in os.environ))


def _make(path: Path, secret: bytes | None = None) -> None:
    """Write a key, new or given, whole or not at all; of two processes that try, one wins."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".key-")  # mode 0600
        try:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write((secret or secrets.token_bytes(_BYTES)).hex() + "\n")
                file.flush()
                os.fsync(file.fileno())
            with contextlib.suppress(FileExistsError):
                os.link(name, path)
        finally:
            Path(name).unlink()
    except OSError as error:
        raise SetupError(
            f"the key {path} cannot be written ({error.strerror}); set CX_KEY_FILE to a file in a "
            "folder of yours."
        ) from None


SHORTEST = 6
"""Ids of fewer characters are found by chance in any report, and tell nobody apart."""


def id_digests(key: Key, columns: Iterable[pd.Series]) -> bytes:
    """Return keyed digests of raw ids, sorted, by which a job's outputs are searched for them.

    Whole numbers so dense that any figure would be one of them are left out.
    """
    import numpy as np

    found: dict[
        int, list[np.ndarray[Any, Any]]
    ] = {}  # by the length of whole numbers, 0 for others
    for ids in columns:
        names = [
            name for name in canonical(ids).dropna().unique().tolist() if len(name) >= SHORTEST
        ]
        lengths = np.array([len(name) if name.isdecimal() else 0 for name in names], dtype="int64")
        digests = np.frombuffer(b"".join(map(key.digest, names)), dtype=">u8")
        for length in np.unique(lengths):
            found.setdefault(int(length), []).append(digests[lengths == length])
    distinct = {length: np.unique(np.concatenate(parts)) for length, parts in found.items()}
    kept = [d for n, d in distinct.items() if not n or len(d) * 1000 <= 9 * 10 ** (n - 1)]
    # concatenating turns the bytes to the machine's order: back to that in which they are searched
    return np.unique(np.concatenate(kept)).astype(">u8").tobytes() if kept else b""


def export_key(client: str, workspace: Workspace, target: Path) -> None:
    """Copy a client's key to a new file that only its user can read; never over another."""
    path = key_file(client, workspace)
    if not path.is_file():
        from cxlib.params import load

        if load(client, workspace).demo:
            public = workspace.shown(key_file(client, workspace, demo=True))
            raise SetupError(
                f"{client!r} is a demo client: its key is the public one beside its data, "
                f"{public}; there is nothing to hand over."
            )
        raise SetupError(f"{client!r} has no key yet; its first run makes one.")
    secret = _secret(path, private=False)
    if target.exists():
        raise SetupError(f"{target} is there already; nothing was written.")
    _make(target, secret)


def import_key(client: str, workspace: Workspace, source: Path) -> None:
    """Take a key that was exported elsewhere as this client's, unless it has another one here."""
    secret = _secret(source, private=False)
    path = key_file(client, workspace)
    if path.is_file() and _secret(path, private=False) != secret:
        raise SetupError(
            f"{client!r} has another key here, {path}; export that one if it is still needed, "
            "delete it, and import again."
        )
    if not path.is_file():
        _make(path, secret)


def _secret(path: Path, *, private: bool) -> bytes:
    try:
        text = path.read_bytes().strip()
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        raise SetupError(f"the key {path} cannot be read: {error.strerror}.") from None
    if private and os.name == "posix" and mode & 0o077:
        raise SetupError(f"others can read the key {path}; run `chmod 600` on it.")
    if not re.fullmatch(rb"[0-9a-fA-F]{64}", text):
        raise SetupError(f"{path} is no key: it must hold 64 hexadecimal digits and nothing else.")
    return bytes.fromhex(text.decode("ascii"))
