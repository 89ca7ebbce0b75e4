"""Translations: collect strings, compile catalogues, and check that English is complete.

    python -m dafeng.portal.messages           collect and compile
    python -m dafeng.portal.messages --check   fail when a string is new, untranslated, fuzzy, or not compiled

Source strings are Chinese; English is the translation. Compiled files are committed, because a bare Debian has no
gettext; collecting needs it (`apt-get install gettext`).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent
CATALOGUE = PACKAGE / "locale" / "en" / "LC_MESSAGES"
_NEEDED = ("xgettext", "msgmerge", "msgfmt", "msgattrib", "msguniq")


def collect() -> None:
    """Bring django.po up to date with the sources."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dafeng.portal.settings")
    import django
    from django.core.management import call_command

    django.setup()
    CATALOGUE.mkdir(parents=True, exist_ok=True)
    before = Path.cwd()
    os.chdir(PACKAGE)
    try:
        call_command("makemessages", locale=["en"], no_location=True, no_obsolete=True, no_wrap=True, verbosity=0)
    finally:
        os.chdir(before)
    _settle(CATALOGUE / "django.po")


def _settle(path: Path) -> None:
    """Drop the dates that gettext writes, so that collecting twice changes nothing."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text(
        "".join(line for line in lines if not line.startswith(('"POT-Creation-Date', '"PO-Revision-Date'))),
        encoding="utf-8",
    )


def compile_catalogue(target: Path) -> None:
    subprocess.run(["msgfmt", "--check-format", "-o", str(target), str(CATALOGUE / "django.po")], check=True)


def _messages(*flags: str) -> str:
    done = subprocess.run(
        ["msgattrib", *flags, "--no-obsolete", "--no-wrap", str(CATALOGUE / "django.po")],
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def check() -> list[str]:
    """What is wrong with the committed catalogue, in sentences; empty when all is well."""
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "kept.po"
        shutil.copy(CATALOGUE / "django.po", kept)
        try:
            collect()
            changed = (CATALOGUE / "django.po").read_bytes() != kept.read_bytes()
        finally:
            shutil.copy(kept, CATALOGUE / "django.po")
        compiled = Path(folder) / "django.mo"
        compile_catalogue(compiled)
        stale = compiled.read_bytes() != (CATALOGUE / "django.mo").read_bytes()
    problems = []
    if changed:
        problems.append("strings have changed since the catalogue was collected: run `make messages`")
    for flag, word in (("--untranslated", "untranslated"), ("--only-fuzzy", "fuzzy")):
        ids = [line[7:-1] for line in _messages(flag).splitlines() if line.startswith('msgid "') and line != 'msgid ""']
        problems += [f"{word}: {text}" for text in ids]
    if stale:
        problems.append("django.mo is not what django.po compiles to: run `make messages`")
    return problems


def main() -> int:
    missing = [tool for tool in _NEEDED if not shutil.which(tool)]
    if missing:
        print(f"gettext is missing ({', '.join(missing)}): apt-get install gettext", file=sys.stderr)
        return 1
    if "--check" in sys.argv[1:]:
        problems = check()
        print("\n".join(problems) or "translations are complete")
        return 1 if problems else 0
    collect()
    compile_catalogue(CATALOGUE / "django.mo")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
