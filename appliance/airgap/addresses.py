"""Where addresses lead, for the seal, which holds a process to addresses and not to names."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit


def addresses_of(urls: Iterable[str]) -> list[tuple[str, int]] | None:
    """(IP address, port) of each; loopback's name needs none. None if one of them is a name, which takes lookups to resolve."""
    addresses = []
    for url in map(urlsplit, urls):
        try:
            address = ipaddress.ip_address(url.hostname or "")
        except ValueError:
            if url.hostname != "localhost":
                return None
        else:
            addresses.append((str(address), url.port or (443 if url.scheme == "https" else 80)))
    return addresses
