"""The use-cases of factors: the city's own, in versions, and the signatures under those of unsure standing.

Part of the domain's services (`services` offers them by name). `now` and the person are always arguments.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import polars as pl
from django.db import transaction

from dafeng.domains.inventory import library
from dafeng.domains.inventory.models import City, CityFactor, FactorSignature
from dafeng.kernel.accounting import factor_frame
from dafeng.kernel.accounting.status import UNSIGNED
from dafeng.kernel.errors import FactorError, PermissionDenied, StaleError
from dafeng.kernel.quantities import units
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Evidence


def city_factors(city: City) -> pl.DataFrame:
    """The newest version of each of the city's own factors, as factor rows of set `municipal`."""
    newest: dict[str, CityFactor] = {}
    for factor in CityFactor.objects.filter(city=city).order_by("version"):
        newest[factor.factor_id] = factor
    names = (
        "parameter",
        "category",
        "item",
        "technology",
        "place",
        "year",
        "value",
        "unit",
        "lower",
        "upper",
        "source",
    )
    return factor_frame(
        [
            {name: getattr(factor, name) for name in names}
            | {
                "factor_id": f"{factor.factor_id}#{factor.version}",
                "set": "municipal",
                "owner": "municipal",
                "standing": "municipal",
            }
            for factor in newest.values()
        ]
    )


@transaction.atomic
def set_city_factor(
    city: City,
    factor_id: str,
    *,
    parameter: str,
    value: float,
    unit: str,
    source: str,
    by: Any,
    now: datetime,
    place: str = "",
    category: str = "",
    item: str = "",
    technology: str = "",
    year: int | None = None,
    lower: float | None = None,
    upper: float | None = None,
    evidence: Evidence | None = None,
    expected_version: int | None = None,
) -> CityFactor:
    """Add a version of one of the city's own factors; earlier versions stay, and runs keep the one they used.

    `expected_version` is the newest version that the person has seen, 0 for a new factor. Raises `StaleError` when there
    is a newer one, and `FactorError` for a parameter that no method asks for, a unit that does not fit it, bounds that
    do not hold the value, or a missing source.
    """
    asked = library.units_of(parameter)
    if not asked:
        raise FactorError(f"没有方法用到参数“{parameter}”", mend="可用 dafeng method show 查看方法的参数名")
    if not any(units.convertible(unit, wanted) for wanted in asked):
        raise FactorError(f"参数 {parameter} 的单位“{unit}”不对", expected="、".join(sorted(asked)))
    if not source.strip() or not math.isfinite(value):
        raise FactorError("本市因子要有数值和出处", expected="监测报告或文件名称")
    if not all(math.isfinite(bound) for bound in (lower, upper) if bound is not None):
        raise FactorError("下限和上限要是有限的数")
    if (lower is not None and lower > value) or (upper is not None and upper < value):
        raise FactorError("数值不在下限和上限之间", expected="下限 ≤ 数值 ≤ 上限")
    last = CityFactor.objects.select_for_update().filter(city=city, factor_id=factor_id).order_by("-version").first()
    newest = last.version if last else 0
    if expected_version is not None and expected_version != newest:
        raise StaleError(
            f"因子“{factor_id}”已经有第 {newest} 版" if newest else f"因子“{factor_id}”还没有版本",
            mend="请重新打开这个因子，看过最新一版后再录入；您填写的内容没有保存",
        )
    actor = by.get_username() if by else "system"
    factor = CityFactor.objects.create(
        city=city, factor_id=factor_id, version=newest + 1, parameter=parameter, category=category,
        item=item, technology=technology, place=place or city.code, year=year, value=value, unit=unit, lower=lower,
        upper=upper, source=source, evidence=evidence, entered_by=actor, entered_at=now,
    )  # fmt: skip
    records.audit(
        actor, "factor.set", "factor", f"{factor_id}#{factor.version}", {"value": value, "unit": unit}, now=now
    )
    return factor


