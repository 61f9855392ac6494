"""What a look at a long log archive in S3 costs: the last 30 days of it, against all of it.

Run as ``PYTHONPATH=scripts python -m lab.log_archive_bench [SEGMENTS]``: a repository of pgBackRest with a segment
every 35 seconds and a full backup every week, in SeaweedFS. It prints seconds, requests and recovery points of each
look.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from drcheck.collectors.pool import Connections
from drcheck.collectors.s3.collector import open_s3
from drcheck.collectors.s3.settings import S3Connection
from drcheck.core.model.evidence import LONG_AGO
from drcheck.core.model.policy import Source
from drcheck.interfaces import LookRequest
from drcheck.readers.tools import pgbackrest_files
from drcheck.registry import READERS
from lab.seaweedfs import Object, SeaweedFS

BUCKET = "open-archive"
EVERY = 35
"""Seconds from one segment to the next."""
DAY = 86400


def segment(number: int) -> str:
    """Return the name of the segment with that number."""
    return f"00000001{number // 256:08X}{number % 256:08X}"


def segments(total: int, now: int) -> Iterator[Object]:
    """Yield the segments of the archive, the newest of which came just now."""
    for number in range(total):
        name = segment(number)
        key = f"archive/main/15-1/{name[:16]}/{name}-{number:040x}.zst"
        yield Object(key, 4_000_000, now - (total - number) * EVERY)


def backups(total: int, now: int) -> dict[str, bytes]:
    """Return ``backup.info``, and the beginning of each manifest."""
    lines, files = ["[backup:current]"], {}
    for number in range(0, total, 7 * DAY // EVERY):
        stop = now - (total - number) * EVERY
        label = time.strftime("%Y%m%d-%H%M%SF", time.gmtime(stop - 20))
        told = {
            "backup-archive-start": segment(number), "backup-archive-stop": segment(number), "backup-error": False,
            "backup-info-size": 1 << 40, "backup-timestamp-start": stop - 20, "backup-timestamp-stop": stop,
            "backup-type": "full", "db-id": 1, "option-online": True,
        }  # fmt: skip
        lines.append(f"{label}={json.dumps(told)}")
        files[f"backup/main/{label}/backup.manifest"] = b"[backrest]\n"
    lines += ["[db:history]", '1={"db-version":"15"}', "[backrest]", 'backrest-checksum="0"', ""]
    return files | {"backup/main/backup.info": "\n".join(lines).encode()}


def main() -> None:
    """Fill a server, and look at it twice."""
    total, now = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000, int(time.time())
    with tempfile.TemporaryDirectory() as directory, SeaweedFS(Path(directory), readable=["open-*"]) as server:
        server.load(BUCKET, segments(total, now), count=False)
        for key, content in backups(total, now).items():
            server.put(BUCKET, key, content)
        file = Path(directory) / "credentials"
        pair = server.reader_key
        file.write_text(f"[default]\naws_access_key_id={pair.access_key}\naws_secret_access_key={pair.secret_key}\n")
        connection = S3Connection("lab", endpoint=server.endpoint, region="us-east-1", credentials_file=str(file))
        source = Source("pg", "lab", f"{BUCKET}/", READERS["pgbackrest-files"], ("main",))
        for title, since in (("the last 30 days", now - 30 * DAY), ("all", LONG_AGO)):
            with Connections() as pool:
                wall, used = time.monotonic(), time.process_time()
                asked = LookRequest(LONG_AGO, now, 300, "main", judged_since=since)
                seen = pgbackrest_files.read(open_s3(connection, f"{BUCKET}/", pool), source, "", asked)
            assert seen.look.complete, seen.look.gaps
            print(
                f"{title}: {time.monotonic() - wall:.1f} s ({time.process_time() - used:.1f} s of CPU), "
                f"{seen.look.calls} requests, {len(seen.candidates):,} recovery points"
            )


if __name__ == "__main__":
    main()
