"""Runs a command whose whole process tree can reach nothing but this machine, and counts what tried to.

A seccomp filter is installed before the command starts. Every child, thread and static binary inherits it, none can
take it off, and it needs no root. The kernel stops each call that names a destination and asks a thread of ours
(user notification). Loopback, unix and netlink sockets and `allow` go through; everything else is answered "network
unreachable" and counted. If we are killed, the kernel answers ENOSYS in our place: the tree stays sealed.

Refused and counted: connect, sendto, sendmsg and sendmmsg to any other address. This includes a UDP connect that only
asks for the machine's own address, which sends nothing. Name lookups count as port 53, also at a resolver on loopback,
since that one would ask the next; name-service daemons on unix sockets are hidden so that lookups take that road.
Sockets of other families (packet, vsock) and SCTP are refused and counted when they are made.
Refused without counting: io_uring (it makes these calls where no filter sees them). A 32-bit program is killed (SIGSYS).

What this is not: a jail. It stops accidents, telemetry and forgotten downloads, and shows whether any were tried.
- A hostile program with threads can change the address between our look and the kernel's. Connecting on its behalf
  would close that for connect only: sendmsg and unix sockets (whose peer must see the program's own credentials) would
  stay open, so it is not done. Against hostile code add a network namespace or a firewall rule.
- An unsealed local service may act for the program: a proxy on loopback, Docker's socket, the session bus.
- Listening is allowed, so another machine may connect in and be answered.
- Devices that send without sockets (RDMA) are not seen.
- What the command leaves running at its end stays sealed, but every notified call, to loopback too, gets ENOSYS.
- Under Yama's `ptrace_scope=1` a process whose parent has died cannot be read by us: its calls are refused and
  counted as "unreadable", loopback included.
- A signal in the microseconds before our look makes the call return EINTR, uncounted, unless the program's handler
  restarts calls (SA_RESTART). Programs that take EINTR from connect for "under way" then find no connection.
- A sealed tree cannot be sealed again, and cannot run its own seccomp supervisor (one listener a process).
"""

from appliance.airgap.go_sealed import go_sealed
from appliance.airgap.kernel import SealError
from appliance.airgap.sealed import Attempt, SealedProcess, SealedResult, available, run_sealed

__all__ = ["Attempt", "SealError", "SealedProcess", "SealedResult", "available", "go_sealed", "run_sealed"]
