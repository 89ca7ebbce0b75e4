"""What the room does all the time and by the clock."""

from __future__ import annotations

from django.utils import timezone

from dafeng.domains.inclusion.scenes import processing, signing
from dafeng.kernel.jobs.steady import steady


@steady("inclusion.process", every=1.0)
def keep_processing() -> bool:
    """Waiting events become points within seconds of their arrival."""
    done = processing.process(now=timezone.now())
    return done.again or done.events >= processing.CHUNK


@steady("inclusion.nonces", every=300.0)
def sweep_nonces() -> bool:
    signing.sweep(now=timezone.now())
    return False


declared = True
