"""The worker: what is declared as steady work is done as long as it runs, again after a failure, and by nothing else."""

from __future__ import annotations

import threading

from dafeng.domains.inclusion.scenes import jobs as scenes
from dafeng.kernel.jobs import schedules, services, steady, worker


def test_a_worker_does_the_steady_work_until_it_ends(monkeypatch) -> None:
    done, again = [], threading.Event()

    def piece() -> bool:
        done.append(1)
        if len(done) == 1:
            raise ZeroDivisionError  # what fails is tried again
        again.set()
        return False

    monkeypatch.setattr(steady, "_steady", {})
    steady.steady("test.piece", every=0.01)(piece)
    monkeypatch.setattr(services, "rescue", lambda **_: None)
    monkeypatch.setattr(schedules, "tick", lambda **_: None)
    seen: list[bool] = []
    monkeypatch.setattr(worker, "call_command", lambda *_, **__: seen.append(again.wait(20)))
    worker.work(every=0.01)
    assert seen == [True]
    ended = [each for each in threading.enumerate() if each.name == "steady-test.piece"]
    for each in ended:
        each.join(20)
        assert not each.is_alive()


def test_events_of_scenes_are_steady_work() -> None:
    """Without this nothing that a scene reports would ever be paid (found by the benchmark against the real server)."""
    assert {each.code: each.work for each in steady.registered()}["inclusion.process"] is scenes.keep_processing
