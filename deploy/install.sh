#!/bin/sh
# Installs, upgrades, rolls back and removes Stillhouse on a host without a network. What it does is in installer/,
# which needs nothing but Python 3.11; this file finds one and gives it a clean environment.
#
#   sh install.sh --bundle FILE --prefix DIR --key PUBLIC_KEY [--check] [--json]
#   sh install.sh --help
set -eu
umask 077
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd -P)

for candidate in "${STILLHOUSE_PYTHON:-}" /usr/bin/python3.11 python3.11 python3; do
    [ -n "$candidate" ] || continue
    # The wheels are built for one version of Python, and -S leaves out what the site has added to it.
    if "$candidate" -I -S -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
        # No proxy, index or library setting of the caller reaches what is started here.
        exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 HOME=/nonexistent TMPDIR="${TMPDIR:-/tmp}" \
            "$(command -v "$candidate")" -I -S -B -c \
            'import sys; sys.path.insert(0, sys.argv.pop(1)); from installer.main import main; sys.exit(main(sys.argv[1:]))' \
            "$here" "$@"
    fi
done
echo "stillhouse: Python 3.11 is needed and was not found. Debian 12: apt install python3. RHEL 9: dnf install python3.11. Or set STILLHOUSE_PYTHON to where it is." >&2
exit 1
