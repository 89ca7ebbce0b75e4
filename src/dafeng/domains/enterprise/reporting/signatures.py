"""参数签认: what the bureau answers for among the parameters that no text confirms. Until then they stand as 待确认 and are not used."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import ParameterSignature
from dafeng.domains.enterprise.reporting.amounts import MOST
from dafeng.domains.enterprise.reporting.methods.parameters import Parameter, shipped
from dafeng.domains.enterprise.reporting.refusing import refusing
from dafeng.kernel.records import services as records


def signed() -> dict[str, dict[str, Any]]:
    """Parameter id → its signature, as `methods.parameters.load` takes it."""
    return {
        each.parameter: {
            "by": each.by.get_username(),
            "at": each.at.isoformat(),
            "reason": each.reason,
            "value": each.value,
        }
        for each in ParameterSignature.objects.select_related("by")
    }


def waiting() -> list[Parameter]:
    """Parameters that may not be used: memory, conflicts and gaps, in the order of their ids."""
    done = set(ParameterSignature.objects.values_list("parameter", flat=True))
    return sorted((each for each in shipped() if not each.usable and each.id not in done), key=lambda each: each.id)


def sign(parameter: str, *, value: float | None, reason: str, by: Any, now: datetime) -> ParameterSignature:
    """Answer for a parameter. Raises `Refused`: `unknown_parameter`, `no_reason`, `no_value`, `already_signed`."""
    with refusing("parameter-sign", "parameter", parameter[:120], by=by, now=now), records.serial():
        found = next((each for each in shipped() if each.id == parameter), None)
        if found is None:
            raise Refused("unknown_parameter", f"没有参数“{parameter[:60]}”", mend="请从列表中选")
        if not reason.strip():
            raise Refused("no_reason", "签认参数须写明依据", mend="请写明所依据的正式文本")
        if value is None and found.value is None:
            raise Refused("no_value", "这个参数没有数值，签认时须给出", expected=found.unit)
        if value is not None and not 0 <= value <= MOST:  # nor what is no number at all
            raise Refused("no_value", f"{value:g} 不是可用的数值", expected=f"{found.unit}，不小于 0")
        if found.usable or ParameterSignature.objects.filter(parameter=parameter).exists():
            raise Refused("already_signed", "这个参数已经可用，不需要签认")
        made = ParameterSignature.objects.create(parameter=parameter, value=value, reason=reason.strip(), by=by, at=now)
        detail = {
            "value": value if value is not None else found.value,
            "reason": made.reason,
            "standing": found.standing,
        }
        records.audit(by, "enterprise.parameter-signed", "parameter", parameter, detail, now=now)
    return made


def listed() -> list[ParameterSignature]:
    """What was signed, the newest first."""
    return list(ParameterSignature.objects.select_related("by").order_by("-at"))
