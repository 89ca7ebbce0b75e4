"""The commands in the guide of the API are run as they stand, against a server with the small city."""

from __future__ import annotations

import os
import re
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.cache import cache
from django.utils import timezone

from dafeng.portal.tokens import services as tokens

pytestmark = pytest.mark.django_db(transaction=True)
GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "接口.md"


def test_every_command_of_the_guide_works(live_server, open_city, plan_city, run, person, tmp_path) -> None:
    cache.clear()
    who = person("statistics")
    _token, text = tokens.make(
        who, name="指南", scopes=tokens.scopes_for(who), lasts=timedelta(days=1), now=timezone.now()
    )
    blocks = re.findall(r"```sh\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 9
    told = {}
    for block in blocks:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block],
            cwd=tmp_path,
            env=os.environ | {"DAFENG": live_server.url, "DAFENG_TOKEN": text, "no_proxy": "*"},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
        told[block] = done.stdout
    assert any(said.strip() == "304" for said in told.values())
    undone = next(said for block, said in told.items() if "undo" in block)
    assert '"active": false' in undone
    wrong = next(said for block, said in told.items() if "limit=0" in block)
    assert '"code": "invalid"' in wrong


def test_every_scope_of_the_guide_is_one_and_none_is_left_out() -> None:
    from dafeng.portal.api import scopes_in_use

    named = set(re.findall(r"^\| `([a-z]+:[a-z]+)`", GUIDE.read_text(encoding="utf-8"), re.MULTILINE))
    assert named == set(scopes_in_use())
