"""The client file: typed, closed models of ``params/<client>.yaml``; faults name file and line."""

from cxlib.params._load import load
from cxlib.params.client import Client
from cxlib.params.faults import Fault, InvalidParams

__all__ = ["Client", "Fault", "InvalidParams", "load"]
