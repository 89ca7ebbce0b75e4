"""The public site: what is published and nothing else, as pages, files and frames."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import threading
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import polars as pl
import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.urls.exceptions import NoReverseMatch

from tests.portal.conftest import NOW, ROWS, SIZES, faults
from tests.portal.public_addresses import PUBLIC


@pytest.fixture
def open_city(city):
    from dafeng.domains.disclosure import services

    return services.ensure_city(
        city.code, city.name, city.name_en, counties=city.counties, boundary=city.boundary, boundary_note="试验"
    )


@pytest.fixture
def publish(person):
    """Publishes a run as if nothing kept it back: this page is about showing, not about completeness."""
    from dafeng.domains.inventory import services

    reviewer = person("ecology", "reviewer")

    def make(run, *, now=NOW):
        for row in run.summary["years"].values():
            row["status"] = 0
        run.save()
        return services.publish_run(run, by=reviewer, now=now)

    return make


@pytest.fixture
def second_run(run, city):
    """The same city with another gas reading for 2021: 150 instead of 120."""
    from dafeng.domains.inventory import services

    def make():
        rows = pl.DataFrame([ROWS[1] | {"value": 150.0}]).with_columns(
            pl.lit("").alias("technology"), pl.lit("statistic").alias("basis"), pl.lit("修订").alias("source")
        )
        services.load_batch(city, rows, title="修订批次", source="upload", by=None, now=NOW)
        return services.compile_city(city, edition="gl2025", gwp="AR5", by=None, now=NOW)

    return make


def total(run, year: int) -> float:
    return run.summary["years"][str(year)]["gross"]


# ---------------------------------------------------------------- published or not


def test_a_demo_without_a_publication_shows_its_draft_and_says_so(client, open_city, run, settings) -> None:
    settings.DEMO = True
    for address in ("/open/411500/", "/open/411500/data/draft/", "/open/411500/embed/trend/"):
        assert "演示数据·草稿，未发布" in client.get(address).content.decode()
    package = json.loads(client.get("/open/411500/data/draft/datapackage.json").getvalue())
    assert package["draft"] is True
    assert "未发布" in package["title"]


def test_without_a_publication_no_number_is_shown_outside_a_demo(client, open_city, run, settings) -> None:
    settings.DEMO = False
    page = client.get("/open/411500/").content.decode()
    assert "还没有公布" in page
    for address in (
        "data/latest/",
        "data/draft/",
        "data/draft/emissions.csv",
        "data/latest/emissions.csv",
        "embed/",
        "embed/trend/",
    ):
        assert client.get(f"/open/411500/{address}").status_code == 404, address


def test_a_publication_is_shown_under_its_version_and_a_later_draft_is_not(
    client, open_city, run, publish, second_run, settings
) -> None:
    settings.DEMO = False
    publish(run)
    newer = second_run()
    assert newer.number == 2
    assert total(newer, 2021) > total(run, 2021)
    rows = json.loads(client.get("/open/411500/data/v1/emissions.json").getvalue())
    shown = {row["year"]: row["value"] for row in rows["rows"] if row["indicator"] == "inventory.co2e.gross"}
    assert shown == {2020: total(run, 2020), 2021: total(run, 2021)}
    assert rows["draft"] is False
    assert client.get("/open/411500/data/v2/").status_code == 404
    assert client.get("/open/411500/data/draft/").status_code == 404
    assert "草稿，未发布" not in client.get("/open/411500/").content.decode()


def test_a_second_publication_says_what_changed_and_the_first_stays_at_its_address(
    client, open_city, run, publish, second_run
) -> None:
    publish(run)
    first = client.get("/open/411500/data/v1/emissions.csv")
    before = b"".join(first.streaming_content)
    newer = second_run()
    publish(newer, now=NOW + timedelta(days=1))
    assert b"".join(client.get("/open/411500/data/v1/emissions.csv").streaming_content) == before
    assert client.get("/open/411500/data/latest/emissions.csv").url == "/open/411500/data/v2/emissions.csv"
    page = client.get("/open/411500/").content.decode()
    changes = page.split('id="changes"')[1].split('id="method"')[0]
    assert ">2021<" in changes
    assert ">2020<" not in changes  # 2020 was not revised


def test_publishing_a_run_twice_makes_one_version(run, publish) -> None:
    from dafeng.kernel.indicators.models import Run

    publish(run)
    publish(run)
    assert Run.objects.filter(variant="public").count() == 1


def test_the_headline_compares_years_only_where_both_are_complete(client, open_city, run, settings) -> None:
    settings.DEMO = True
    page = client.get("/open/411500/?year=2021").content.decode()
    sentence = page.split('class="sentence"')[1].split("</p>")[0]
    assert "比上一年" not in sentence
    assert "不能当作真实的增减" in page


@pytest.mark.parametrize("address", ["/open/310000/", "/open/411500/?year=1066", "/open/411500/data/v99/", "/open/411500/data/v1/passwd", "/open/411500/embed/x/", "/open/411500/embed/map/", "/open/411500/embed/trend/?lang=fr"])  # fmt: skip
def test_an_address_that_makes_no_sense_gets_a_clear_answer(client, open_city, run, publish, address) -> None:
    publish(run)
    answer = client.get(address)
    assert answer.status_code == 404
    assert "<h1>" in answer.content.decode()


# ---------------------------------------------------------------- files


def test_the_package_says_what_it_holds_and_its_hashes_are_those_of_its_files(client, open_city, run, publish) -> None:
    publish(run)
    content = b"".join(client.get("/open/411500/data/v1/package.zip").streaming_content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        package = json.loads(archive.read("datapackage.json"))
        for resource in package["resources"]:
            held = archive.read(resource["path"])
            assert resource["bytes"] == len(held)
            assert resource["hash"] == f"sha256:{hashlib.sha256(held).hexdigest()}"
            rows = list(csv.DictReader(io.StringIO(held.decode())))
            assert list(rows[0]) == [field["name"] for field in resource["schema"]["fields"]]
    assert package["licenses"][0]["name"] == "CC-BY-4.0"
    assert package["sources"]
    numbers = list(csv.DictReader(io.StringIO(zipfile.ZipFile(io.BytesIO(content)).read("emissions.csv").decode())))
    gross = [row for row in numbers if row["indicator"] == "inventory.co2e.gross" and row["year"] == "2021"]
    assert [(float(row["value"]), row["unit"], row["subject"]) for row in gross] == [
        (total(run, 2021), "t CO2e", "411500")
    ]


def test_a_value_that_is_missing_is_empty_with_its_notation_and_never_zero(client, open_city, run, publish) -> None:
    publish(run)
    rows = json.loads(client.get("/open/411500/data/v1/emissions.json").getvalue())["rows"]
    assert all((row["value"] is None) == bool(row["notation"]) for row in rows)


def test_files_are_cached_for_five_minutes_and_then_asked_after(client, open_city, run, publish) -> None:
    publish(run)
    first = client.get("/open/411500/data/v1/emissions.csv")
    assert first["Cache-Control"] == "max-age=300, public"
    again = client.get("/open/411500/data/v1/emissions.csv", headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304
    client.get("/open/411500/")  # the first visit brings the cookie of the form token, on which the page depends
    page = client.get("/open/411500/")
    assert page["Cache-Control"] == "max-age=300, private"
    assert client.get("/open/411500/", headers={"If-None-Match": page["ETag"]}).status_code == 304


def test_a_person_who_is_signed_in_gets_no_cached_page(client, open_city, run, publish, person) -> None:
    publish(run)
    client.force_login(person("citizen"))
    assert "ETag" not in client.get("/open/411500/")


def test_the_sizes_on_the_page_are_those_of_the_files(client, open_city, run, publish) -> None:
    from dafeng.domains.disclosure import numbers, releases

    publish(run)
    for name, file in releases.files(numbers.edition(open_city)).items():
        answer = client.get(f"/open/411500/data/v1/{name}")
        content = b"".join(answer.streaming_content)
        assert (len(content), hashlib.sha256(content).hexdigest()) == (file.size, file.sha256)


def test_schema_org_is_a_linked_file_and_no_script(client, open_city, run, publish) -> None:
    publish(run)
    page = client.get("/open/411500/").content.decode()
    assert "application/ld+json" in page
    assert "<script type=" not in page.replace("<script src", "")
    assert json.loads(client.get("/open/411500/data/v1/dataset.jsonld").getvalue())["@type"] == "Dataset"


# ---------------------------------------------------------------- frames

SAMPLES = {"code": "411500", "version": "latest", "what": "trend", "name": "emissions.csv", "format": "csv"}


def addresses(patterns=None, space: tuple[str, ...] = (), taken: dict[str, Any] | None = None) -> Iterator[str]:
    """An address for every named pattern of the site; ids are those of nobody."""
    for each in get_resolver().url_patterns if patterns is None else patterns:
        found = (taken or {}) | each.pattern.converters
        if isinstance(each, URLResolver):
            yield from addresses(each.url_patterns, (*space, *filter(None, [each.namespace])), found)
        elif isinstance(each, URLPattern) and each.name:
            kwargs = {
                name: SAMPLES.get(name, "x") if type(kind).__name__ == "StringConverter"
                else "00000000-0000-4000-8000-000000000000" if "UUID" in type(kind).__name__
                else 1
                for name, kind in found.items()
            }  # fmt: skip
            try:
                yield reverse(":".join((*space, each.name)), kwargs=kwargs)
            except NoReverseMatch:
                # A pattern of somebody else's with a rule of its own for its parts.
                assert "disclosure" not in space


def test_no_other_page_than_an_embed_can_be_framed(client, open_city, run, publish) -> None:
    publish(run)
    seen = sorted(set(addresses()))
    assert len(seen) > 60
    framed = []
    for address in seen:
        answer = client.get(address)
        policy = answer.get("Content-Security-Policy", "")
        if answer.get("X-Frame-Options") != "DENY" or "frame-ancestors 'none'" not in policy:
            framed.append(address)
    assert framed == ["/open/411500/embed/trend/"]
    answer = client.get("/open/411500/embed/trend/")
    assert "frame-ancestors *" in answer["Content-Security-Policy"]
    assert "script-src 'self'" in answer["Content-Security-Policy"]
    assert answer["Cache-Control"] == "max-age=300, public"


def test_an_embed_that_is_refused_cannot_be_framed_either(client, open_city, run) -> None:
    assert client.get("/open/411500/embed/nonsense/")["X-Frame-Options"] == "DENY"


def test_an_embed_holds_no_form_no_cookie_and_no_script(client, open_city, run, publish) -> None:
    publish(run)
    for what in ("figure", "trend", "sectors", "gases"):
        answer = client.get(f"/open/411500/embed/{what}/")
        page = answer.content.decode()
        assert answer.status_code == 200
        assert not answer.cookies
        assert "<form" not in page
        assert "<script" not in page


def test_the_map_is_embedded_only_with_its_approval_number(client, open_city, run, publish, settings) -> None:
    publish(run)
    assert client.get("/open/411500/embed/map/").status_code == 404
    settings.MAP_APPROVAL = "GS(2024)0000号"
    page = client.get("/open/411500/embed/map/")
    assert page.status_code == 200
    assert "GS(2024)0000号" in page.content.decode()


# ---------------------------------------------------------------- speed, rights, browser


@pytest.fixture
def demo(open_city, person):
    from dafeng.domains.disclosure import services

    person("ecology"), person("ndrc")
    assert services.ensure_demo(open_city, now=NOW)
    assert not services.ensure_demo(open_city, now=NOW)
    return open_city


def desk_addresses() -> list[str]:
    from dafeng.domains.disclosure.models import Duty, Exposure, Filing, Voice

    return [
        "/open/411500/desk/register/", "/open/411500/desk/register/new/", "/open/411500/desk/register/import/",
        "/open/411500/desk/voices/", "/open/411500/desk/cases/", "/open/411500/desk/cases/new/",
        f"/open/duties/{Duty.objects.first().pk}/", f"/open/duties/{Duty.objects.last().pk}/file/",
        f"/open/filings/{Filing.objects.first().record_id}/", f"/open/voices/{Voice.objects.first().record_id}/",
        f"/open/cases/{Exposure.objects.first().record_id}/",
    ]  # fmt: skip


def test_every_page_makes_at_most_twelve_queries(client, demo, run, person, django_assert_max_num_queries) -> None:
    from dafeng.domains.disclosure import desk

    desk.first_city()
    from dafeng.portal.accounts.models import User

    client.force_login(User.objects.get(username="ecology"))
    for address in (*PUBLIC, *desk_addresses()):
        client.get(address, follow=True)  # what is kept between requests (the numbers of an edition, the first city)
        with django_assert_max_num_queries(12, info=address):
            assert client.get(address).status_code in (200, 302), address
    client.force_login(person("enterprise", "firm"))
    with django_assert_max_num_queries(12):
        client.get("/open/own/")


def test_every_view_of_the_domain_names_its_action() -> None:
    from dafeng.domains.disclosure import urls

    assert len(urls.urlpatterns) > 35
    assert [each.name for each in urls.urlpatterns if not hasattr(each.callback, "action")] == []


def test_the_demo_is_marked_as_made_up(client, demo, run) -> None:
    page = client.get("/open/411500/register/").content.decode()
    assert "虚构" in page
    names = [part.split("<")[0] for part in page.split('<th scope="row" class="wide">')[1:]]
    assert names
    assert all("示例" in name for name in names)
    assert "示例，非真实案例" in client.get("/open/411500/cases/").content.decode()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("size", SIZES)
def test_the_public_pages_are_accessible_and_fit_the_screen(open_page, demo, run, settings, size) -> None:
    settings.MAP_APPROVAL = "GS(2024)0000号"
    page = open_page(size)
    for address in (*PUBLIC, "/open/411500/embed/map/"):
        page.goto(address)
        assert faults(page) == [], address


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_citizen_without_javascript_reports_and_follows_on_a_phone(browser, live_server, demo, run) -> None:
    context = browser.new_context(
        java_script_enabled=False, viewport={"width": 390, "height": 844}, locale="zh-CN", base_url=live_server.url
    )
    page = context.new_page()
    page.goto("/open/411500/")
    page.get_by_role("main").get_by_role("link", name="举报与提问").click()
    page.get_by_label("内容").fill("河边有黑水，气味很大。")
    page.get_by_role("button", name="提交").click()
    code = page.locator(".receipt").inner_text()
    page.get_by_role("link", name="查看办理情况").click()
    page.get_by_label("回执编号").fill(code)
    page.get_by_role("button", name="查看").click()
    assert page.locator(".decided").get_by_text("已收到").first.is_visible()
    assert code not in page.url
    context.close()


@pytest.fixture
def foreign_site() -> Iterator[Any]:
    """A site of somebody else's, on a port of its own: `set(html)` says what it serves, `address` where."""

    class Page(BaseHTTPRequestHandler):
        html = b""

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(Page.html)

        def log_message(self, *_: Any) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()

    def serve(html: str) -> str:
        Page.html = html.encode()
        return f"http://127.0.0.1:{server.server_port}/"

    yield serve
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_browser_frames_the_embed_and_nothing_else(browser, live_server, demo, run, foreign_site) -> None:
    context = browser.new_context(locale="zh-CN")
    page = context.new_page()
    frames = "".join(
        f'<iframe id="{name}" src="{live_server.url}{address}"></iframe>'
        for name, address in (("a", "/open/411500/embed/figure/"), ("b", "/open/411500/"))
    )
    with page.expect_console_message(lambda said: "frame" in said.text.lower()) as refused:
        page.goto(foreign_site(f"<title>x</title>{frames}"))
    page.frame_locator("#a").get_by_role("heading", level=1).wait_for()
    assert "frame-ancestors 'none'" in refused.value.text
    assert page.frame_locator("#b").get_by_role("heading", level=1).count() == 0
    context.close()


def test_the_language_of_an_embed_can_be_fixed(client, open_city, run, publish) -> None:
    publish(run)
    assert '<html lang="en"' in client.get("/open/411500/embed/figure/?lang=en").content.decode()
    assert '<html lang="zh-hans"' in client.get("/open/411500/embed/figure/?lang=zh-hans").content.decode()
