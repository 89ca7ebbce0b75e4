"""Enter one of the city's own factors, or a new version of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from dafeng.domains.inventory import factor_words as words
from dafeng.domains.inventory import factors_shown as shown
from dafeng.domains.inventory import library, permissions, services
from dafeng.domains.inventory.factor_forms import EVIDENCE_KINDS, OwnFactorForm
from dafeng.domains.inventory.models import City, CityFactor
from dafeng.domains.inventory.runs import city_of, english
from dafeng.kernel.actions import asks
from dafeng.kernel.errors import FactorError, NotFound, StaleError

_SHOWN = ("parameter", "category", "item", "technology", "place", "year", "value", "unit", "lower", "upper", "source")


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.SET_FACTOR)
def enter(request: HttpRequest, code: str) -> HttpResponse:
    """`?id=` opens a new version of an own factor, `?like=` a value of the city's own in place of a factor of the package."""
    city = city_of(code)
    last = _last(city, request)
    status = 200
    if request.method == "POST":
        form = OwnFactorForm(request.POST, request.FILES, city=city, known=last is not None)
        if form.is_valid():
            try:
                made = _save(request, city, form.cleaned_data)
            except FactorError as error:
                form.add_error(None, str(error))
            except StaleError as error:
                return _stale(request, city, error)
            else:
                messages.success(request, _("%(id)s 第 %(version)s 版已录入。重新编制清单后生效。") % {"id": made.factor_id, "version": made.version})  # fmt: skip
                return redirect(words.address(city, f"{made.factor_id}#{made.version}"))
        status = 422
    else:
        form = OwnFactorForm(initial=_initial(city, last, request), city=city, known=last is not None)
    return render(request, "inventory/factors/own.html", _context(city, form, last), status=status)


def _stale(request: HttpRequest, city: City, error: StaleError) -> HttpResponse:
    """Somebody else was faster: their version is shown beside what this person typed, which stays and may be sent again."""
    factor_id = request.POST["factor_id"].strip()
    last = CityFactor.objects.filter(city=city, factor_id=factor_id).order_by("-version").first()
    data = request.POST.copy()
    data["expected_version"] = str(last.version if last else 0)
    form = OwnFactorForm(data, city=city, known=last is not None)
    form.is_valid()
    form.add_error(None, _("%(what)s。下面是最新一版，您填写的内容还在；确认无误后可以再次保存为新的一版（凭证文件要重新选择）。") % {"what": error.what})  # fmt: skip
    return render(request, "inventory/factors/own.html", _context(city, form, last), status=409)


def _context(city: City, form: OwnFactorForm, last: CityFactor | None) -> dict[str, Any]:
    names = library.item_names_en() if english() else library.item_names()
    return {"city": city, "form": form, "last": last, "items": sorted(names.items())}


def _last(city: City, request: HttpRequest) -> CityFactor | None:
    """The newest version of the factor that the address names."""
    asked = request.GET.get("id", "").replace("\0", "").strip()[:120]
    if not asked:
        return None
    found = CityFactor.objects.filter(city=city, factor_id=asked).order_by("-version").first()
    if found is None:
        raise NotFound(_("本市没有因子“%(id)s”") % {"id": asked}, mend=_("请从“本市因子”中选择，或录入新因子"))
    return found


def _initial(city: City, last: CityFactor | None, request: HttpRequest) -> dict[str, Any]:
    if last is not None:
        return {name: getattr(last, name) for name in _SHOWN} | {
            "factor_id": last.factor_id,
            "expected_version": last.version,
            "source": "",
        }
    like = shown.by_id(request.GET.get("like", ""))
    about = {name: like[name] for name in ("parameter", "category", "item", "technology", "unit")} if like else {}
    return about | {"expected_version": 0, "place": city.code}


def _save(request: HttpRequest, city: City, told: dict[str, Any]) -> CityFactor:
    file = told.pop("evidence")
    kept = (file, file.name, EVIDENCE_KINDS[Path(file.name).suffix.lower()]) if file else None
    return services.enter_city_factor(
        city, told.pop("factor_id"), by=request.user, now=timezone.now(), file=kept, **told
    )
