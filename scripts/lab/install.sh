# Functions that install what the lab and the tests run on: nothing global but Debian packages, and those only as root.
# Sourced by scripts/quickstart and scripts/test, in the repository's directory.

AZURITE=3.35.0   # later ones need node 22

say() { printf '==> %s\n' "$*" >&2; }

# Make .venv with this package, its dependencies and the named dependency group; again only when pyproject.toml changed.
# The group dev holds the others.
install_python() {
  local group=$1 python=${PYTHON:-python3} version
  if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    say "Python 3.11 or newer is needed: install it, or name it as in PYTHON=/usr/bin/python3.12 $0"
    return 1
  fi
  version=$(cksum <pyproject.toml)
  case "$(cat .venv/installed 2>/dev/null)" in "$group $version" | "dev $version") return ;; esac
  say "installing drcheck into .venv"
  if ! "$python" -m venv .venv >.lab/venv.log 2>&1; then
    # Debian keeps a part of the standard library in a package of its own
    apt_install python3-venv && "$python" -m venv .venv >.lab/venv.log 2>&1 || {
      cat .lab/venv.log >&2
      say "no virtual environment can be made: apt-get install python3-venv"
      return 1
    }
  fi
  # dependency groups need a recent pip
  local pip=(.venv/bin/python -m pip --disable-pip-version-check install)
  "${pip[@]}" --upgrade 'pip>=25.1' >.lab/pip.log 2>&1 &&
    "${pip[@]}" --editable . --group "$group" >>.lab/pip.log 2>&1 || {
    tail -n 20 .lab/pip.log >&2
    say "drcheck's dependencies cannot be installed (.lab/pip.log)"
    return 1
  }
  printf '%s' "$group $version" >.venv/installed
}

# Have sshd, or fail. As root the package is installed, and its service is not started.
install_sshd() {
  [ -x "$(PATH=$PATH:/usr/sbin command -v sshd)" ] && return
  say "installing openssh-server (its service is not started)"
  apt_install openssh-server
}

# Have the tools whose files the tests recognise, or fail; only those that are missing are installed.
install_backup_tools() {
  local tool missing=()
  for tool in age:age gpg:gpg gpg-agent:gpg-agent restic:restic borg:borgbackup zip:zip 7zz:7zip \
    cryptsetup:cryptsetup-bin openssl:openssl; do
    PATH=$PATH:/usr/sbin:/sbin command -v "${tool%%:*}" >/dev/null || missing+=("${tool#*:}")
  done
  [ "${#missing[@]}" = 0 ] && return
  say "installing ${missing[*]}"
  apt_install "${missing[@]}" || {
    say "the tests need tools that could not be installed: as root, apt-get install ${missing[*]} (.lab/apt.log)"
    return 1
  }
}

# Have Azurite in .lab, or fail.
install_azurite() {
  [ "$(cat .lab/node_modules/installed 2>/dev/null)" = "$AZURITE" ] && return
  [ -n "${DRCHECK_LAB_TOOLS:-}" ] && [ -x "$DRCHECK_LAB_TOOLS/azurite-blob" ] && return
  command -v npm >/dev/null || return 1
  say "installing Azurite into .lab"
  npm install --prefix .lab --no-audit --no-fund --no-save --loglevel=error "azurite@$AZURITE" >.lab/npm.log 2>&1 &&
    printf '%s' "$AZURITE" >.lab/node_modules/installed
}

# Install Debian packages as root, without questions, recommendations or services; fail where we are not root.
apt_install() {
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
  {
    apt-get update -q
    # single-user mode, so that no service is started
    RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@"
  } >.lab/apt.log 2>&1
}
