"""A result as one JSON object from which anyone can compute it again: rubric, digest, subjects, values, scores.

`values_digest` is the SHA-256 of the canonical JSON of subjects and values, so that a result names what it rests on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from dafeng.kernel.errors import RubricError, ScoringError
from dafeng.kernel.scoring.engine import score
from dafeng.kernel.scoring.reading import rubric_from_dict
from dafeng.kernel.scoring.results import Scores
from dafeng.kernel.scoring.rubric import digest_of
from dafeng.kernel.scoring.values import OPTIONAL

FORMAT = "dafeng.scores/1"
_VALUES = {"subject": pl.String, "indicator": pl.String, "value": pl.Float64, **OPTIONAL}
_SUBJECTS = ("subject", "name", "group")


def publish(scores: Scores) -> dict[str, Any]:
    """Everything that the result rests on; values that the rubric does not read are left out."""
    rubric = scores.rubric
    bound = {each.binding for each in rubric.entries} - {""}
    columns = [name for name in _VALUES if name in scores.values.columns]
    values = scores.values.select(columns).filter(
        pl.col("indicator").cast(pl.String).is_in(sorted(bound))
        & pl.col("subject").cast(pl.String).is_in(scores.subjects["subject"].implode())
    )
    inputs = {"subjects": scores.subjects.to_dicts(), "values": values.to_dicts()}
    return {
        "format": FORMAT,
        "rubric": rubric.as_dict(),
        "digest": rubric.digest,
        "values_digest": digest_of(inputs),
        **inputs,
        "scores": scores.frame.drop("name", "group", "digest").to_dicts(),
    }


def recompute(published: Mapping[str, Any]) -> Scores:
    """Score again from what was published. Raises `RubricError` or `ScoringError` when it is not what its digest says."""
    if published.get("format") != FORMAT:
        raise ScoringError(f"不是评分结果：format 为 {published.get('format')!r}", expected=FORMAT)
    if lacking := sorted({"rubric", "digest", "subjects", "values", "values_digest"} - set(published)):
        raise ScoringError(f"评分结果不完整，缺少 {'、'.join(lacking)}")
    rubric = rubric_from_dict(published["rubric"])
    if rubric.digest != published["digest"]:
        raise RubricError("评分规则与其摘要不符，可能被改过", expected=f"摘要 {published['digest']}")
    inputs = {"subjects": published["subjects"], "values": published["values"]}
    if digest_of(inputs) != published["values_digest"]:
        raise ScoringError("数值与其摘要不符，可能被改过", expected=f"摘要 {published['values_digest']}")
    schema = {name: kind for name, kind in _VALUES.items() if any(name in row for row in published["values"])}
    if any(isinstance(row.get("status"), str) for row in published["values"]):
        schema["status"] = pl.String
    required = {name: _VALUES[name] for name in ("subject", "indicator", "value")}
    values = pl.DataFrame(published["values"], schema={**required, **schema})
    subjects = pl.DataFrame(published["subjects"], schema=dict.fromkeys(_SUBJECTS, pl.String))
    return score(rubric, values, subjects=subjects)


def verify(published: Mapping[str, Any]) -> list[str]:
    """In words, where the published scores differ from those computed again; empty when all agree."""
    again = {row["subject"]: row for row in recompute(published).frame.to_dicts()}
    told = {row["subject"]: row for row in published.get("scores", ())}
    found = [f"“{name}”没有公布得分" for name in again.keys() - told.keys()]
    found += [f"“{name}”不在评分对象中" for name in told.keys() - again.keys()]
    for name in again.keys() & told.keys():
        for key in ("score", "grade", "rank", "vetoes", "coverage", "confidence", "status"):
            mine, theirs = again[name][key], told[name].get(key)
            if mine != theirs and not (isinstance(mine, float) and isinstance(theirs, float) and abs(mine - theirs) < 1e-9):  # fmt: skip
                found.append(f"“{name}”的 {key} 公布为 {theirs}，重算为 {mine}")
    return sorted(found)
