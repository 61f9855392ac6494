"""What a drill asks of its target, as fixed shell scripts.

They take what they are about as arguments, and may each be asked again when the connection was lost: nothing is done
twice. What ends is told by symbolic links (``status`` leads to the exit status), which are there whole or not at all,
and need no room on a disk that is full.

They need a Linux host with sh, coreutils or busybox, find, grep, sed and setsid.
"""

from __future__ import annotations

from typing import Final

MARKER: Final = ".drcheck-drill-target"
"""The file in a target's directory that holds the target's id: whoever put it there allows drills below it."""
PREFIX: Final = "drcheck-drill-"
"""How the directories of drills are called, each with the drill's name after it."""

PROBE: Final = f"""
cd -P -- "$1" 2>/dev/null && printf 'directory=%s\\n' "$(pwd -P)" &&
  [ ! -L {MARKER} ] && printf 'marker=%s\\n' "$(head -c 200 {MARKER} 2>/dev/null | tr -d '\\n\\r')"
printf 'machine=%s\\n' "$(head -c 200 /etc/machine-id 2>/dev/null | tr -d '\\n\\r')"
for each in $(hostname -I 2>/dev/null); do printf 'address=%s\\n' "$each"; done
set -- $SSH_CONNECTION; [ -z "$3" ] || printf 'address=%s\\n' "$3"
command -v setsid >/dev/null && printf 'setsid=yes\\n'
df -Pk . 2>/dev/null | (read -r _; read -r _ _ _ free _ && printf 'free=%s\\n' "$free")
exit 0
"""
"""Directory: what the host says of itself, in lines of KEY=VALUE."""

HAVE: Final = """for each; do command -v "$each" >/dev/null 2>&1 || printf '%s\\n' "$each"; done; exit 0"""
"""Programs: which of them are not there."""

MAKE: Final = f"""
umask 077; export LC_ALL=C
cd -P -- "$1" && [ "$(pwd -P)" = "$1" ] || exit 11
[ ! -L {MARKER} ] && [ "$(head -c 200 {MARKER} | tr -d '\\n\\r')" = "$2" ] || exit 12
if [ "$(cat "{PREFIX}$3.owner" 2>/dev/null)" = "$4" ] && [ -d "{PREFIX}$3/env" ]; then exit 0; fi
[ ! -e "{PREFIX}$3" ] && [ ! -L "{PREFIX}$3" ] || [ "$(cat "{PREFIX}$3.owner")" = "$4" ] || exit 13
( set -C; printf '%s\\n' "$4" > "{PREFIX}$3.owner" ) 2>/dev/null || [ "$(cat "{PREFIX}$3.owner")" = "$4" ] || exit 13
mkdir -p -- "{PREFIX}$3/point" "{PREFIX}$3/data" "{PREFIX}$3/steps" "{PREFIX}$3/env" || exit 14
"""
"""Directory, target's id, drill, token: make a fresh directory for the drill."""

VALUES: Final = """
cd -P -- "$1/env" && shift || exit 11
while [ $# -gt 1 ]; do
  head -c "$2" > ../.value; [ "$(wc -c < ../.value)" -eq "$2" ] || exit 16
  mv -f ../.value "./$1" || exit 14; shift 2
done
"""
"""Drill's directory, then name and bytes of each value: keep them for the environment of steps."""

PUT: Final = """
export LC_ALL=C
cd -P -- "$1/point" && case $2 in */*) mkdir -p -- "${2%/*}";; esac || exit 14
f=./$2; [ ! -L "$f" ] || exit 15
[ -e "$f" ] || : > "$f" || exit 14
has=$(stat -c %s "$f")
[ "$has" -ne $(($3 + $4)) ] || [ "$4" -eq 0 ] || exit 0
if [ "$has" -gt "$3" ]; then head -c "$3" "$f" > ../.cut && mv -f ../.cut "$f" || exit 14; has=$3; fi
[ "$has" -eq "$3" ] || exit 17
head -c "$4" >> "$f" || exit 14
[ "$(stat -c %s "$f")" -eq $(($3 + $4)) ] || exit 16
"""
"""Drill's directory, name, offset, bytes: put a piece of a file below ``point``."""

SUM: Final = """cd -P -- "$1/point" && sha256sum < "./$2" """
"""Drill's directory, name: the SHA-256 of a file below ``point``."""

_RUN: Final = """
cd -P -- "$1" || exit 0
ln -s $$ "$2/pid"
for each in env/*; do [ -f "$each" ] && export "${each#env/}=$(cat "$each")"; done
export DRILL_DIR="$1" DRILL_POINT="$1/point" DRILL_DATA="$1/data" TMPDIR="$1/data"
{ ( cd data && exec sh -eu "../$2/script" ); ln -s $? "$2/status"; } 2>&1 | {
  head -c "$3" > "$2/output"; tail -c "$3" > "$2/tail"; }
"""

