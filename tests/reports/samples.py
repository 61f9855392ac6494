"""A report with one of everything, as a run of some weeks would give it."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from msgspec.structs import replace

from drcheck.core.kinds.availability.commitment import Availability
from drcheck.core.kinds.backup_frequency.commitment import Frequency
from drcheck.core.kinds.encryption import Encryption
from drcheck.core.kinds.retention.commitment import Retention
from drcheck.core.kinds.rpo import Rpo
from drcheck.core.kinds.rto import Rto
from drcheck.core.model.commitments import Money, Standing
from drcheck.core.model.evidence import Cited, Fact, Gap, Unaccounted
from drcheck.core.model.policy import Agreement, Policy, Position, Waiver
from drcheck.core.model.slots import Per
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import (
    Credit,
    Deadline,
    Excused,
    Finding,
    PeriodFigures,
    Piece,
    Quantity,
    Verdict,
    Window,
)
from drcheck.core.model.waivers import Waived
from drcheck.run_report import Fault, Judged, Report, SourceSeen

AS_OF = 1795228200  # 2026-11-21T02:30:00Z
HOUR, DAY = 3600, 86400
WINDOW = Window(AS_OF - 30 * DAY, AS_OF)
MOVE = Waiver("kept", AS_OF + 40 * DAY, "cto@example.com", "older dumps lost in the move, CHG-1234")

NEWEST = "orders/2026-11-21T0100Z.dump.gz"
DUMPS = "vault:webshop/"
LOCATIONS = {"vault": "ssh://backup@vault.example.com:2222/srv/backups/", "azure-backup": "https://x.blob.example.com/"}

HOSTILE = (
    "plain.dump",
    "newline\nand\ttab.dump",
    "escape\x1b[31m\x1b]0;owned\x07.dump",
    "c1\x9b31m.dump",
    "bidi\u202egnp.exe",
    "isolate\u2066x\u2069.dump",
    "zero\u200bwidth\ufeff.dump",
    "line\u2028paragraph\u2029.dump",
    "not-utf8-\udcff\udc80.dump",
    "lone\ud800surrogate",
    "nul\x00.dump",
    "[bold red]markup[/bold red] :boom: [link=file:///etc/passwd]x[/link]",
    "wide-漢字かな🙂.dump",
    "combining-e\u0301.dump",
    'quote"back\\slash.dump',
    "=cmd|' /C calc'!A0",
    "<script>alert(1)</script>",
    "nbsp\u00a0.dump",
    "private\ue000tag\U000e0041.dump",
    "x" * 300,
)


def verdict(commitment, *findings, pieces=None, **more):
    """Return a verdict whose figures are those of the first finding."""
    overall = findings[0]
    return Verdict(commitment, WINDOW, overall, findings if len(findings) > 1 else (), **more)


def finding(status, reason, *, of="orders", before=(), **figures):
    """Return a finding that has ``status`` at the end, and what ``before`` says until then."""
    pieces = [*before]
    start = pieces[-1].end if pieces else WINDOW.start
    if start > WINDOW.start and not pieces:
        pieces.append(Piece(WINDOW.start, start, Status.MET, "met"))
    return Finding(of, (*pieces, Piece(start, WINDOW.end, status, reason)), reason, **figures)


def policy(service, commitments, **more):
    return Policy(
        service=service,
        file=f"policies/{service}.yaml",
        sha256=f"{sum(map(ord, service)):064x}",
        text=f"service: {service}\n",
        timezone="Europe/Stockholm",
        sources={},
        commitments=tuple(commitments),
        written_at={one.id: Position(f"policies/{service}.yaml", 20 + 6 * n, 3) for n, one in enumerate(commitments)},
        **more,
    )


def webshop() -> Judged:
    rpo = Rpo(
        "rpo-server",
        ("dumps", "dumps-offsite"),
        scenario="server",
        clause="7.2",
        quote="RPO = 60 minuter, dvs kan förlora maximalt\n120 minuters arbete",
        note="an RPO of 60 minutes does not allow a loss of 120; 120 is reported beside it",
        controls=("iso27001:A.8.13", "nist800-53:CP-9"),
        at_most=HOUR,
        also=(2 * HOUR,),
    )
    far = Rpo("rpo-datacentre", ("dumps", "dumps-offsite"), scenario="datacentre", clause="7.3", at_most=DAY)
    rto = Rto("rto-server", ("drills",), scenario="server", clause="7.2", at_most=4 * HOUR)
    daily = Frequency("daily", ("dumps",), clause="Säkerhetskopior", per=Per.DAY)
    kept = Retention("kept", ("dumps-offsite",), clause="6", keep=90 * DAY)
    encrypted = Encryption("encrypted", ("dumps-offsite",), clause="6")
    refused = Gap(
        "dumps-offsite: the credentials may not ask HeadObject", "Allow s3:GetObject.", fact=Fact.STORAGE_ENCRYPTION
    )
    down = Gap(
        "azure-backup did not answer within 120 s",
        "Check that the account is reachable from here: curl -sI https://example.blob.core.windows.net.",
    )
    lines = [Gap(f"line {n} is no JSON object", "Append the record again, whole.", n) for n in (17, 18, 23, 40, 41)]
    late = Piece(WINDOW.start, AS_OF - 20 * DAY, Status.MET, "met")
    missed = Piece(AS_OF - 20 * DAY, AS_OF - 20 * DAY + 5 * HOUR, Status.BREACHED, "newest restorable data was too old")
    fine = Piece(missed.end, AS_OF - 3 * DAY, Status.MET, "met")
    hidden = Piece(AS_OF - 3 * DAY, AS_OF - 2 * DAY, Status.UNKNOWN, "no complete look lies in this span")
    rejected = tuple(
        Cited(
            "dumps",
            "orders",
            name := f"orders/2026-11-{day}T0015Z.dump.gz",
            AS_OF - 300,
            AS_OF,
            why,
            place=DUMPS + name,
        )
        for day, why in (
            (19, "it is too small: 12 B, at least 10 MiB is asked"),
            (20, "it shrank by 97 % against the median 1.2 GiB of the 10 before it"),
        )
    )
    return Judged(
        policy(
            "webshop",
            (rpo, far, rto, daily, kept, encrypted),
            title="Webshop of Example AB",
            agreement=Agreement("Service Level Agreement", "Example AB"),
            silent_on=("immutability", "integrity"),
            waivers=(MOVE,),
        ),
        (
            verdict(
                rpo,
                finding(
                    Status.BREACHED,
                    "newest restorable data of orders is of 2026-11-21T01:00:00Z, 1 h 30 min old; the objective is 1 h",
                    before=(late, missed, fine, hidden),
                    objective=Quantity(HOUR, "s"),
                    measured=Quantity(5400, "s"),
                    headroom=Quantity(-1800, "s"),
                    due_at=AS_OF - 1800,
                    also=((Quantity(2 * HOUR, "s"), True),),
                    evidence=(
                        Cited("dumps", "orders", NEWEST, AS_OF - 5400, AS_OF - 5000, place=DUMPS + NEWEST),
                        *rejected,
                    ),
                ),
                finding(
                    Status.MET,
                    "newest restorable data of customers is of 2026-11-21T02:00:00Z, 30 min old; the objective is 1 h",
                    of="customers",
                    objective=Quantity(HOUR, "s"),
                    measured=Quantity(1800, "s"),
                    headroom=Quantity(1800, "s"),
                    due_at=AS_OF + 1800,
                ),
                gaps=(("dumps-offsite", down),),
                notes=("2 of 30 days were never made: 2026-11-02 and 2026-11-03",),
            ),
            verdict(
                far,
                finding(
                    Status.UNKNOWN,
                    "newest data of orders known to be restorable is of 2026-11-19T01:00:00Z; dumps-offsite could not be"
                    " seen since",
                    before=(Piece(WINDOW.start, AS_OF - DAY, Status.MET, "met"),),
                    objective=Quantity(DAY, "s"),
                ),
                gaps=(("dumps-offsite", down),),
            ),
            verdict(
                rto,
                finding(
                    Status.MET,
                    "restore test drill-2026-10 took 3 h 48 min from disruption to validated; the objective is 4 h",
                    of="",
                    objective=Quantity(4 * HOUR, "s"),
                    measured=Quantity(3 * HOUR + 48 * 60, "s"),
                    headroom=Quantity(12 * 60, "s"),
                    at_risk=True,
                    evidence=(
                        Cited("drills", "", "drill-2026-10", None, AS_OF - 30 * DAY, place="vault:logs/drills.jsonl"),
                    ),
                ),
                gaps=tuple(("drills", line) for line in lines),
            ),
            verdict(
                daily,
                finding(
                    Status.MET,
                    "2026-11-20 has its backup of orders",
                    objective=Quantity(1, "points"),
                    measured=Quantity(24, "points"),
                    headroom=Quantity(23, "points"),
                ),
            ),
            verdict(
                kept,
                finding(
                    Status.BREACHED,
                    "2 of 90 days do not stand: nothing of 2026-09-01 stands",
                    objective=Quantity(90, "points"),
                    measured=Quantity(88, "points"),
                    headroom=Quantity(-2, "points"),
                ),
                waived=(Waived(AS_OF - DAY, MOVE.until, MOVE),),
            ),
            verdict(
                encrypted,
                finding(
                    Status.UNKNOWN,
                    "whether 3 of 90 backups of orders are encrypted is not known: the credentials may not ask HeadObject",
                    objective=Quantity(90, "points"),
                    measured=Quantity(87, "points"),
                    headroom=Quantity(-3, "points"),
                ),
                gaps=(("dumps-offsite", refused),),
                standing=Standing.STORAGE,
            ),
        ),
        (
            SourceSeen(
                "dumps",
                "vault:webshop/",
                ("sessions",),
                31,
                names=40,
                matched=9,
                unmatched=(Unaccounted("orders_20261121.sql", AS_OF - 3600, newer=True),),
            ),
            SourceSeen(
                "dumps-offsite",
                "azure-backup:vault/webshop/",
                unmatched=(Unaccounted("copy of orders.sql", AS_OF - 90 * DAY, newer=False),),
            ),
            SourceSeen("drills", "vault:logs/drills.jsonl", other_lines=4),
            SourceSeen("checks", "vault:logs/checks.jsonl", gaps=(Gap("line 3 is no JSON object", line=3),)),
        ),
    )


def metering() -> Judged:
    uptime = Availability("uptime", ("outages",), clause="1", at_least=Fraction(999, 1000))
    return Judged(
        policy(
            "metering",
            (uptime,),
            title="Metering",
            agreement=Agreement("SLA", "Meter Inc", effective=AS_OF + DAY),
            silent_on=("rpo", "rto", "backup_frequency", "retention", "restore_test"),
        ),
        (
            verdict(
                uptime, finding(None, "nothing is owed yet: the agreement takes effect 2026-11-22T02:30:00Z", of="")
            ),
        ),
        (SourceSeen("outages", "vault:logs/outages.jsonl"),),
    )


def period(label, start, end, status, availability, **figures) -> PeriodFigures:
    usual = {"judged_until": min(end, AS_OF), "downtime": 4 * HOUR, "allowed": 2678}
    return PeriodFigures(label=label, start=start, end=end, status=status, availability=availability, **usual | figures)


def hosting(*, why="third-party") -> Judged:
    """Return a service with periods that fell short, credits, and a fact that rests on somebody's word."""
    november = 1793491200
    october = november - 31 * DAY
    uptime = Availability("uptime", ("outages",), clause="5.2", at_least=Fraction(9995, 10_000))
    daily = Availability("daily-uptime", ("outages",), at_least=Fraction(999, 1000), per=Per.DAY)
    disks = Encryption("disks", ("attestations",), clause="6")
    credit = Credit(
        Quantity("17.5", "%"),
        "monthly fee",
        "99.25 % is 0.7 % below 99.95 %, times 25",
        money=Money(Decimal("175.00"), "USD"),
        claims=(Deadline("2026-10", november + 15 * DAY),),
    )
    hours = Credit(Quantity(70, "h"), claims=(Deadline("outage-1", AS_OF + DAY), Deadline("outage-2", AS_OF + 3 * DAY)))
    periods = (
        period(
            "2026-10", october, november, Status.BREACHED, "99.25", credit=credit,
            excused=(Excused(f"cause {why}", 2 * HOUR), Excused("maintenance planned", 1800)), out_of_service=1800,
        ),
        period("2026-11", november, november + 30 * DAY, Status.BREACHED, "99.4", unwatched=600, credit=hours),
    )  # fmt: skip
    down = "2026-11-01T14:30:00Z to 2026-11-01T18:30:00Z"
    late = "it was announced too late: 0 business days before, 5 asked"
    announced = f"planned, announced 2026-10-31T10:00:00Z, from {down}"
    evidence = (
        Cited("outages", "", "outage-2", None, 1793557800, told=f"down {down}, total; 4 h counted"),
        Cited("maintenance", "", "planned-3", None, 1793440800, late, announced),
    )
    days = tuple(
        period(f"2026-11-{n:02}", november + (n - 1) * DAY, november + n * DAY, Status.BREACHED, "99.8")
        for n in range(1, 8)
    )
    return Judged(
        policy("hosting", (uptime, daily, disks), title="Hosting"),
        (
            verdict(
                uptime,
                finding(
                    Status.BREACHED,
                    "2026-11 so far: 4 h 19 min down of 21 min 36 s allowed, judged until 2026-11-21T02:30:00Z",
                    of="",
                    before=(Piece(WINDOW.start, AS_OF - 20 * DAY, Status.MET, "met"),),
                    objective=Quantity("99.95", "%"),
                    measured=Quantity("99.4", "%"),
                    headroom=Quantity("-0.55", "%"),
                    periods=periods,
                    evidence=evidence,
                ),
                standing=Standing.LOG,
            ),
            verdict(
                daily,
                finding(
                    Status.MET,
                    "2026-11-21 so far: 1 min 20 s down of 1 min 26 s allowed",
                    of="",
                    objective=Quantity("99.9", "%"),
                    measured=Quantity("99.907407", "%"),
                    headroom=Quantity("0.007407", "%"),
                    at_risk=True,
                    periods=days,
                ),
                standing=Standing.LOG,
            ),
            verdict(
                disks,
                finding(Status.MET, "attested by cto@example.com 2026-11-01 until 2027-11-01", of=""),
                standing=Standing.ATTESTED,
            ),
        ),
        (
            SourceSeen("outages", "vault:logs/outages.jsonl"),
            SourceSeen("attestations", "vault:logs/attestations.jsonl"),
        ),
    )


