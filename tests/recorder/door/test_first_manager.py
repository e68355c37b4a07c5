"""The first manager, from the console of root: what is made belongs to whom the door runs as."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
from pathlib import Path

from tests.packages import require
from tests.recorder.stores import a_call, a_store

ROOT = Path(__file__).resolve().parents[3]
DAEMON = "daemon"  # an account that every Debian has


async def test_root_makes_him_as_the_owner_of_the_accounts(tmp_path, as_root):
    owner = pwd.getpwnam(DAEMON)
    store, state = tmp_path / "store", tmp_path / "door"
    await a_store(store, [(a_call("1"), None)])
    state.mkdir(mode=0o700)
    for path in (state, store, *store.rglob("*")):
        os.chown(path, owner.pw_uid, owner.pw_gid)
    # Python and pytest's folders may be root's alone: the new user keeps the right to read them, but not who he was.
    keeping = [require("setpriv"), "--securebits=+no_setuid_fixup", "--"]

    def first_manager() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*keeping, sys.executable, "-m", "recorder", "first-manager", "--store", store, "--state", state,
             "--login", "yamada", "--name", "山田 太郎", "--post", "総務課長"],
            cwd=ROOT, capture_output=True, text=True, timeout=60,
        )  # fmt: skip

    made, again = first_manager(), first_manager()

    assert made.returncode == 0, made.stderr
    assert len(made.stdout.strip()) == 19
    assert (again.returncode, again.stdout) == (2, "") and "he appoints others at the desk" in again.stderr
    owned = {path.name: path.stat().st_uid for path in (*state.iterdir(), *(store / "register").iterdir())}
    assert owned and set(owned.values()) == {owner.pw_uid}, owned


def test_with_a_directory_he_has_to_be_one_of_those_whom_the_door_keeps(tmp_path):
    config = tmp_path / "recorder.toml"
    config.write_text('[directory]\nserver = "ldaps://dc1"\nuser = "{login}@d"\nlocal = ["another"]\n')

    done = subprocess.run(
        [sys.executable, "-m", "recorder", "first-manager", "--config", config, "--state", tmp_path / "door",
         "--store", tmp_path, "--login", "kanri", "--name", "管理 花子", "--post", "人事課長"],
        capture_output=True, text=True, cwd=ROOT,
    )  # fmt: skip

    assert done.returncode == 2 and "local of [directory] doesn't name him" in done.stderr
    assert not (tmp_path / "door").exists()
