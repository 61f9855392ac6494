# Functions that install what the lab and the tests run on: nothing global but Debian packages, and those only as root.
# Sourced by scripts/quickstart and scripts/test, in the repository's directory.

say() { printf '==> %s\n' "$*" >&2; }

# Print version and path of one Python for each minor version that requirements/ has wheels for: python3 first, then the
# newest first.
pythons() {
  local minor found told=" "
  for minor in "" .15 .14 .13 .12 .11; do
    for found in "$(command -v "python3$minor")" "${PYENV_ROOT:-$HOME/.pyenv}/versions/3${minor:-.none}".*/bin/python3; do
      # what was found may be nothing, a pattern without a match, or pyenv's stand-in for what is not there
      found=$("$found" -c 'import lzma, sqlite3, ssl, sys, venv
if sys.version_info.releaselevel == "final": print("%d.%d" % sys.version_info[:2], sys.executable)' 2>/dev/null) || continue
      case "${found%% *}" in 3.11 | 3.12 | 3.13 | 3.14 | 3.15) ;; *) continue ;; esac
      case "$told" in *" ${found%% *} "*) continue ;; esac
      told+="${found%% *} "
      printf '%s\n' "$found"
    done
  done
}

# Make .venv with this package and what requirements/GROUP.txt locks; again only when that or pyproject.toml changed.
install_python() {
  local group=$1 python=${PYTHON:-}
  is_installed .venv "requirements/$group.txt" || is_installed .venv requirements/dev.txt && return
  cmp -s requirements/dev.txt .venv/locked && group=dev
  [ -n "$python" ] || read -r _ python < <(pythons) || python=python3
  if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    say "Python 3.11 or newer is needed: install it, or name it as in PYTHON=/usr/bin/python3.12 $0"
    return 1
  fi
  make_venv .venv "$python" "requirements/$group.txt"
}

# Whether the virtual environment VENV holds what the file LOCKED locks. No package registry is asked.
is_installed() {
  [ "$(cat "$1/installed" 2>/dev/null)" = "$(cat pyproject.toml "$2" | cksum)" ]
}

# Make the virtual environment VENV of PYTHON, with this package and what the file LOCKED locks, or fail. Where only
# pyproject.toml changed, only this package is installed again, which asks no package registry either.
make_venv() {
  local venv=$1 python=$2 locked=$3 log=.lab/pip.log
  local pip=("$venv/bin/python" -m pip --disable-pip-version-check)
  say "installing drcheck into $venv"
  if ! cmp -s "$locked" "$venv/locked"; then
    if ! "$python" -m venv --clear "$venv" >.lab/venv.log 2>&1; then
      # Debian keeps a part of the standard library in a package of its own
      apt_install python3-venv && "$python" -m venv --clear "$venv" >.lab/venv.log 2>&1 || {
        cat .lab/venv.log >&2
        say "no virtual environment can be made: apt-get install python3-venv"
        return 1
      }
    fi
    "${pip[@]}" install --retries 10 --require-hashes --requirement "$locked" >"$log" 2>&1 || {
      tail -n 20 "$log" >&2
      say "drcheck's dependencies cannot be installed ($log)"
      return 1
    }
    cp "$locked" "$venv/locked"
  fi
  # The build backend is among what is locked. An editable install of the form "compat" is a plain line in a .pth file;
  # the default one runs a module of its own at the start of every Python of this environment.
  {
    "${pip[@]}" install --no-index --no-deps --no-build-isolation --config-settings editable_mode=compat --editable . &&
      "${pip[@]}" check
  } >"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    say "drcheck cannot be installed ($log): does requirements/ fit pyproject.toml? (scripts/refresh-dependencies --lock)"
    return 1
  }
  cat pyproject.toml "$locked" | cksum >"$venv/installed"
}

# Have sshd, or fail. As root the package is installed, and its service is not started.
install_sshd() {
  [ -x "$(PATH=$PATH:/usr/sbin command -v sshd)" ] && return
  say "installing openssh-server (its service is not started)"
  apt_install openssh-server
}

