"""The server and its worker end together, and quietly, however often they are told to."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

# A child that says when it is told to end, and ends when it is let: its standard input is the parent's.
CHILD = """
import signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, lambda *_: (print("ending", flush=True), sys.stdin.readline(), sys.exit(0)))
print("ready", flush=True)
signal.pause()
"""
PARENT = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "dafeng.portal.settings"
import django
django.setup()
from dafeng.portal.start import side_by_side
sys.exit(side_by_side([[sys.executable, "-c", sys.argv[1]]]))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_while_ending_says_nothing(number: signal.Signals) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, CHILD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    assert parent.stdout.readline() == "ready\n"
    parent.send_signal(number)
    assert parent.stdout.readline() == "ending\n"
    parent.send_signal(signal.SIGINT)
    parent.send_signal(signal.SIGTERM)
    _told, complaints = parent.communicate("\n", timeout=60)
    assert (parent.returncode, complaints) == (0, "")
