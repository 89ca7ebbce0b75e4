"""What a body does: form the groups, fill the checklist, plan the visit, draw samples, recompute."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.enterprise.models import BodyPerson, CheckAnswer, Declaration, SamplingPlan, Verification
from dafeng.domains.enterprise.verification import known, telling
from dafeng.domains.enterprise.verification.methods import conflicts, days, recompute, rules, sampling
from dafeng.domains.enterprise.verification.methods.content import values_of
from dafeng.domains.enterprise.verification.methods.recompute import Comparison
from dafeng.domains.enterprise.verification.refusing import KIND, refused, refused_for, refusing
from dafeng.kernel.errors import NotFound
from dafeng.kernel.records import services as records

OPEN = frozenset({"assigned", "reviewing", "onsite", "findings", "answered", "returned"})


def found_for(user: Any, id: Any, *, now: datetime) -> Verification:
    """A verification that the person may see. What is another's is 404, and that somebody asked for it is audited."""
    every = Verification.objects.select_related("record", "body", "report__enterprise", "report__record")
    seen = every.for_user(user).filter(pk=id).first()
    if seen is None:
        if records.is_person(user) and Verification.objects.filter(pk=id).exists():
            records.audit(user, f"{KIND}-see.refused", KIND, str(id), {"code": "foreign"}, now=now)
        raise NotFound(_("没有这件核查"), mend=_("请从核查工作台进入"))
    return seen


def locked_for_work(verification: Verification, *, in_states: frozenset[str] = OPEN) -> Verification:
    """The verification with its row held. Raises `Refused` (concluded, wrong_state, report_returned)."""
    fresh = (
        Verification.objects.select_for_update(of=("self",))
        .select_related("record", "body", "report__enterprise", "report__record")
        .get(pk=verification.pk)
    )
    if fresh.record.state not in OPEN:
        raise refused("concluded", fresh.record.state_title)
    if fresh.record.state not in in_states:
        raise refused("wrong_state", fresh.record.state_title)
    if fresh.report.record.state == "returned":
        raise refused("report_returned")
    return fresh


def keep(
    verification: Verification, what: str, detail: Mapping[str, Any], *, by: Any, now: datetime, **content: Any
) -> None:
    """Write parts of the content, with a line in the audit trail."""
    verification.content = {**verification.content, **content}
    Verification.objects.filter(pk=verification.pk).update(content=verification.content)
    records.audit(by, f"{KIND}.{what}", KIND, str(verification.pk), dict(detail), now=now)


def happened(verification: Verification, *events: str, day: date) -> dict[str, str]:
    """The dates with these added; an event keeps its first date, but for those that may come again."""
    told = dict(verification.content.get("happened") or {})
    for event in events:
        if event not in told or event in ("answered", "concluded", "listed"):
            told[event] = day.isoformat()
    return told


def declare(verification: Verification, person: BodyPerson, *, text: str, by: Any, now: datetime) -> Declaration:
    """That the person has no interest in the unit. Given again it stays the first one. Raises `Refused` (person_foreign, text_missing)."""
    with refusing("declare", verification.pk, by=by, now=now), records.serial():
        fresh = locked_for_work(verification)
        if person.body_id != fresh.body_id:
            raise refused("person_foreign")
        if len(text.strip()) < 2:
            raise refused("text_missing")
        made, new = Declaration.objects.get_or_create(
            verification=fresh, person=person, defaults={"text": text.strip()[:500], "by": by, "at": now}
        )
        if new:
            records.audit(by, f"{KIND}.declare", KIND, str(fresh.pk), {"person": person.pk, "text": made.text}, now=now)
    return made


def begin(
    verification: Verification, *, technical: Sequence[int], site: Sequence[int], leader: int, by: Any, now: datetime
) -> None:
    """The groups take up their work. Raises `Refused` with the code of the rule that stands against them."""
    today = timezone.localdate(now)
    with refusing("begin", verification.pk, by=by, now=now), records.serial():
        fresh = locked_for_work(verification)
        body = known.body_of(known.bodies(type(fresh.body).objects.filter(pk=fresh.body_id))[0])
        unit, table = known.unit_of(fresh.report), known.rules_of(fresh.report)
        against = conflicts.of_body(body, unit, table, today) or conflicts.of_team(
            body,
            unit,
            technical=[str(each) for each in technical],
            site=[str(each) for each in site],
            leader=str(leader),
            declared=[str(each) for each in fresh.declarations.values_list("person", flat=True)],
            rules=table,
            today=today,
        )
        if against:
            raise refused_for(against)
        team = {"technical": list(technical), "site": list(site), "leader": leader}
        records.move(fresh.record, "begin", by=by, now=now)
        keep(fresh, "team", team, by=by, now=now, team=team, happened=happened(fresh, "begun", day=today))
    verification.refresh_from_db()


def items_of(verification: Verification) -> tuple[Mapping[str, Any], ...]:
    return rules.checklist_for(known.unit_of(verification.report).sectors)


