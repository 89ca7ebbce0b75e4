"""Bulletins over HTTP: make one, read its snapshot, see what has changed since, fetch its files."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.http import FileResponse, HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router, Schema, Status
from pydantic import Field

from dafeng.domains.plan import bulletin_words, permissions
from dafeng.domains.plan.models import Bulletin
from dafeng.domains.plan.services import bulletins as services
from dafeng.domains.plan.services.city import first_city
from dafeng.kernel.actions import asks
from dafeng.kernel.api import words
from dafeng.kernel.api.freshness import answer_headers
from dafeng.kernel.api.paging import Page, Paging, page
from dafeng.kernel.errors import NotFound
from dafeng.kernel.jobs import services as jobs

router = Router(tags=["bulletins"])
Kind = Literal["month", "half-year", "year"]


class BulletinOut(Schema):
    id: int
    kind: Kind
    period: str
    number: int
    digest: str
    made_at: datetime
    made_by: str


class BulletinCard(BulletinOut):
    title: str
    content: dict[str, Any]


class BulletinIn(Schema):
    kind: Kind
    period: str = Field(max_length=7)
    issuer: str = Field(min_length=1, max_length=60)
    reference: str = Field("", max_length=60)


class BulletinJob(Schema):
    job: UUID


class BulletinChange(Schema):
    table: str
    row: str
    field: str
    before: str
    after: str


words.describe(
    within="BulletinOut",
    kind=_("month 月度、half-year 半年、year 年度"),
    period=_("2026-10、2026H1 或 2026"),
    number=_("同一时期第几次编制"),
    digest=_("所依据的数的摘要"),
    made_at=_("编制时间"),
    made_by=_("编制人"),
)
words.describe(within="BulletinCard", content=_("编制时的数，原样保存"))
words.describe(
    within="BulletinIn", period=_("2026-10、2026H1 或 2026"), issuer=_("发文机关"), reference=_("文号；没有就空着")
)
words.describe(within="BulletinJob", job=_("编制通报的后台任务"))
words.describe(
    within="BulletinChange", table=_("哪一部分"), row=_("哪一条；空为总数"), field=_("哪个字段；空为整条"), before=_("编制时"),
    after=_("现在"),
)  # fmt: skip


def _row(found: Bulletin) -> dict[str, Any]:
    names = ("kind", "period", "number", "digest", "made_at")
    by = found.made_by
    return {name: getattr(found, name) for name in names} | {"id": found.pk, "made_by": by.get_username() if by else "system"}  # fmt: skip


@router.get("/bulletins", response=Page[BulletinOut], summary=_("各期通报和报告"))
@asks(permissions.SEE_WORK)
def list_bulletins(request: HttpRequest, query: Query[Paging]) -> Any:
    rows = Bulletin.objects.select_related("made_by").filter(services.visible(request.user), city=first_city())
    return page(request, rows.order_by("-made_at"), query, _row)


@router.post("/bulletins", response={202: BulletinJob}, summary=_("编制一份通报或报告"))
@asks(permissions.BULLETIN)
def make_bulletin(request: HttpRequest, given: BulletinIn) -> Any:
    """202 with the job that makes it."""
    city, now = first_city(), timezone.now()
    span = services.check(given.kind, given.period, now=now)
    job = jobs.start(
        "plan.bulletin", by=request.user, now=now, parameters={"city": city, **given.dict(), "period": span.period},
        key=f"{city}-{span.kind}-{span.period}",
    )  # fmt: skip
    answer_headers(request)["Location"] = f"/api/jobs/{job.pk}"
    return Status(202, {"job": job.pk})


@router.get("/bulletins/{int:id}", response=BulletinCard, summary=_("一份通报编制时的数"))
@asks(permissions.SEE_WORK)
def show_bulletin(request: HttpRequest, id: int) -> Any:
    found = services.bulletin_of(request.user, id)
    return _row(found) | {"title": bulletin_words.title_of(found.content), "content": found.content}


@router.get("/bulletins/{int:id}/changes", response=Page[BulletinChange], summary=_("编制以后变了哪些数；空为没有过时"))
@asks(permissions.SEE_WORK)
def list_bulletin_changes(request: HttpRequest, id: int, query: Query[Paging]) -> Any:
    return page(request, services.changed(services.bulletin_of(request.user, id)), query)


@router.get(
    "/bulletins/{int:id}/files/{form}",
    summary=_("通报的 Word 或 PDF 文件"),
    response={200: None},
    openapi_extra={"responses": {200: {"content": {services.WORD: {}, services.PDF: {}}}}},
)
@asks(permissions.SEE_WORK)
def download_bulletin(request: HttpRequest, id: int, form: Literal["docx", "pdf"]) -> Any:
    found = services.bulletin_of(request.user, id)
    kept = {"docx": found.word, "pdf": found.pdf}[form]
    if kept is None:
        raise NotFound(str(_("没有这种文件")))
    return FileResponse(kept.file.open("rb"), as_attachment=True, filename=kept.name, content_type=kept.media_type)
