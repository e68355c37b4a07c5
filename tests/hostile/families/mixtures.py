"""Several attacks at once; and good calls of every shape, with nothing else in the file."""

from __future__ import annotations

from tests.hostile.casebook import CASES, Attack, add, nothing
from tests.hostile.good import (
    SHAPES,
)

# --- several at once ---------------------------------------------------------------------------------------------


def _together(*names: str) -> Attack:
    return lambda good, rng: [sent for name in names for sent in CASES[name].attack(good, rng)]


add(
    "together",
    "spray_and_forged_byes_and_a_flood",
    _together(
        "spray_with_the_right_ssrc_number_and_timestamp",
        "spoofed_bye_with_right_tags_never_answered",
        "flood_of_options",
    ),
    shape="plain",
)
add(
    "together",
    "injection_and_replaces_and_reused_call_id",
    _together(
        "injected_since_before_the_answer", "dialog_storm_of_replaces", "dialog_call_id_reused_within_with_other_tags"
    ),
    shape="alaw",
)
add(
    "together",
    "fragments_and_connections_and_tunnels",
    _together("fragments_first_ones_only", "tcp_connections_opened_and_left", "gre_twenty_deep"),
    shape="fragmented",
)
add(
    "together",
    "control_and_malformed_audio",
    _together(
        "rtcp_bye_of_the_right_source", "rtp_of_version_1", "dtls_hellos_on_the_media_ports", "stun_on_the_media_ports"
    ),
    shape="plain",
    call={"caller_hangs_up": False},
)


# --- good calls of every shape, with nothing else in the file ----------------------------------------------------


for _shape in SHAPES:
    add("alone", f"good_call_{_shape}_alone", nothing, shape=_shape, call={"caller_hangs_up": False})
