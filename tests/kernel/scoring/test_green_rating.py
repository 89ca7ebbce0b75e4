"""The engine takes the green-finance proposal of the fact files as it stands: 30 indicators, 11 vetoes, 5 levels."""

import csv
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from dafeng.kernel.scoring import Rubric, advice, score

pytestmark = pytest.mark.plans


@pytest.fixture
def green(shared: Path) -> Rubric:
    folder = shared / "facts" / "finance"
    rows = list(csv.DictReader((folder / "green_indicators_30.csv").open(encoding="utf-8-sig")))
    items, inputs = [], []
    for row in rows:
        ends: dict[str, Any] = {}
        for key, column in (("base", "base_value"), ("lead", "lead_value")):
            try:
                ends[key] = float(row[column])
            except ValueError:  # 准入值, 标杆值 …: differs between firms, so it is a value of its own
                ends[key] = f"{row['code']}_{key}"
                inputs.append({"code": ends[key], "title": row[column]})
        scoring = "linear" if row["direction"] == "+" else "inverse"
        items.append(
            {
                "code": row["code"],
                "title": row["name_zh"],
                "weight": float(row["default_weight_pct"]),
                "scoring": scoring,
                **ends,
            }
        )
    vetoes = []
    for row in csv.DictReader((folder / "green_veto_rules.csv").open(encoding="utf-8-sig")):
        inputs.append({"code": f"{row['code']}_hit", "title": row["trigger_zh"], "when_absent": 0})
        vetoes.append({"code": row["code"], "title": row["trigger_zh"], "when": f"{row['code']}_hit >= 1", "effect": "cap_grade", "grade": "none"})  # fmt: skip
    return Rubric.from_dict(
        {
            "id": "finance.green", "title": "绿色评级", "version": "t", "valid_from": "2026-01-01", "standing": "试验",
            "items": items, "inputs": inputs, "vetoes": vetoes,
            "insufficient": {"code": "watch", "title": "待补充数据", "below_coverage": 0.6},
            "levels": [
                {"code": "deep", "title": "深绿", "from": 80, "minimum_coverage": 0.8, "when": "A01 >= 50 or A02 == 100"},
                {"code": "middle", "title": "中绿", "from": 65, "to": 80, "minimum_coverage": 0.7},
                {"code": "light", "title": "浅绿", "from": 50, "to": 65},
                {"code": "plain", "title": "普绿", "to": 50},
                {"code": "none", "title": "非绿", "by_veto": True},
            ],
        }
    )  # fmt: skip


def test_a_firm_at_every_lead_is_deep_green_until_a_veto_strikes(green: Rubric) -> None:
    leads = {item.code: 50.0 if isinstance(item.lead, str) else item.lead for item in green.items}
    ends = {"B01_base": 80.0, "B01_lead": 50.0, "B05_base": 20.0, "D02_base": 90.0, "D02_lead": 50.0}
    rows = [(firm, code, value) for firm in ("good", "caught") for code, value in (leads | ends).items()]
    rows += [("caught", "V07_hit", 1.0), ("poor", "A01", 60.0)]
    values = pl.DataFrame(rows, schema=["subject", "indicator", "value"], orient="row")
    scores = score(green, values)
    assert scores.frame["grade_title"].to_list() == ["深绿", "非绿", "待补充数据"]
    assert scores.frame["score"].to_list() == [100, 100, 100]
    assert advice(scores, ["caught"]).select("kind", "code", "grade_after_title").rows() == [("veto", "V07", "深绿")]