START: Final = f"""
umask 077; export LC_ALL=C
cd -P -- "$1" || exit 11
s=steps/$2; [ ! -d "$s" ] || exit 0
head -c "$3" > steps/.script; [ "$(wc -c < steps/.script)" -eq "$3" ] || exit 16
mkdir -- "$s" 2>/dev/null || {{ [ -d "$s" ] && exit 0; exit 14; }}
mv -f steps/.script "$s/script" || exit 14
setsid sh -c '{_RUN.replace("'", "'" + chr(92) + "''")}' drcheck "$1" "$s" "$4" </dev/null >/dev/null 2>&1 &
"""
"""Drill's directory, step, bytes of its script, bytes to keep of its output: start it detached, unless it ever was."""

POLL: Final = """
cd -P -- "$1" || exit 11
s=steps/$2; [ -d "$s" ] || { echo missing; exit 0; }
i=0 state=running
while :; do
  if st=$(readlink "$s/status"); then state="ended $st"; break; fi
  if p=$(readlink "$s/pid"); then
    case "$(cat "/proc/$p/stat" 2>/dev/null)" in ""|*") Z "*)
      if st=$(readlink "$s/status"); then state="ended $st"; else state=gone; fi
      break;; esac
  fi
  i=$((i + 1)); [ "$i" -le "$4" ] || break
  sleep 0.05 2>/dev/null || sleep 1
done
[ -e "$s/pid" ] || [ -L "$s/pid" ] || [ "$state" != running ] || state=starting
echo "$state"
[ ! -f "$s/output" ] || tail -c "+$(($3 + 1))" "$s/output" | head -c 65536
"""
"""Drill's directory, step, bytes of its output known, how often to wait: its state in a line, then further output."""

TAIL: Final = """
cd -P -- "$1/steps/$2" && [ -f tail ] && tail -c 65536 tail; exit 0
"""
"""Drill's directory, step: the end of an output that is longer than what is kept of its beginning."""

ERRORS: Final = """cd -P -- "$1/steps/$2" && [ -f errors ] && head -c 65536 errors; exit 0"""
"""Drill's directory, step: what it said on its standard error, where that was kept apart."""

ROOM: Final = """df -Pk -- "$1" | { read -r _; read -r _ _ _ free _ && printf '%s\\n' "$free"; }"""
"""Drill's directory: kibibytes that are free."""

END: Final = """
d=$1; t=$2; n=0
while :; do
  pids=$( { grep -lsF "DRILL_TOKEN=$t" /proc/[0-9]*/environ | sed 's|^/proc/||;s|/.*||'
    ls -ld /proc/[0-9]*/cwd 2>/dev/null | grep -F -e " -> $d/" -e " -> $d " | sed 's|^.* /proc/||;s|/cwd -> .*||'
    ls -ld /proc/[0-9]*/cwd 2>/dev/null | sed -n 's|^.* /proc/\\([0-9]*\\)/cwd -> \\(.*\\)$|\\1 \\2|p' |
      while read -r p c; do [ "$c" != "$d" ] || echo "$p"; done; } | sort -u)
  live=
  for p in $pids; do
    case "$(cat "/proc/$p/stat" 2>/dev/null)" in ""|*") Z "*) ;; *) [ "$p" = $$ ] || live="$live $p";; esac
  done
  [ -n "$live" ] || exit 0
  if [ "$n" -lt 20 ]; then kill -TERM $live 2>/dev/null; else kill -KILL $live 2>/dev/null; fi
  n=$((n + 1)); [ "$n" -lt 60 ] || { echo "$live"; exit 1; }
  sleep 0.1 2>/dev/null || sleep 1
done
"""
"""Drill's directory, token: end what still runs in the drill's directory or was started by it, and nothing else."""

REMOVE: Final = f"""
export LC_ALL=C
cd -P -- "$1" && [ "$(pwd -P)" = "$1" ] || exit 11
d={PREFIX}$2
[ "$(cat "$d.owner" 2>/dev/null)" = "$3" ] || {{ [ ! -e "$d" ] && [ ! -L "$d" ] && exit 0; exit 13; }}
[ ! -L "$d" ] || exit 15
if [ -d "$d" ]; then
  find "./$d" -xdev -type d ! -perm -700 -exec chmod u+rwx {{}} + 2>/dev/null
  find "./$d" -xdev -depth -delete || exit 18
fi
rm -f -- "$d.owner"; [ ! -e "$d" ]
"""
"""Directory, drill, token: remove the drill's directory, never following a link nor leaving its file system."""

LEFT: Final = f"""
cd -P -- "$1" && [ "$(pwd -P)" = "$1" ] || exit 11
for each in {PREFIX}*.owner; do
  [ -f "$each" ] && [ ! -L "$each" ] && printf '%s %s\\n' "${{each%.owner}}" "$(head -c 64 "$each" | tr -d '\\n\\r')"
done; exit 0
"""
"""Directory: the drills that left something, each with its token."""

WHY: Final = {
    11: "its directory is missing, or a link leads to it",
    12: "the marker file does not hold the id of the target",
    13: "the directory of the drill is there already, and is another one's",
    14: "nothing can be written there",
    15: "a link lies where none may be",
    16: "what was sent did not arrive whole",
    17: "a piece of a file is missing",
    18: "something in it cannot be removed",
}
"""Exit status of these scripts to what it means."""
