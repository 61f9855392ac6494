"""Messages over real protocols: a mail server, a webhook, and what happens when neither takes them."""

from __future__ import annotations

import json
import os
import socketserver
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from urllib.parse import unquote

import pytest

from drcheck import clock
from drcheck.app import notify as notifying
from drcheck.app.look import unwatched
from drcheck.app.publish import Publication
from drcheck.app.question import Question
from drcheck.app.verify import verify
from drcheck.errors import UsageError
from drcheck.ledger import state as states
from drcheck.ledger.store import open_ledger
from drcheck.policyfile.config import load_settings

POLICY = """\
drcheck: 1
service: {service}
owner: {owner}
sources:
  dumps: {{at: "{at}", reader: objects, name: "{{data_as_of:%Y-%m-%dT%H%M}}Z.dump"}}
commitments:
  rpo: {{kind: rpo, at_most: 26h, evidence: [dumps]}}
"""


class Hook:
    """A web server that takes what is posted, or answers as it is told to."""

    def __init__(self):
        self.taken, self.status = [], 200
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                outer.taken.append((self.path, body.decode()))
                self.send_response(outer.status)
                self.send_header("Location", f"http://127.0.0.1:{outer.port}/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    @property
    def messages(self):
        return [json.loads(body) for path, body in self.taken if path.startswith("/hook")]

    @property
    def titles(self):
        return [message["title"] for message in self.messages]


@pytest.fixture
def hook(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "*")
    it = Hook()
    yield it
    it.close()


class Estate:
    """A place with a configuration, policies, and backups that come and go."""

    def __init__(self, place, hook, monkeypatch):
        self.place, self.hook = place, hook
        self.config = str(place / "drcheck.yaml")
        (place / "dumps").mkdir()
        (place / "policies").mkdir()
        monkeypatch.setenv("HOOK", f"json://127.0.0.1:{hook.port}/hook?token=very-secret")
        self.configure("hook: {url_env: HOOK}")

    def configure(self, *channels, more="", connections=""):
        lines = "\n".join(f"    {channel}" for channel in channels)
        Path(self.config).write_text(
            f"connections:\n  disk: {{type: local, root: '{self.place / 'dumps'}'}}\n{connections}"
            f"notify:\n  channels:\n{lines}\n{more}"
        )

    def promise(self, service, owner="ops@example.com", at=None):
        (self.place / "dumps" / service).mkdir(exist_ok=True)
        text = POLICY.format(service=service, owner=owner, at=at or f"disk:{service}")
        (self.place / "policies" / f"{service}.yaml").write_text(text)

    def dump(self, service, age=600):
        at = time.time() - age
        file = self.place / "dumps" / service / time.strftime("%Y-%m-%dT%H%MZ.dump", time.gmtime(at))
        file.write_bytes(file.name.encode() * 100)
        os.utime(file, (at + 60,) * 2)
        return file

    def night(self, *paths):
        return self.judge(*paths)()

    def judge(self, *paths):
        """Do a run, and return what hands it over and says what could not be done."""
        settings = load_settings(self.config)
        publication = Publication(settings, whole=not paths)
        outcome = verify(settings, paths, Question(), unwatched, prepare=publication.prepare)

        def hand_over():
            publication.complete(outcome)
            return publication.errors

        return hand_over

    def told(self):
        """Return what the last message told, and forget it."""
        messages, self.hook.taken = self.hook.messages, []
        return [message["message"] for message in messages]


@pytest.fixture
def estate(tmp_path, hook, monkeypatch):
    return Estate(tmp_path, hook, monkeypatch)


def test_what_breaks_is_told_once_and_that_it_is_over_once(estate):
    estate.promise("web")
    assert estate.night() == []
    assert estate.night() == []
    (told,) = estate.told()
    assert told.startswith("Broken:\n- web rpo: since ")
    estate.dump("web")
    for _ in range(2):
        assert estate.night() == []
    (told,) = estate.told()
    assert told.startswith("Over:\n- web rpo: from ")


def test_what_could_not_be_sent_is_kept_and_told_with_the_next_run_as_it_is_by_then(estate):
    estate.promise("web")
    estate.hook.status = 503
    (error,) = estate.night()
    assert error.message.startswith("hook: json://… did not take the message: ")
    assert "very-secret" not in str(error)
    estate.dump("web")
    estate.hook.taken, estate.hook.status = [], 200
    assert estate.night() == []
    (told,) = estate.told()
    assert told.startswith("Broken since the last report, and over:\n- web rpo: from ")
    assert estate.night() == []
    assert estate.told() == []
    with open_ledger(load_settings(estate.config).ledger, read_only=True) as ledger:
        assert list(ledger.damage()) == []


def test_a_redirection_is_followed_nowhere(estate):
    estate.promise("web")
    estate.hook.status = 307
    assert len(estate.night()) == 1
    assert [path.partition("?")[0] for path, _ in estate.hook.taken] == ["/hook"]


def test_whoever_dies_between_claim_and_message_leaves_it_to_the_next_run(estate, monkeypatch):
    estate.promise("web")
    with monkeypatch.context() as patched:

        def die(*_):
            raise KeyboardInterrupt

        patched.setattr(notifying, "send", die)
        with pytest.raises(KeyboardInterrupt):
            estate.night()
    assert estate.night() == []
    assert estate.told() == []  # it is claimed, and may be on its way
    with monkeypatch.context() as patched:
        patched.setattr(states, "CLAIM_LASTS", 0)
        assert estate.night() == []
    (told,) = estate.told()
    assert told.startswith("Broken:\n- web rpo: since ")


def test_a_channel_is_told_though_another_runner_wrote_something_while_the_report_was_handed_over(estate):
    estate.promise("web")
    estate.promise("crm")
    estate.dump("crm")
    hand_over = estate.judge()
    estate.night(f"{estate.place}/policies/crm.yaml")  # another run, which tells of crm alone
    assert hand_over() == []
    (told,) = estate.told()
    assert told.startswith("Broken:\n- web rpo: since ")
    with open_ledger(load_settings(estate.config).ledger) as ledger:
        assert list(ledger.damage()) == []
    assert estate.night() == []
    assert estate.told() == []


def test_of_two_runs_of_the_same_the_first_tells_what_it_found(estate):
    estate.promise("web")
    first, later = estate.judge(), estate.judge()
    assert later() == []
    assert estate.told() == []
    assert first() == []
    assert len(estate.told()) == 1


def test_a_channel_is_told_while_another_run_holds_the_ledger_and_waits_for_it_to_say_so(estate, monkeypatch):
    estate.promise("web")
    hand_over = estate.judge()
    busy = open_ledger(load_settings(estate.config).ledger)
    monkeypatch.setattr(clock, "pause", lambda _: busy.close())
    assert hand_over() == []
    assert len(estate.told()) == 1
    assert estate.night() == []
    assert estate.told() == []


def test_what_many_slow_channels_keep_waiting_is_claimed_anew_and_told_once(estate, monkeypatch):
    names = [f"to-{number}" for number in range(5)]
    estate.configure(*(f"{name}: {{url_env: HOOK}}" for name in names))
    estate.promise("web")
    real, now = notifying.send, [clock.now()]
    monkeypatch.setattr(clock, "now", lambda: now[0])
    sent, others = [], []

    def slow(address, told):
        sent.append(address.id)
        real(address, told)
        now[0] += 200  # the last one is sent a quarter of an hour after all of them were claimed
        settings = load_settings(estate.config)
        with open_ledger(settings.ledger) as ledger:
            others.append(notifying.lapses_at(ledger.state(()), now[0]))
        others.append(notifying.tell_left(settings))

    monkeypatch.setattr(notifying, "send", slow)
    assert estate.night() == []
    assert sent == names
    assert len(estate.told()) == 5
    assert notifying.tell_left(load_settings(estate.config)) == []


def test_what_lapsed_while_another_run_held_the_ledger_is_left_to_that_one(estate, monkeypatch):
    estate.configure("one: {url_env: HOOK}", "two: {url_env: HOOK}")
    estate.promise("web")
    real, now, held = notifying.send, [clock.now()], []
    monkeypatch.setattr(clock, "now", lambda: now[0])
    monkeypatch.setattr(clock, "pause", lambda _: None)

    def slow(address, told):
        real(address, told)
        now[0] += 700
        held.append(open_ledger(load_settings(estate.config).ledger))

    monkeypatch.setattr(notifying, "send", slow)
    errors = estate.night()
    assert [error.message.partition(":")[0] for error in errors] == [
        "two was not told", "that 1 message went out could not be recorded",
    ]  # fmt: skip
    held.pop().close()
    monkeypatch.setattr(notifying, "send", real)
    assert notifying.tell_left(load_settings(estate.config)) == []
    assert len(estate.told()) == 3  # one twice: nobody could write down that it had been sent


def test_that_a_message_went_out_and_could_not_be_recorded_is_said(estate, monkeypatch):
    estate.promise("web")
    settings, real, held = load_settings(estate.config), notifying.send, []

    def send(address, told):
        real(address, told)
        held.append(open_ledger(settings.ledger))

    monkeypatch.setattr(notifying, "send", send)
    monkeypatch.setattr(clock, "pause", lambda _: None)
    (error,) = estate.night()
    assert error.message.startswith("that 1 message went out could not be recorded: ")
    held.pop().close()


def test_who_is_stopped_between_two_messages_has_said_of_the_first_that_it_was_sent(estate, monkeypatch):
    estate.configure("one: {url_env: HOOK}", "two: {url_env: HOOK}")
    estate.promise("web")
    real = notifying.send

    def send(address, told):
        if address.id == "two":
            raise KeyboardInterrupt
        real(address, told)

    monkeypatch.setattr(notifying, "send", send)
    with pytest.raises(KeyboardInterrupt):
        estate.night()
    with open_ledger(load_settings(estate.config).ledger, read_only=True) as ledger:
        channels = ledger.state(()).channels
    assert [len(channels[name].waiting) for name in ("one", "two")] == [0, 1]


def test_a_library_that_raises_what_it_does_not_document_is_a_message_that_was_not_taken(estate, monkeypatch):
    import apprise

    def broken(*_, **__):
        raise ZeroDivisionError("very-secret")

    estate.promise("web")
    with monkeypatch.context() as patched:
        patched.setattr(apprise.Apprise, "notify", broken)
        (error,) = estate.night()
    assert error.message == "hook: json://… could not be asked to take the message: ZeroDivisionError"
    assert estate.night() == []
    assert len(estate.told()) == 1


def test_channels_are_told_of_a_run_whose_report_could_not_be_written(estate):
    estate.promise("web")
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "drcheck", "verify", "-q"], cwd=estate.place, stdout=full, check=False
        )
    assert ended.returncode == 1
    (told,) = estate.told()
    assert told.startswith("Broken:")
    with open_ledger(load_settings(estate.config).ledger, read_only=True) as ledger:
        assert not ledger.state(()).newest_run.published
    assert estate.night() == []
    assert estate.told() == []


