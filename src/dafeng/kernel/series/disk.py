"""The four things that are done to files, in one place, so that a test can let any of them fail or lose power.

What `append` and `put` have returned from is on the disk: contents and names are flushed before they come back.
"""

from __future__ import annotations

import os
from pathlib import Path

from dafeng.kernel.series.errors import StoreError


class Disk:
    def append(self, path: Path, content: bytes, *, at: int) -> None:
        """Write `content` at the offset `at`, behind which nothing may stand; after a failure nothing new stands there.

        Raises `StoreError`.
        """
        fresh = not path.exists()
        try:
            with path.open("r+b" if not fresh else "xb") as stream:
                stream.truncate(at)
                stream.seek(at)
                try:
                    self.write(stream.fileno(), content)
                    self.sync(stream.fileno())
                except OSError:
                    stream.truncate(at)
                    raise
            if fresh:
                self.sync_folder(path.parent)
        except OSError as error:
            raise _told(path, error) from error

    def put(self, path: Path, content: bytes) -> None:
        """A whole file, there with all of `content` or not at all. Raises `StoreError`."""
        part = path.with_name(path.name + ".part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as stream:
                self.write(stream.fileno(), content)
                self.sync(stream.fileno())
            self.rename(part, path)
            self.sync_folder(path.parent)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise _told(path, error) from error

    def move(self, path: Path, target: Path) -> None:
        """To another name on the same disk; what is already there, or gone, is no fault."""
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            self.rename(path, target)

    def remove(self, path: Path) -> None:
        path.unlink(missing_ok=True)

    def write(self, descriptor: int, content: bytes) -> None:
        view = memoryview(content)
        while view:
            view = view[os.write(descriptor, view) :]

    def sync(self, descriptor: int) -> None:
        os.fsync(descriptor)

    def rename(self, path: Path, target: Path) -> None:
        os.replace(path, target)

    def sync_folder(self, folder: Path) -> None:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _told(path: Path, error: OSError) -> StoreError:
    return StoreError(
        f"读数文件写不进去（{path.name}：{error.strerror or error}）", mend="请检查磁盘空间；没有确认的读数请重发"
    )
