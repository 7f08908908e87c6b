"""Which addresses a connection may lead to, and finding them in time.

A setting names a host, and whoever owns its name decides where it leads. So every address of the
host is judged after it was resolved, and the connection goes to the judged address itself.
"""

import ipaddress
import socket
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from switchboard.domain.deadline import Deadline
from switchboard.errors import Misconfigured

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Found = tuple[int, int, int, str, Any]

# Only this part of IPv6 is given out for use between networks. Source: RFC 4291, 2.4 and IANA.
_GLOBAL_UNICAST: Final = ipaddress.ip_network("2000::/3")
# The IPv4 address in the last 32 bits is where a packet ends up. Source: RFC 4291, RFC 6052.
_MAPPED: Final = ipaddress.ip_network("::ffff:0:0/96")
_TRANSLATED: Final = ipaddress.ip_network("64:ff9b::/96")
# They lead through relays to an IPv4 address inside them; no CRM lives there, an attack may.
_TUNNELS: Final = tuple(
    ipaddress.ip_network(text) for text in ("2002::/16", "2001::/32", "192.88.99.0/24")
)
# Python 3.11 and 3.12 do not know this one yet. Source: RFC 9637.
_DOCUMENTATION: Final = ipaddress.ip_network("3fff::/20")
# Credentials of the machine itself are handed out here: no setting opens these.
_METADATA: Final = tuple(
    ipaddress.ip_network(text) for text in ("169.254.0.0/16", "fe80::/10", "fd00:ec2::/32")
)
_MAY_BE_OPENED: Final = tuple(
    ipaddress.ip_network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
)
# A resolver that hangs keeps its thread for as long as the system lets it; not more than these.
_LOOKUPS_AT_ONCE: Final = threading.BoundedSemaphore(32)


class ForbiddenAddressError(Exception):
    """The host leads where no connection may go. `kind` says what is there."""

    def __init__(self, host: str, kind: str) -> None:
        super().__init__(f"{kind} address")
        self.host = host
        self.kind = kind


@dataclass(frozen=True, slots=True)
class AddressRules:
    """Public addresses, and what the deployment opens beside them. A connector file opens none."""

    allow_loopback: bool = False
    private_networks: tuple[Network, ...] = ()

    def forbidden_kind(self, address: str) -> str | None:
        """What is wrong with an address; None when connections may go there."""
        target = _target(address)
        if _is_in(target, _METADATA):
            return "link-local or metadata"
        if target.is_loopback:
            return None if self.allow_loopback else "loopback"
        if _is_in(target, self.private_networks) or _is_public(target):
            return None
        return "private" if _is_in(target, _MAY_BE_OPENED) else "reserved"


def private_networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """The networks that a deployment opens for CRMs inside them.

    Raises: Misconfigured for anything that is no private network.
    """
    return tuple(_private_network(text) for text in texts)


def addresses_of(
    host: str, port: int | None, *, rules: AddressRules, until: Deadline
) -> Sequence[Found]:
    """Every address of a host, resolved once, and each of them one that the rules allow.

    Raises: ForbiddenAddressError when one is not: such a name is no CRM's, whatever else it
    answers. TimeoutError when there is no answer in time; OSError when there is no such host.
    """
    found = system_lookup(host, port) if _is_literal(host) else _bounded(host, port, until)
    for *_, address in found:
        if kind := rules.forbidden_kind(str(address[0])):
            raise ForbiddenAddressError(host, kind)
    return found


@dataclass(slots=True)
class _Lookup:
    """A call of the system's resolver, which cannot be given a deadline, in a thread of its own."""

    host: str
    port: int | None
    slots: threading.Semaphore
    done: threading.Event = field(default_factory=threading.Event)
    found: Sequence[Found] = ()
    failure: Exception | None = None

    def run(self) -> None:
        try:
            self.found = system_lookup(self.host, self.port)
        except (OSError, ValueError) as error:
            self.failure = error
        finally:
            self.slots.release()
            self.done.set()


def _bounded(host: str, port: int | None, until: Deadline) -> Sequence[Found]:
    slots = _LOOKUPS_AT_ONCE
    if not slots.acquire(timeout=until.remaining_s):
        raise TimeoutError
    lookup = _Lookup(host, port, slots)
    try:
        threading.Thread(target=lookup.run, name="name resolution", daemon=True).start()
    except RuntimeError:
        slots.release()
        raise OSError("no thread for name resolution") from None
    if not lookup.done.wait(until.remaining_s):
        raise TimeoutError
    if lookup.failure is not None:
        raise OSError("the host has no address") from lookup.failure
    return lookup.found


def system_lookup(host: str, port: int | None) -> Sequence[Found]:
    """What the system's resolver says, however long it takes."""
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _target(text: str) -> Address:
    """The address that is really reached: an IPv4 address may be wrapped in an IPv6 one."""
    address = ipaddress.ip_address(text)
    if _is_in(address, (_MAPPED, _TRANSLATED)):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address) and not _is_in(address, (_GLOBAL_UNICAST,)):
        return False
    hidden = (*_TUNNELS, _DOCUMENTATION)
    return address.is_global and not address.is_multicast and not _is_in(address, hidden)


def _is_in(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)


def _private_network(text: str) -> Network:
    try:
        network = ipaddress.ip_network(text.strip())
    except ValueError:
        raise Misconfigured(
            f"PrivateNetworks: {text.strip()!r} is no network; write it like 10.20.0.0/16"
        ) from None
    if not any(_lies_in(network, private) for private in _MAY_BE_OPENED):
        raise Misconfigured(
            f"PrivateNetworks: {network} is no private network, so it cannot be opened"
        )
    return network


def _lies_in(network: Network, other: Network) -> bool:
    return (
        network.version == other.version
        and network.network_address in other
        and network.broadcast_address in other
    )