def test_a_connection_that_fails_is_one_line_however_much_hangs_on_it(estate):
    estate.configure(
        "hook: {url_env: HOOK}",
        connections="  gone: {type: local, root: /nowhere/at/all}\n",
        more="  unknown_after: 0m\n",
    )
    for number in range(20):
        estate.promise(f"web-{number}", at=f"gone:web-{number}")
    estate.promise("near")
    estate.dump("near")
    estate.night()
    (told,) = estate.told()
    head, line, *_ = told.splitlines()
    assert head == "Connections at which nothing could be seen:"
    assert line.startswith("- gone: since ")
    assert line.endswith("20 services cannot be judged by it")
    assert "web-7" not in told


def test_each_owner_is_told_of_their_own_and_of_nothing_else(estate, monkeypatch):
    monkeypatch.setenv("MAIL", f"json://127.0.0.1:{estate.hook.port}/hook/{{owner}}")
    estate.configure("owners: {url_env: MAIL}")
    estate.promise("web", owner="a&b@example.com")
    estate.promise("crm", owner="crm@example.com")
    estate.night()
    paths = {unquote(path.partition("?")[0]): json.loads(body)["message"] for path, body in estate.hook.taken}
    assert len(paths) == 2
    assert "web rpo" in paths["/hook/a&b@example.com"]
    assert "crm" not in paths["/hook/a&b@example.com"]


