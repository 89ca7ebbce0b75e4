"""What ninja writes of the API, completed to a description that stands alone: actions, scopes, errors, headers, words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from ninja import Schema

from dafeng import __version__
from dafeng.kernel.actions import PUBLIC, Action
from dafeng.kernel.api import words
from dafeng.portal.api.problems import MEDIA_TYPE, TITLES

if TYPE_CHECKING:
    from dafeng.portal.api.root import Root

words.describe(
    id=gettext_lazy("编号"),
    code=gettext_lazy("代码；城市用六位行政区划代码"),
    name=gettext_lazy("名称"),
    name_en=gettext_lazy("英文名称"),
    description=gettext_lazy("说明"),
    limit=gettext_lazy("一页几项，最多 1000"),
    offset=gettext_lazy("从第几项起，0 为最前"),
    total=gettext_lazy("共几项"),
    items=gettext_lazy("这一页的内容"),
    created_at=gettext_lazy("建立时间"),
    created_by=gettext_lazy("建立人的用户名"),
)
words.describe(within="JobOut", total=gettext_lazy("共几步"), done=gettext_lazy("已完成几步"))
_METHODS = ("get", "post", "put", "patch", "delete")
_ALWAYS = (400, 404, 413, 422, 429, 500)


def described(api: Root, schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with everything that a reader or a program needs besides ninja's own."""
    from dafeng.portal.api.root import action_of

    known = {operation.view_func.__name__: operation for _m, _p, operation in api.operations()}
    schema["info"] = _info()
    schema["servers"] = [{"url": settings.SITE_ADDRESS, "description": _("本安装")}]
    schema["tags"] = [{"name": name, "description": text} for name, text in tags().items()]
    for item in schema["paths"].values():
        for method in _METHODS:
            if method in item:
                operation = known[item[method]["operationId"]]
                if operation.description == operation.signature.docstring:
                    item[method].pop("description", None)  # a docstring speaks to who reads the code
                _complete(item[method], action_of(operation), method)
    components = schema["components"]
    components["schemas"] = dict(sorted(components.get("schemas", {}).items()))
    ancestors = _ancestors(Schema)
    for name, each in components["schemas"].items():
        _fields(each, ancestors.get(name, [name]))
    components["schemas"] |= _problem_schemas()
    components["responses"] = {f"Problem{status}": _problem_response(status) for status in TITLES}
    components["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": _("接口令牌，以 dft_ 开头，在门户“接口令牌”页新建")},
        "session": {
            "type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME,
            "description": _("浏览器登录后的会话；写操作还要附 X-CSRFToken"),
        },
    }  # fmt: skip
    return schema