# Have the tools whose files the tests recognise, Prometheus, and the browser that opens reports, or fail; only those that are missing are installed.
install_tools() {
  local tool missing=()
  for tool in age:age gpg:gpg gpg-agent:gpg-agent restic:restic borg:borgbackup zip:zip 7zz:7zip \
    chromium:chromium cryptsetup:cryptsetup-bin openssl:openssl prometheus:prometheus promtool:prometheus go:golang-go \
    pgbackrest:pgbackrest barman:barman faketime:faketime; do
    PATH=$PATH:/usr/sbin:/sbin command -v "${tool%%:*}" >/dev/null || missing+=("${tool#*:}")
  done
  # what restores dumps for drills; Debian keeps it off the PATH
  compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql)
  # the reference implementation of what proves the ledger: source that the tests build
  [ -d /usr/share/gocode/src/golang.org/x/mod/sumdb ] || missing+=(golang-golang-x-mod-dev)
  [ "${#missing[@]}" = 0 ] && return
  say "installing ${missing[*]}"
  apt_install "${missing[@]}" || {
    say "the tests need tools that could not be installed: as root, apt-get install ${missing[*]} (.lab/apt.log)"
    return 1
  }
}

# Have in .lab/NAME a Python of its own with exactly what requirements/NAME.txt locks, or fail.
install_apart() {
  local name=$1 python log=.lab/$1.log
  cmp -s "requirements/$name.txt" ".lab/$name/locked" && return
  say "installing requirements/$name.txt into .lab/$name"
  read -r _ python < <(pythons)
  {
    "$python" -m venv --clear ".lab/$name" &&
      ".lab/$name/bin/python" -m pip --disable-pip-version-check install --retries 10 --require-hashes \
        --requirement "requirements/$name.txt"
  } >"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    say "what requirements/$name.txt locks cannot be installed ($log)"
    return 1
  }
  cp "requirements/$name.txt" ".lab/$name/locked"
}

# Have NIST's definitions of OSCAL, or fail.
install_oscal() {
  install_apart oscal
}

# Have veraPDF, which runs in Java and needs JAXB beside it, or fail.
install_verapdf() {
  local missing=()
  command -v java >/dev/null || missing+=(default-jre-headless)
  [ -e /usr/share/java/jaxb-runtime.jar ] || missing+=(libjaxb-java)
  if [ "${#missing[@]}" != 0 ]; then
    say "installing ${missing[*]}"
    apt_install "${missing[@]}" || {
      say "the tests need veraPDF, and veraPDF needs: as root, apt-get install ${missing[*]} (.lab/apt.log)"
      return 1
    }
  fi
  install_apart verapdf
}

# Have Azurite in .lab, exactly as scripts/lab/npm locks it, or fail.
install_azurite() {
  local locked
  locked=$(cat scripts/lab/npm/*.json | cksum)
  [ "$(cat .lab/node_modules/installed 2>/dev/null)" = "$locked" ] && return
  [ -n "${DRCHECK_LAB_TOOLS:-}" ] && [ -x "$DRCHECK_LAB_TOOLS/azurite-blob" ] && return
  command -v npm >/dev/null || return 1
  say "installing Azurite into .lab"
  cp scripts/lab/npm/*.json .lab/
  npm ci --prefix .lab --no-audit --no-fund --loglevel=error --fetch-retries=5 >.lab/npm.log 2>&1 &&
    printf '%s' "$locked" >.lab/node_modules/installed
}

# Install Debian packages as root, without questions, recommendations or services; fail where we are not root. Whatever
# version the release of this machine has will do; a list that cannot be renewed may still be good enough.
apt_install() {
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
  local patiently=(-q -o Acquire::Retries=5 -o DPkg::Lock::Timeout=300)
  {
    apt-get "${patiently[@]}" update || true
    # single-user mode, so that no service is started
    RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get "${patiently[@]}" install -y --no-install-recommends "$@"
  } >.lab/apt.log 2>&1
}