def check(
    verification: Verification, item: str, *, verdict: str, ways: Iterable[str], note: str, by: Any, now: datetime
) -> CheckAnswer:
    """Fill in a line of the checklist; until the conclusion it may be changed, and each change is audited."""
    with refusing("check", verification.pk, by=by, now=now), records.serial():
        fresh = locked_for_work(verification)
        if fresh.record.state == "assigned":
            raise refused("wrong_state", fresh.record.state_title)
        line = next((each for each in items_of(fresh) if each["code"] == item), None)
        if line is None:
            raise NotFound(_("核查清单里没有这一条"))
        chosen = [way for way in rules.WAYS if way in set(ways)]
        if verdict in ("fails", "doubt") and len(note.strip()) < 2:
            raise refused("text_missing")
        given = {
            "verdict": CheckAnswer.Verdict(verdict),
            "ways": chosen,
            "note": note.strip()[:1000],
            "by": by,
            "at": now,
        }
        made, _new = CheckAnswer.objects.update_or_create(verification=fresh, item=item, defaults=given)
        detail = {"item": item, "verdict": verdict, "ways": chosen, "note": made.note}
        records.audit(by, f"{KIND}.check", KIND, str(fresh.pk), detail, now=now)
        told = fresh.content.get("happened") or {}
        if line["stage"] == "review" and "reviewed" not in told and not lacking(fresh, "review"):
            # The review is finished with its last line: from then on the list for the site is due.
            days_told = happened(fresh, "reviewed", day=timezone.localdate(now))
            keep(fresh, "reviewed", {}, by=by, now=now, happened=days_told)
    verification.refresh_from_db()
    return made


def lacking(verification: Verification, *stages: str) -> list[str]:
    """Lines of the checklist that nobody has filled in, or on the site left in doubt."""
    waived = bool((verification.content.get("site") or {}).get("waived"))
    answered = {each.item: each.verdict for each in verification.checks.all()}
    found = []
    for line in items_of(verification):
        if line["stage"] not in stages or (waived and line["stage"] == "site"):
            continue
        verdict = answered.get(line["code"])
        if verdict is None or (verdict == "doubt" and "site" in stages and not waived):
            found.append(str(line["code"]))
    return found


def plan_site(
    verification: Verification, *, first: date, last: date, places: str, topics: str, by: Any, now: datetime
) -> None:
    """The visit, told to the unit two working days ahead. Raises `Refused` (list_incomplete, notice_short, wrong_state)."""
    today = timezone.localdate(now)
    with refusing("site", verification.pk, by=by, now=now), records.serial():
        fresh = locked_for_work(verification)
        if fresh.record.state != "reviewing":
            raise refused("wrong_state", fresh.record.state_title)
        if open_lines := lacking(fresh, "review"):
            raise refused("list_incomplete", str(len(open_lines)))
        notice = int(known.rules_of(fresh.report)["days"]["notice"])
        if first < days.after(today, notice).day or last < first:
            raise refused("notice_short")
        plan = {
            "first": first.isoformat(),
            "last": last.isoformat(),
            "places": places.strip()[:500],
            "topics": topics.strip()[:1000],
        }
        told = happened(fresh, "site_list", day=today)
        keep(fresh, "site", plan, by=by, now=now, site=plan, happened=told)
    verification.refresh_from_db()
    what = _("现场核查定于 %(first)s 至 %(last)s，请做好准备") % {"first": first.isoformat(), "last": last.isoformat()}
    telling.unit(verification, what, now=now)


def may_waive(verification: Verification) -> bool:
    """Two years before without a non-conformity, and a review without doubt."""
    year, enterprise = verification.report.year, verification.report.enterprise
    for back in (1, 2):
        earlier = Verification.objects.filter(
            report__enterprise=enterprise, report__year=year - back, record__state="confirmed"
        )
        if not earlier.exists() or earlier.filter(findings__isnull=False).exists():
            return False
    doubtful = verification.checks.filter(Q(verdict="doubt") | Q(verdict="fails")).exists()
    return not doubtful and not lacking(verification, "review")


def waive_site(verification: Verification, *, consent: str, by: Any, now: datetime) -> None:
    """No visit: by the bureau alone, with the word of the province's consent. Raises `Refused` (visit_waived_not, text_missing)."""
    today = timezone.localdate(now)
    with refusing("waive", verification.pk, by=by, now=now), records.serial():
        fresh = locked_for_work(verification)
        if fresh.record.state != "reviewing" or not may_waive(fresh):
            raise refused("visit_waived_not")
        if len(consent.strip()) < 2:
            raise refused("text_missing")
        plan = {"waived": True, "consent": consent.strip()[:300]}
        told = happened(fresh, "visited", day=today)
        keep(fresh, "waive", plan, by=by, now=now, site=plan, happened=told)
    verification.refresh_from_db()