def _info() -> dict[str, Any]:
    return {
        "title": _("达峰开放接口"),
        "version": __version__,
        "summary": _("一座城市碳达峰的数据与操作"),
        "description": _(
            "单位写在每个数值旁；status 0 完整，1 不完整，2 待确认；没有数时 notation 说明原因，从不以 0 代替。"
            "列表以 limit、offset 分页，Link 给出前后页；写操作可附 Idempotency-Key，重发不会重做。"
        ),
        "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    }


def tags() -> dict[str, str]:
    """The groups of operations in the order of the page."""
    return {
        "methods": _("核算方法：公式、单位、来源，代入数值试算"),
        "inventory": _("清单：各版清单、数据、数字的来历、比较、文件"),
        "activity": _("活动水平数据：现行数据、上传预览与提交、撤销"),
        "factors": _("因子库：查找、签认、本市因子"),
        "quality": _("质量：检查、完整性、关键类别"),
        "open": _("公开数据：已公布的各版数据、披露名录、公开的问答"),
        "indicators": _("指标：各业务公布的结果"),
        "plans": _("方案：上传、校核、采纳、比较，以及对方案的疑问"),
        "targets": _("目标：绑定、填报、亮灯与预警"),
        "tasks": _("任务：责任单位、节点、按月的进展、重大事项"),
        "projects": _("重大项目：台账、核对、按月的进展"),
        "assessments": _("考核：评分规则、自评、审定、异议、结果"),
        "bulletins": _("调度通报与年度报告"),
        "energy": _("能源监测：计量点与读数、异常、用能预算与预警、建筑、水电与电源台账"),
        "enterprise": _("企业碳管理：填报、核查、配额与履约、项目节能审查和碳评价"),
        "series": _("计量数据：计量点、设备报送、读数与各步用量、隔离"),
        "inclusion": _("信碳通：场景报送、方法学、本人碳账户、奖励办法与公示"),
        "jobs": _("后台任务：进度、取消、重试"),
        "records": _("凭证文件与审计记录"),
    }


def _complete(operation: dict[str, Any], action: Action, method: str) -> None:
    public = PUBLIC in action.roles
    operation["x-action"] = {
        "code": action.code,
        "title": action.title,
        "roles": sorted(action.roles),
        "writes": action.writes,
        "scope": action.scope,
    }
    operation["security"] = [*([{}] if public else []), {"token": [action.scope]}, {"session": []}]
    for parameter in operation.get("parameters", []):
        _word(parameter, parameter["name"])
        if (sample := words.example(parameter["name"])) is not None:
            parameter["example"] = sample
        parameter.get("schema", {}).pop("title", None)
    if method != "get":
        operation.setdefault("parameters", []).append(
            {
                "in": "header", "name": "Idempotency-Key", "required": False,
                "schema": {"type": "string", "maxLength": 200, "pattern": "^[\\x21-\\x7e]{1,200}$"},
                "description": _("同一个键重发时不再重做，照样回答；保存 24 小时"),
            }
        )  # fmt: skip
    _responses(operation, method)


def _responses(operation: dict[str, Any], method: str) -> None:
    found = {str(status): answer for status, answer in operation["responses"].items()}
    titles = {"200": _("成功"), "201": _("已建立"), "202": _("已开始，见 Location"), "204": _("已完成")}
    for status, answer in found.items():
        answer["description"] = titles.get(status, answer["description"])
        if method == "get" and status == "200":
            answer["headers"] = {
                "ETag": {
                    "schema": {"type": "string"},
                    "description": _("内容的标签；附 If-None-Match 再问，未变时回答 304"),
                }
            }
            if "limit" in {each["name"] for each in operation.get("parameters", [])}:
                answer["headers"]["Link"] = {"schema": {"type": "string"}, "description": _("前一页 prev、后一页 next")}
        if status in ("201", "202"):
            answer["headers"] = {"Location": {"schema": {"type": "string"}, "description": _("新建内容的地址")}}
    if method == "get":
        found["304"] = {"description": _("与您已有的相同")}
    # A token that is no good is refused even where none is needed; so is one without the scope.
    for status in (*_ALWAYS, 401, 403, *(() if method == "get" else (409,))):
        found[str(status)] = {"$ref": f"#/components/responses/Problem{status}"}
    operation["responses"] = dict(sorted(found.items()))


def _word(target: dict[str, Any], name: str, within: Sequence[str] = ()) -> None:
    if text := words.meaning(name, within):
        target["description"] = text


def _ancestors(schema: type[Schema]) -> dict[str, list[str]]:
    """Name of a schema → it and what it extends, the nearest first: a field means there what it means here."""
    found = {}
    for each in schema.__subclasses__():
        found[each.__name__] = [base.__name__ for base in each.__mro__ if issubclass(base, Schema)]
        found |= _ancestors(each)
    return found


def _fields(schema: dict[str, Any], of: Sequence[str]) -> None:
    for name, field in schema.get("properties", {}).items():
        field.pop("title", None)
        _word(field, name, of)
        if (sample := words.example(name)) is not None:
            field["examples"] = [sample]
    schema.pop("title", None)
    schema.pop("description", None)  # a docstring


def _problem_schemas() -> dict[str, Any]:
    text = {"type": "string"}
    return {
        "Problem": {
            "type": "object",
            "description": _("错误（RFC 9457）：detail 给人看，code 和 errors 给程序用"),
            "required": ["type", "title", "status", "detail", "code", "instance", "errors"],
            "properties": {
                "type": {"type": "string", "format": "uri-reference", "description": _("说明这类错误的页面")},
                "title": text,
                "status": {"type": "integer"},
                "detail": text | {"description": _("出了什么问题、应当怎样、怎么改")},
                "code": text | {"description": _("稳定的错误代码")},
                "instance": text,
                "errors": {"type": "array", "items": {"$ref": "#/components/schemas/Fault"}},
            },
        },
        "Fault": {
            "type": "object",
            "description": _("一处错误"),
            "required": ["code", "what"],
            "properties": {
                "code": text,
                "what": text | {"description": _("哪里不对")},
                "expected": text | {"description": _("应当怎样")},
                "mend": text | {"description": _("怎么改")},
                "in": text | {"description": _("path、query、body、file 或 form")},
                "name": text | {"description": _("参数名")},
                "file": text,
                "sheet": text,
                "row": {"type": ["integer", "null"]},
                "column": text,
            },
        },
    }


def _problem_response(status: int) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "description": str(TITLES[status][0]),
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    if status == 429:
        answer["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": _("等几秒")}}
    if status == 401:
        answer["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}}}
    return answer