def by_owner(estate):
    """Return the messages to each owner, and forget them."""
    taken, estate.hook.taken = estate.hook.taken, []
    its = {}
    for path, body in taken:
        its.setdefault(path.partition("?")[0].rpartition("/")[2], []).append(json.loads(body)["message"])
    return its


def test_what_lasts_is_over_for_nobody_when_its_service_gets_another_owner(estate, monkeypatch):
    monkeypatch.setenv("MAIL", f"json://127.0.0.1:{estate.hook.port}/hook/{{owner}}")
    estate.configure("owners: {url_env: MAIL}")
    estate.promise("web", owner="a")
    estate.night()
    (told,) = by_owner(estate)["a"]
    assert told.startswith("Broken:\n- web rpo: since ")
    estate.promise("web", owner="b")  # who had it has nothing else
    estate.night()
    told = by_owner(estate)
    assert [one.partition("\n")[0] for one in told["a"]] == ["Still so, and told to others from now on:"]
    assert [one.partition("\n")[0] for one in told["b"]] == ["Broken:"]
    estate.dump("web")
    estate.night()
    assert [*by_owner(estate)] == ["b"]


def test_an_invalid_policy_is_mended_for_nobody_when_a_channel_comes_that_is_told_of_everything(estate):
    estate.configure("db: {url_env: HOOK, owners: [ops@example.com]}")
    estate.promise("web")
    estate.dump("web")
    (estate.place / "policies" / "crm.yaml").write_text("drcheck: 1\n")
    estate.night()
    assert [told.partition("\n")[0] for told in estate.told()] == ["Policies that cannot be judged:"]
    estate.configure("db: {url_env: HOOK, owners: [ops@example.com]}", "all: {url_env: HOOK}")
    estate.night()
    assert [told.partition("\n")[0] for told in estate.told()] == [
        "Still so, and told to others from now on:",
        "Policies that cannot be judged:",
    ]