def visit(verification: Verification, *, by: Any, now: datetime) -> None:
    """The group is at the unit: from the first day of the plan on. Raises `Refused` (notice_short, wrong_state)."""
    today = timezone.localdate(now)
    with refusing("visit", verification.pk, by=by, now=now), records.serial():
        fresh = locked_for_work(verification)
        plan = fresh.content.get("site") or {}
        if not plan.get("first"):
            raise refused("wrong_state", fresh.record.state_title)
        if today < date.fromisoformat(plan["first"]):
            raise refused("notice_short")
        records.move(fresh.record, "visit", by=by, now=now)
        told = happened(fresh, "visited", day=max(today, date.fromisoformat(plan["last"])))
        keep(fresh, "visit", {"day": today.isoformat()}, by=by, now=now, happened=told)
    verification.refresh_from_db()


def population(verification: Verification, item: str) -> dict[str, str]:
    """What can be drawn for an item: a record's name → what it is. Item `*` is every value of the report."""
    found = {}
    for (facility, month, name, stream), value in values_of(verification.report.content or {}).items():
        if item in ("*", name) and value.value is not None:
            found["/".join((facility, month, name, stream))] = f"{value.value:g} {value.unit}"
    return found


def draw_sample(verification: Verification, item: str, *, reason: str = "", by: Any, now: datetime) -> SamplingPlan:
    """Draw once; a further sample of the item leaves out what was drawn before and needs a reason.

    Raises `Refused` (population_empty, sample_drawn).
    """
    with refusing("sample", verification.pk, by=by, now=now), records.serial():
        fresh = locked_for_work(verification)
        earlier = list(fresh.samples.filter(item=item))
        if earlier and len(reason.strip()) < 2:
            raise refused("sample_drawn")
        taken = {name for plan in earlier for name in (*plan.certain, *plan.drawn)}
        names = sorted(set(population(fresh, item)) - taken)
        if not names:
            raise refused("population_empty")
        house = known.rules_of(fresh.report)["house"]
        pointed = {
            "/".join(
                (
                    str(each.get("facility", "")),
                    str(each.get("month", "")),
                    str(each.get("item", "")),
                    str(each.get("stream", "")),
                )
            )
            for each in (fresh.report.content or {}).get("findings", ())
        }
        found = sampling.draw(
            names,
            seed=records.head().digest,
            matter=f"{known.key_of(fresh.report)}/{item}/{len(earlier) + 1}",
            confidence=float(house["confidence"]),
            tolerable=float(house["tolerable"]),
            certain=pointed,
        )
        made = SamplingPlan.objects.create(
            verification=fresh, item=item, number=len(earlier) + 1, population=names, certain=list(found.certain),
            drawn=list(found.drawn), confidence=found.confidence, tolerable=found.tolerable, seed=found.seed,
            reason=reason.strip()[:200], by=by, at=now,
        )  # fmt: skip
        detail = {
            "item": item,
            "seed": found.seed,
            "population": len(names),
            "size": found.size,
            "drawn": list(found.drawn),
        }
        records.audit(by, f"{KIND}.sample", KIND, str(fresh.pk), detail, now=now)
    return made


def sample_again(plan: SamplingPlan) -> tuple[str, ...]:
    """The draw repeated from what is kept."""
    found = sampling.draw(
        plan.population,
        seed=plan.seed,
        matter=f"{known.key_of(plan.verification.report)}/{plan.item}/{plan.number}",
        confidence=plan.confidence,
        tolerable=plan.tolerable,
        certain=plan.certain,
    )
    return found.drawn


def compare(verification: Verification, *, by: Any, now: datetime) -> Comparison:
    """Recompute the version that the verification stands on, and keep what was found with that version's digest."""
    with refusing("recompute", verification.pk, by=by, now=now), records.serial():
        fresh = locked_for_work(verification)
        found = recompute(fresh.report.content or {}, parameters_of(fresh))
        kept = told_comparison(found) | {"digest": fresh.report.digest, "at": now.isoformat()}
        keep(
            fresh, "recompute", {"digest": fresh.report.digest, "agrees": found.agrees}, by=by, now=now, comparison=kept
        )
    verification.refresh_from_db()
    return found


def parameters_of(verification: Verification) -> dict[str, Any]:
    return dict(known.rules_of(verification.report)["tolerance"])


def told_comparison(found: Comparison) -> dict[str, Any]:
    """A comparison as plain data."""

    def line(each: Any) -> dict[str, Any]:
        return {name: getattr(each, name) for name in each.__dataclass_fields__}

    return {
        "agrees": found.agrees,
        "rows": found.rows,
        "totals": [line(each) for each in found.totals],
        "facilities": [line(each) for each in found.facilities],
        "figures": [line(each) for each in found.figures],
        "differences": [line(each) for each in found.differences[:200]],
        "unchecked": [list(each) for each in found.unchecked[:200]],
    }