def all_met() -> Judged:
    daily = Frequency("daily", ("dumps",), clause="2.1", per=Per.DAY)
    met = finding(
        Status.MET,
        "2026-11-20 has its backup of wiki",
        objective=Quantity(1, "points"),
        measured=Quantity(1, "points"),
    )
    return Judged(policy("wiki", (daily,), title="Wiki"), (verdict(daily, met),), (SourceSeen("dumps", "vault:wiki/"),))


def report(*services: Judged, faults=True) -> Report:
    told = (
        Fault(
            "policies/old.yaml",
            "policies/old.yaml:3:5: recovery_point is not a key (did you mean rpo?)",
            at=Position("policies/old.yaml", 3, 5),
        ),
        Fault(
            "policies/old.yaml",
            "policies/old.yaml:9:12: 24 is not a duration (24h)",
            at=Position("policies/old.yaml", 9, 12),
        ),
    )
    services = services or (webshop(), hosting(), metering(), all_met())
    return Report(
        "20261121T023000Z-7f3a9c01", "0.1.0", WINDOW, services, told if faults else (), 2.345, LOCATIONS, "", AS_OF + 3
    )


def few() -> Report:
    """Return a report of so few services that each is shown whole."""
    return report(webshop(), hosting(), metering())


def fifty() -> Report:
    """Return a report of fifty services with long names, one of which is breached."""
    wiki, shop = all_met(), webshop()
    long = (f"the-service-with-a-name-of-sixty-characters-number-{number:09}" for number in range(49))
    services = (Judged(replace(wiki.policy, service=name, title=name), wiki.verdicts, wiki.sources) for name in long)
    return report(*services, shop, faults=False)


def hostile() -> Report:
    """Return a report whose every untrusted text is hostile."""
    judged = []
    for number, name in enumerate(HOSTILE):
        rpo = Rpo(f"rpo-{number}", ("dumps",), clause=name, quote=name, note=name, at_most=HOUR)
        place = f"vault:{name}"
        counts = Cited("dumps", "orders", name, AS_OF, AS_OF, place=place)
        cited = (counts, counts._replace(why_not=name, told=name, place=f"{place}.log"))
        one = finding(Status.BREACHED, f"{name} is too old", objective=Quantity(HOUR, "s"), evidence=cited)
        found = verdict(rpo, one, gaps=(("dumps", Gap(name, name)), ("dumps", Gap(name, "", 3))), notes=(name,))
        agreement = Agreement(name, name)
        judged.append(hosting(why=name))
        judged.append(
            Judged(
                policy(f"service-{number}", (rpo,), title=name, agreement=agreement),
                (found,),
                (SourceSeen("dumps", place, (name,), unmatched=(Unaccounted(name, AS_OF, newer=True),)),),
            )
        )
    return Report("run", "0.1.0", WINDOW, tuple(judged), (Fault(HOSTILE[2], HOSTILE[4]),), 1.0, LOCATIONS)
