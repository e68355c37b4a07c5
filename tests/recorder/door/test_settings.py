"""What the table [desk] of the settings changes at the door."""

from __future__ import annotations

from dataclasses import replace

import pytest

from recorder.settings import Desk, check
from tests.recorder.door.scene import Scene


async def test_sessions_and_sittings_last_as_long_as_the_settings_say(tmp_path):
    scene = Scene(tmp_path)
    scene.settings = replace(scene.settings, desk=Desk(idle_minutes=5, longest_hours=1, sitting_minutes=2))
    async with scene:
        manager = await scene.manager()
        sitting = (await manager.ask("listening.open", call="1")).said
        scene.wait(119)
        heard = await manager.ask("listening.sitting", sitting=sitting["sitting"])
        scene.wait(2)
        over = await manager.ask("listening.sitting", sitting=sitting["sitting"])
        scene.wait(5 * 60 + 1)
        idle = await manager.ask("me")
        await manager.log_in()
        for _ in range(15):
            scene.wait(4 * 60)
            last = await manager.ask("me")
        scene.wait(2)
        longest = await manager.ask("me")

    assert [one.status for one in (heard, over, idle, last, longest)] == [200, 404, 401, 200, 401]


@pytest.mark.parametrize(
    "text, fault",
    [
        ('listen = "0.0.0.0:443"', "2: desk.listen: without certificate and key nobody else's machine is answered"),
        ('listen = "recorder:443"', '2: desk.listen: must be an address of this machine with a port, such as'),
        ('listen = "127.0.0.1:99999"', "2: desk.listen: must be an address of this machine with a port"),
        ('listen = "::1:443"', "2: desk.listen: must be an address of this machine with a port"),
        ('certificate = "/c.pem"', "desk.key: certificate and key belong together; one of them is missing"),
        ('key = "/k.pem"', "desk.certificate: certificate and key belong together; one of them is missing"),
        ("idle_minutes = 0", "2: desk.idle_minutes: must be at least 1, not 0"),
        ("longest_hours = 24", "2: desk.longest_hours: must be at most 12, not 24"),
        ("sitting_minutes = 0.5", "2: desk.sitting_minutes: must be a whole number, not 0.5"),
        ("idle_minute = 5", "2: desk.idle_minute: there is no such key; did you mean desk.idle_minutes?"),
    ],
)
def test_what_the_desk_can_t_work_with_is_named(text, fault):
    settings, faults = check(f"[desk]\n{text}\n".encode())

    assert settings is None
    [said] = map(str, faults)
    assert fault in said


def test_every_address_of_this_machine_can_be_listened_at():
    for listen in ("127.0.0.1:8443", "[::1]:1", "127.8.9.1:65535"):
        assert check(f'[desk]\nlisten = "{listen}"\n'.encode())[1] == []
    keyed = 'certificate = "/c.pem"\nkey = "/k.pem"\n'
    for listen in ("0.0.0.0:443", "[::]:443", "192.0.2.30:443", "[2001:db8::30]:443"):
        assert check(f'[desk]\nlisten = "{listen}"\n{keyed}'.encode())[1] == []