def test_what_a_retired_service_broke_is_over(estate):
    estate.promise("web")
    estate.promise("crm")
    estate.dump("crm")
    estate.night()
    (estate.place / "policies" / "web.yaml").unlink()
    estate.night()
    estate.told()
    with open_ledger(load_settings(estate.config).ledger) as ledger:
        ledger.retire("web", int(time.time()), "sold")
    estate.night()
    (told,) = estate.told()
    assert "- web rpo: from " in told
    assert "its service is retired" in told
    assert "judged again" not in told


def test_an_invalid_policy_that_is_named_in_another_way_is_told_once(estate, monkeypatch):
    estate.promise("web")
    estate.dump("web")
    (estate.place / "policies" / "crm.yaml").write_text("drcheck: 1\n")
    estate.night()
    assert len(estate.told()) == 1
    monkeypatch.chdir(estate.place)
    estate.night("policies/crm.yaml", "policies/web.yaml")
    assert estate.told() == []
    estate.promise("crm")
    estate.dump("crm")
    estate.night("policies/crm.yaml")
    (told,) = estate.told()
    assert told.startswith("Over:\n- /")


def test_a_connection_is_not_unseen_where_sources_lie_that_this_run_did_not_look_at(estate):
    estate.promise("web", at="disk:missing")
    estate.promise("crm")
    estate.dump("crm")
    estate.night()
    estate.told()
    for paths in ((f"{estate.place}/policies/web.yaml",), ()) * 3:
        estate.night(*paths)
        assert estate.told() == []


def test_what_can_wait_waits_for_the_morning_and_a_breach_does_not(estate):
    estate.configure('hook: {url_env: HOOK, quiet_hours: "00:00-24:00"}')
    estate.promise("web")
    estate.night()
    (told,) = estate.told()
    assert told.startswith("Broken:")
    estate.dump("web")
    estate.night()
    assert estate.told() == []
    estate.configure("hook: {url_env: HOOK}")
    estate.night()
    (told,) = estate.told()
    assert told.startswith("Over:")


