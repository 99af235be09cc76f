"""Demo clients: synthetic raw files with planted truth, rebuilt byte for byte from their seeds."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from pathlib import Path
from types import ModuleType

from cxlib.workspace import kit_file

KEY_FILE = "demo.key"
CLIENTS = ("harbour-hotels", "lakeside-bank", "nova-mall")


def demo_key(client: str) -> bytes:
    """Return the public key of a demo client: 32 bytes that anybody can work out."""
    return hashlib.sha256(f"cxlib demo client {client}: this key is public".encode()).digest()


def build(root: Path, clients: Collection[str] = CLIENTS) -> list[Path]:
    """Write the raw files and the public keys of demo clients under ``root/data``; return them all.

    Files of the same names are replaced. The client files in ``params/`` are written by hand.
    """
    from cxlib.data.demo import _needs, _tools, _training, _visits, harbour, lakeside, nova

    registers: dict[str, dict[str, ModuleType | None]] = {  # drawn by a module, else by hand
        "harbour-hotels": {"actions": None, "visits": _visits},
        "lakeside-bank": {"actions": None, "needs": _needs, "tools": _tools, "obligations": None},
        "nova-mall": {"actions": None, "obligations": None, "training": _training},
    }
    written = []
    for client, module in zip(CLIENTS, (harbour, lakeside, nova), strict=True):
        if client not in clients:
            continue
        folder = root / "data" / client
        (folder / "registers").mkdir(parents=True, exist_ok=True)
        key = folder / KEY_FILE
        key.write_bytes(demo_key(client).hex().encode("ascii") + b"\n")
        written += [key, *module.build(folder)]
        for name, drawn in registers[client].items():
            path = folder / "registers" / f"{name}.yaml"
            kept = kit_file("data") / path.relative_to(root / "data")
            path.write_bytes(drawn.register().encode("utf-8") if drawn else kept.read_bytes())
            written.append(path)
    return written
