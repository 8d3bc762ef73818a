#!/bin/sh
# All set-up of `make up` (argument: up) and of `make test` (argument: dev) on Debian 12: a virtual environment with
# the Python packages, and by apt only what is missing. Quick when nothing has changed. Exit status 2: the user must act.
set -eu
cd "$(dirname "$0")/.."
what=${1:-up}

say() { printf '%s\n' "$*" >&2; }

apt_install() {
    if [ "$(id -u)" -ne 0 ]; then
        say "Thiếu gói / missing packages: $*"
        say "Chạy lệnh này rồi thử lại / run this, then try again:  sudo apt-get install -y --no-install-recommends $*"
        return 1
    fi
    say "- apt-get install $*"
    export DEBIAN_FRONTEND=noninteractive
    apt-get -o DPkg::Lock::Timeout=300 -qq update
    apt-get -o DPkg::Lock::Timeout=300 -qq install -y --no-install-recommends "$@" >/dev/null
}

# The system's Python must make virtual environments: a plain Debian splits that off.
python=
for candidate in python3 python3.11 python3.12 python3.13; do
    if command -v "$candidate" >/dev/null 2>&1 &&
        "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
[ -n "$python" ] || { apt_install python3 python3-venv || exit 2; python=python3; }
"$python" -c 'import venv, ensurepip' 2>/dev/null || apt_install python3-venv || exit 2

missing=
wanted() { # wanted COMMAND PACKAGE
    command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ] || missing="$missing $2"
}
wanted prometheus prometheus
wanted prometheus-alertmanager prometheus-alertmanager
if [ "$what" = dev ]; then
    wanted chromium chromium
    wanted firefox-esr firefox-esr
    wanted ip iproute2
    wanted ping iputils-ping
    wanted snmpd snmpd
    wanted turnserver coturn
    wanted victoria-metrics victoria-metrics
    wanted snmpget snmp
    # Its programs are outside PATH; a server for the tests is started by them, none by Debian's service.
    [ -n "$(find /usr/lib/postgresql -name initdb 2>/dev/null)" ] || missing="$missing postgresql"
    wanted node nodejs
    wanted npm npm
    # Pages are looked at with Vietnamese letters in them.
    [ -d /usr/share/fonts/truetype/noto ] || missing="$missing fonts-noto-core"
fi
if [ -n "$missing" ]; then
    # shellcheck disable=SC2086
    if ! apt_install $missing; then
        [ "$what" = dev ] && exit 2
        say "Các phần còn lại vẫn chạy / the rest runs without them."
    fi
fi

mkdir -p .make
extras=agent,hub
[ "$what" = dev ] && extras=agent,hub,dev
stamp=.make/venv-$what
fingerprint="$("$python" --version 2>&1) $(cksum < pyproject.toml) $(pwd)"
if [ ! -x .venv/bin/python ] || [ "$(cat "$stamp" 2>/dev/null)" != "$fingerprint" ]; then
    [ -x .venv/bin/python ] || "$python" -m venv .venv
    say "- pip install .[$extras]"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --editable ".[$extras]"
    printf '%s' "$fingerprint" > "$stamp"
fi

# What the hub serves to new nodes: our own wheel, and what the agent needs, for machines like this one.
packages=.make/packages
fingerprint="$fingerprint $(git rev-parse HEAD 2>/dev/null || true)"
if [ "$(cat $packages/stamp 2>/dev/null)" != "$fingerprint" ]; then
    say "- gói cho các máy ở xã / packages for nodes"
    rm -rf $packages build
    mkdir -p $packages
    .venv/bin/python -m pip wheel --quiet --disable-pip-version-check --wheel-dir $packages ".[agent]" pip
    rm -rf build
    printf '%s' "$fingerprint" > $packages/stamp
fi

if [ "$what" = dev ]; then
    node=.make/node
    fingerprint=$(cksum < tests/web/package.json)
    if [ "$(cat $node/stamp 2>/dev/null)" != "$fingerprint" ]; then
        mkdir -p $node
        cp tests/web/package.json $node/
        say "- npm install (typescript, axe-core, puppeteer-core, Chromium 109)"
        npm install --prefix $node --no-audit --no-fund --no-package-lock --loglevel=error >&2
        # The oldest browser that halls still have (Windows 7). Without the libraries beside it, it does not draw.
        rm -rf $node/chromium-109
        mkdir $node/chromium-109
        node -e 'const { readFileSync, writeFileSync } = require("fs"), [from, to] = process.argv.slice(1);
            const unpack = (name) => require("zlib").brotliDecompressSync(readFileSync(`${from}/${name}`));
            writeFileSync(`${to}/chromium`, unpack("chromium.br"), { mode: 0o755 });
            writeFileSync(`${to}/libraries.tar`, unpack("swiftshader.tar.br"));' \
            $node/node_modules/@sparticuz/chromium/bin $node/chromium-109
        tar -xf $node/chromium-109/libraries.tar -C $node/chromium-109
        printf '%s' "$fingerprint" > $node/stamp
    fi
fi