def fingerprint(factor: Mapping[str, Any]) -> str:
    """SHA-256 of a factor row as it stands: a signature is for this value, not for whatever the id may mean later."""
    content = {
        name: factor[name] for name in ("factor_id", "set", "parameter", "value", "unit", "lower", "upper", "source")
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


@transaction.atomic
def enter_city_factor(
    city: City,
    factor_id: str,
    *,
    by: Any,
    now: datetime,
    file: tuple[Any, str, str] | None = None,
    **fields: Any,
) -> CityFactor:
    """`set_city_factor` with its evidence: the file (content, name, media type) is kept only if the factor is."""
    with records.serial():
        evidence = None
        if file is not None:
            content, name, media_type = file
            source = f"本市因子 {factor_id}"
            evidence = records.store_evidence(content, name=name, media_type=media_type, by=by, now=now, source=source)
        return set_city_factor(city, factor_id, by=by, now=now, evidence=evidence, **fields)


@transaction.atomic
def sign_factor(factor_id: str, *, by: Any, reason: str, now: datetime, shown: str = "") -> FactorSignature:
    """A reviewer vouches for a factor of unsure standing.

    `shown` is the fingerprint of the row that the reviewer has looked at. Raises `StaleError` when the row is no longer
    that one, `FactorError` where there is nothing to sign.
    """
    if by is None or "ecology" not in records.roles_of(by):
        raise PermissionDenied("只有生态环境局的审核人可以签认因子")
    if not reason.strip():
        raise FactorError("签认要写明理由", expected="核对了什么、依据何处")
    found = library.factors().filter(pl.col("factor_id") == factor_id)
    if not found.height:
        raise FactorError(f"没有因子“{factor_id}”")
    row = found.row(0, named=True)
    if row["standing"] not in UNSIGNED or row["value"] is None:
        raise FactorError(f"因子“{factor_id}”无需签认（状态为 {row['standing']}）")
    present = fingerprint(row)
    if shown and shown != present:
        raise StaleError(
            f"因子“{factor_id}”在您打开页面以后有改动", mend="没有签认。请重新打开这个因子，核对现在的数值后再签认"
        )
    with records.serial():
        if FactorSignature.objects.filter(factor_id=factor_id, fingerprint=present, withdrawn_at=None).exists():
            raise FactorError(f"因子“{factor_id}”已经签认过", mend="无需再签；如有异议，可先撤回原来的签认")
        signature = FactorSignature.objects.create(
            factor_id=factor_id, fingerprint=present, reviewer=by.get_username(), reason=reason, signed_at=now
        )
        records.audit(
            by.get_username(), "factor.sign", "factor", factor_id, {"reason": reason, "value": row["value"]}, now=now
        )
    return signature


def withdraw_signature(signature: FactorSignature, *, by: Any, reason: str, now: datetime) -> FactorSignature:
    """Take a signature back; it stays, with its day, and the reason goes to the audit chain. The next compile counts it no more."""
    if by is None or "ecology" not in records.roles_of(by):
        raise PermissionDenied("只有生态环境局的审核人可以撤回签认")
    if not reason.strip():
        raise FactorError("撤回签认要写明理由", expected="发现了什么问题")
    with records.serial():
        locked = FactorSignature.objects.select_for_update().get(pk=signature.pk)
        if locked.withdrawn_at is not None:
            raise StaleError(f"因子“{locked.factor_id}”的这次签认已经撤回", mend="请刷新页面")
        locked.withdrawn_at = now
        locked.save(update_fields=["withdrawn_at"])
        detail = {"reason": reason, "signature": locked.pk, "reviewer": locked.reviewer}
        records.audit(by.get_username(), "factor.unsign", "factor", locked.factor_id, detail, now=now)
    return locked


def signed_factors() -> list[str]:
    """Ids of factors whose present row a reviewer has signed."""
    signatures = dict(FactorSignature.objects.filter(withdrawn_at=None).values_list("factor_id", "fingerprint"))
    rows = library.factors().filter(pl.col("factor_id").is_in(list(signatures)))
    return [row["factor_id"] for row in rows.iter_rows(named=True) if fingerprint(row) == signatures[row["factor_id"]]]
