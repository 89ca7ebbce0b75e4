"""A small accepted plan for the tests of the API: a task and a project of the statistics bureau, and what moves through hands.

The text is read and accepted by the services; what the plan's own tests are about (reading, judging, scoring) is as small as
it can be here. Everything is dated by the real clock, because the operations read it.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils import timezone

from dafeng.domains.plan.models import (
    Assessment,
    Bulletin,
    Objection,
    Owner,
    Project,
    Question,
    Target,
    Task,
    Version,
    Warning,
)
from dafeng.domains.plan.services import (
    acceptance,
    assessments,
    bulletin_facts,
    bulletins,
    corrections,
    marking,
    plans,
    progress,
    reported,
    rubrics,
    warnings,
)
from dafeng.domains.plan.services.bulletin_facts import span_of
from dafeng.domains.plan.services.city import ensure_city
from dafeng.domains.plan.services.content import corrections_of, found_in, seen_digest
from dafeng.kernel.records import services as records

TEXT = """信阳市{name}实施方案
（2024—2030年）

一、主要目标
到2025年，非化石能源消费比重达到20%以上。

二、重点任务
（一）发展风电
到2025年，风电装机达到120万千瓦。（责任单位：市统计局）
（二）改造建筑
到2030年，新建绿色建筑占比达到90%。（责任单位：市住房城乡建设局）
"""
VALUE = "plan.reported.gdp_base"  # owed by the statistics bureau
BUREAU, COUNTY = "statistics", "411502"


class PlanWorld:
    """`office` keeps the plan; `clerk` is of the statistics bureau; each maker makes something new that waits for a step."""

    def __init__(self, city: Any, *, office: Any, clerk: Any) -> None:
        self.now, self.office, self.clerk = timezone.now(), office, clerk
        self.month = f"{timezone.localdate(self.now):%Y-%m}"
        self.city = ensure_city(city.code, city.name, city.name_en, counties=city.counties)
        version = self.read("碳达峰")
        acceptance.accept(version, seen=self.seen(version), alongside=False, by=office, now=self.now)
        self.plan = version.plan
        self.task = Task.objects.get(plan=self.plan, title="发展风电")
        self.reported = Task.objects.get(plan=self.plan, title="改造建筑")
        for task in (self.task, self.reported):
            task.owners.all().delete()
            Owner.objects.create(task=task, department=BUREAU, name="市统计局", role="lead")
        self.target = Target.objects.filter(plan=self.plan).first()
        Target.objects.filter(pk=self.target.pk).update(owner=BUREAU)
        self.target.refresh_from_db()
        self.project = Project.objects.create(
            plan=self.plan, key="p1", name="风电场", category="energy", place=COUNTY, owner=BUREAU, stage="building"
        )
        content = rubrics.default("counties").as_dict() | {"valid_from": "2023-01-01"}
        rubrics.new_edition(city.code, "counties", content, seen=0, reason="试验", by=office, now=self.now)
        self.open = self.assessed(2025)
        self.reviewed = self.assessed(2024, "review")
        self.announced = self.assessed(2023, "review", "announce")
        self.bulletin = self._bulletin()

    def read(self, name: str) -> Version:
        """A plan that was handed in and waits to be accepted."""
        made = plans.upload(
            self.city, TEXT.format(name=name).encode(), name=f"{name}.txt", plan=None, by=self.office, now=self.now
        )
        assert isinstance(made, Version)
        return made

    @staticmethod
    def seen(version: Version) -> str:
        return seen_digest(version, corrections_of(version.plan))

    @staticmethod
    def ref(version: Version) -> str:
        """The last item of a version."""
        return str(found_in(version).items[-1].ref)

    def correction(self) -> int:
        version = self.read("更正")
        made = corrections.drop(version, self.ref(version), reason="试验", by=self.office, now=self.now)
        return int(made.pk)

    def question(self, *steps: str) -> Question:
        payload = {"ask": [BUREAU], "targets": []}
        record = records.open_record("plan.question", title="疑问", payload=payload, by=self.office, now=self.now)
        for step in steps:
            records.move(record, step, by=self.office, now=self.now, reason="试验")
        number = Question.objects.count()
        return Question.objects.create(
            plan=self.plan, record=record, code="unclear", key=f"q{number}", quote="风电装机", question="单位是什么？"
        )

    def warning(self) -> Warning:
        made = warnings.raise_for(
            self.target, indicator="plan.x", light="red", title=f"规则{Warning.objects.count()}", period="2025", why="滞后",
            now=self.now, today=timezone.localdate(self.now),
        )  # fmt: skip
        assert made is not None
        return made

    def value(self, period: str) -> Any:
        """A value that the statistics bureau's colleague handed in."""
        given = reported.checked(
            VALUE, subject="411500", period=period, today=timezone.localdate(self.now), value=30.0, source="台账"
        )
        return reported.submit(given, by=self.office, now=self.now)

    def progress(self) -> Any:
        """What the bureau handed in for this month."""
        values = {"period": self.month, "text": "做了一半"}
        return progress.write(self.reported, values, reporter=BUREAU, seen="", by=self.clerk, now=self.now, submit=True)

    def assessed(self, year: int, *steps: str) -> Assessment:
        made = assessments.open_year("411500", "counties", year, by=self.office, now=self.now)
        for step in steps:
            seen = marking.token(made.marks.all())
            made = assessments.step(made, step, seen=seen, by=self.office, now=self.now)
        return made

    def objection(self, by: Any) -> Objection:
        return assessments.object_to(self.announced, COUNTY, indicator="", text="有误", by=by, now=self.now)

    def marks_seen(self, assessment: Assessment) -> str:
        return marking.token(assessment.marks.filter(subject=COUNTY))

    def _bulletin(self) -> Bulletin:
        span = span_of("year", "2025")
        facts = bulletin_facts.gather("411500", span, span.last)
        content = {
            "format": "dafeng.bulletin/1", "city": "411500", "city_name": "信阳市", "kind": "year", "period": "2025",
            "issuer": "双碳办", "reference": "", "dated": str(date(2026, 1, 5)), "facts": facts,
        }  # fmt: skip
        file = records.store_evidence(
            b"PK",
            name="通报.docx",
            media_type=bulletins.WORD,
            by=self.office,
            now=self.now,
            source="平台编制",
        )
        return Bulletin.objects.create(
            city="411500", kind="year", period="2025", content=content, digest=bulletin_facts.digest(facts),
            made_at=self.now, made_by=self.office, word=file,
        )  # fmt: skip