def test_hostile_names_reach_nobody_as_more_than_text(estate):
    estate.promise("web")
    bad = estate.place / "policies" / "evil\x1b[31m\n\u202eBcc: x@example.com.yaml"
    bad.write_text('drcheck: 1\nservice: "a\\nb"\n')
    estate.night()
    (told,) = estate.told()
    assert "\x1b" not in told
    assert "\u202e" not in told
    assert all("Bcc" not in line or line.startswith("- ") for line in told.splitlines())


def test_an_invalid_policy_is_told_and_that_it_is_mended(estate):
    estate.promise("web")
    estate.dump("web")
    broken = estate.place / "policies" / "crm.yaml"
    broken.write_text("drcheck: 1\n")
    estate.night()
    (told,) = estate.told()
    assert told.startswith("Policies that cannot be judged:\n- ")
    estate.promise("crm")
    estate.dump("crm")
    estate.night()
    (told,) = estate.told()
    assert told.startswith("Over:\n- ")


@pytest.mark.parametrize("key", ["url_env", "url_file", "ping_env", "ping_file"])
def test_a_url_in_the_place_of_what_leads_to_it_is_refused_and_shown_nowhere(estate, key):
    line = f'{key}: "https://example.com/very-secret"'
    channel, ping = ("url_env: HOOK", f"  {line}\n") if key.startswith("ping") else (line, "")
    estate.configure(f"hook: {{{channel}}}", more=ping)
    with pytest.raises(UsageError) as caught:
        load_settings(estate.config)
    assert f"{key}: this is " in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "example.com" not in str(caught.value)


def test_the_end_of_each_run_is_called_and_a_run_that_judged_nothing_as_failed(estate, monkeypatch):
    monkeypatch.setenv("PING", f"http://127.0.0.1:{estate.hook.port}/ping/very-secret?x=1")
    estate.configure("hook: {url_env: HOOK}", more="  ping_env: PING\n")
    estate.promise("web")

    def run(*options):
        return subprocess.run(
            [sys.executable, "-m", "drcheck", *options], cwd=estate.place, capture_output=True, text=True, check=False
        )

    assert run("verify", "-q").returncode == 1
    assert run("verify", "-q", "missing.yaml").returncode == 2
    pings = [(path, body) for path, body in estate.hook.taken if path.startswith("/ping")]
    assert [path for path, _ in pings] == ["/ping/very-secret?x=1", "/ping/very-secret/fail?x=1"]
    assert pings[0][1] == "exit status 1: 1 breached\n"
    estate.hook.status = 500
    ended = run("verify", "-q")
    assert ended.returncode == 1
    assert "the run's end was told, and the answer was 500" in ended.stderr
    assert "very-secret" not in ended.stderr + ended.stdout
    assert run("verify", "-q", "--silent").returncode == 1


def test_channels_can_be_tried_and_what_they_would_be_told_shown(estate):
    estate.promise("web")

    def run(*options):
        return subprocess.run(
            [sys.executable, "-m", "drcheck", *options], cwd=estate.place, capture_output=True, text=True, check=False
        )

    tried = run("notify", "--test")
    assert (tried.returncode, tried.stdout) == (0, "hook: taken\n")
    assert estate.hook.titles == ["drcheck: a trial"]
    assert run("verify", "-q", "--silent").returncode == 1
    shown = run("notify", "--dry-run")
    assert shown.stdout.startswith("to hook: drcheck: 1 broken\n\nBroken:\n- web rpo: since ")
    assert len(estate.hook.taken) == 1
    assert run("notify", "--test", "other").returncode == 2
    estate.hook.status = 500
    failed = run("notify", "--test")
    assert failed.returncode == 1
    assert run("verify", "-q").returncode == 1
    lines = run("notify", "--log").stdout.splitlines()
    assert lines[0].endswith("  hook  claimed")
    assert lines[1].startswith("    web rpo: breached, began: there is no file at all")
    assert "  hook  failed: json://… did not take the message" in lines[2]
    assert run("notify", "--log", "hook").stdout.splitlines() == lines
    assert failed.stderr.startswith("drcheck: hook: json://… did not take the message")
    assert "very-secret" not in failed.stderr


class Mail(socketserver.StreamRequestHandler):
    """As much of SMTP as a client needs (RFC 5321)."""

    def handle(self):
        self.wfile.write(b"220 mail\r\n")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                lines = []
                while (line := self.rfile.readline()) not in {b".\r\n", b""}:
                    lines.append(line.removeprefix(b"."))
                self.server.taken.append(b"".join(lines))
            elif verb == b"RCPT":
                self.server.recipients.append(line.decode().strip())
            self.wfile.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 mail\r\n")
            if verb == b"QUIT":
                return


@contextmanager
def mail_server():
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Mail) as server:
        server.taken, server.recipients = [], []
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def test_an_owner_gets_a_mail_with_a_subject_and_plain_text(estate, monkeypatch):
    with mail_server() as server:
        port = server.server_address[1]
        monkeypatch.setenv(
            "MAIL", f"mailto://127.0.0.1:{port}/?from=drcheck@example.com&to={{owner}}&mode=insecure&format=text"
        )
        estate.configure("mail: {url_env: MAIL}")
        estate.promise("web", owner="platform+web@example.com")
        assert estate.night() == []
        assert [one.partition(":")[2].strip("<>") for one in server.recipients] == ["platform+web@example.com"]
        mail = message_from_bytes(server.taken[0], policy=policy.default)
        assert mail["Subject"] == "drcheck: 1 broken"
        lines = mail.get_body(("plain",)).get_content().splitlines()
        assert lines[0] == "Broken:"
        assert lines[1].startswith("- web rpo: since ")


def test_over_a_hundred_nights_nothing_is_lost_and_nothing_doubled(estate, monkeypatch):
    """What fails, what dies and what comes and goes: whoever believes the messages knows what is broken at the end."""
    chance = Random(7)
    estate.configure("hook: {url_env: HOOK}", more="  remind_every: 0m\n")
    services = ["web", "crm", "wiki"]
    for service in services:
        estate.promise(service)
    monkeypatch.setattr(states, "CLAIM_LASTS", 0)
    there, believed, said = dict.fromkeys(services, False), set(), []
    real = notifying.send

    def send(address, told):
        if chance.random() < 0.1:
            raise KeyboardInterrupt  # the runner dies, and nothing was sent
        real(address, told)

    monkeypatch.setattr(notifying, "send", send)
    for night in range(100):
        last = night >= 97
        for service in services if not last else []:
            if chance.random() < 0.15:
                there[service] = not there[service]
                for file in (estate.place / "dumps" / service).iterdir():
                    file.unlink()
                if there[service]:
                    estate.dump(service)
        estate.hook.status = 200 if last or chance.random() < 0.7 else 503
        if last:
            chance = Random(1000 + night)
            monkeypatch.setattr(notifying, "send", real)
        before = len(estate.hook.taken)
        with suppress(KeyboardInterrupt):
            estate.night()
        if estate.hook.status != 200:
            del estate.hook.taken[before:]
            continue
        for message in estate.hook.messages[before:]:
            section = ""
            for line in message["message"].splitlines():
                section = line if line.endswith(":") and not line.startswith("- ") else section
                name = line.removeprefix("- ").partition(" ")[0]
                if not line.startswith("- ") or " rpo: unknown, " in line:
                    continue
                said.append((night, section, name))
                if section.startswith(("Broken:", "Broken and kept")):
                    assert section.startswith("Broken and") or name not in believed, said
                    believed.add(name)
                elif section.startswith("Over:"):
                    assert name in believed, said
                    believed.discard(name)
    with open_ledger(load_settings(estate.config).ledger, read_only=True) as ledger:
        state = ledger.state(())
    channel = state.channels["hook"]
    flapping = {subject.service for subject, told in channel.known.items() if told.flaps}
    assert all(event.silent for event in channel.waiting)
    statuses = {service: its[-1].found.status for (service, _), its in state.verdicts.items()}
    for service in set(services) - flapping:
        if statuses[service] != "unknown":
            assert (service in believed) == (statuses[service] == "breached"), said
