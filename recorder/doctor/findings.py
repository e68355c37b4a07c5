"""The code book of findings: what each means, how much it matters, and what to do. docs/doctor.md repeats it.

A code never changes its meaning, and is never used for another. Texts have values in braces, which the finding
brings; what each language says differently has that language's name behind it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import NamedTuple

from recorder.alarms.alarm import Language


class Severity(IntEnum):
    """How much a finding matters, the worst first."""

    FAULT = 0  # calls are missing, or parts of them
    WARNING = 1  # recordings may suffer, or nothing could be judged
    NOTE = 2  # good to know; all is well


class Code(StrEnum):
    """What can be found, in the order of telling within one severity."""

    INTERFACE_GONE = "interface_gone"
    INTERFACE_DOWN = "interface_down"
    INTERFACE_NO_LINK = "interface_no_link"
    NO_FRAMES = "no_frames"
    NO_TELEPHONY = "no_telephony"
    OTHER_SIGNALLING = "other_signalling"
    SIGNALLING_ENCRYPTED = "signalling_encrypted"
    NO_SIGNALLING = "no_signalling"
    SIGNALLING_ONE_DIRECTION = "signalling_one_direction"
    SIGNALLING_WITHOUT_AUDIO = "signalling_without_audio"
    AUDIO_WITHOUT_SIGNALLING = "audio_without_signalling"
    AUDIO_ONE_DIRECTION = "audio_one_direction"
    AUDIO_ENCRYPTED = "audio_encrypted"
    IPSEC = "ipsec"
    CODEC_NOT_DECODABLE = "codec_not_decodable"
    DROPPED_BY_KERNEL = "dropped_by_kernel"
    DROPPED_BY_CARD = "dropped_by_card"
    MIRROR_LOSES = "mirror_loses"
    FRAMES_CUT = "frames_cut"
    FRAGMENTS_INCOMPLETE = "fragments_incomplete"
    AUDIO_JOINED = "audio_joined"
    TUNNEL_NOT_READ = "tunnel_not_read"
    VXLAN_PORT = "vxlan_port"
    NO_CALLS = "no_calls"
    SIGNALLING_LOST = "signalling_lost"
    SIGNALLING_NOT_READ = "signalling_not_read"
    NETWORK_LOSES = "network_loses"
    AUDIO_LOST = "audio_lost"
    DUPLICATES = "duplicates"
    CLOCK_NOT_SYNCHRONISED = "clock_not_synchronised"
    TIMES_JUMP = "times_jump"
    INTERFACE_UNSTEADY = "interface_unsteady"
    NOT_ALL_FOLLOWED = "not_all_followed"
    SOME_ONE_SIDED = "some_one_sided"
    LOST_BEHIND_MIRROR = "lost_behind_mirror"
    PEERS_SILENT = "peers_silent"
    VLANS = "vlans"
    TUNNELS = "tunnels"
    FRAGMENTS = "fragments"
    OFFLOAD = "offload"
    LINES = "lines"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found."""

    code: Code
    values: dict[str, str | int] = field(default_factory=dict)

    @property
    def severity(self) -> Severity:
        return BOOK[self.code].severity

    def meaning(self, language: Language) -> str:
        """What it means, in a sentence or two."""
        return BOOK[self.code].meaning[language].format(**self.values)

    def remedy(self, language: Language) -> str:
        """What to do; "" if there is nothing to be done."""
        return BOOK[self.code].remedy[language].format(**self.values)


class Entry(NamedTuple):
    """A code's place in the book."""

    severity: Severity
    meaning: dict[Language, str]
    remedy: dict[Language, str]


def _entry(severity: Severity, en: str, ja: str, *, do: str = "", do_ja: str = "") -> Entry:
    return Entry(severity, {"ja": ja, "en": en}, {"ja": do_ja, "en": do})


_FAULT, _WARNING, _NOTE = Severity

BOOK: dict[Code, Entry] = {
    Code.INTERFACE_GONE: _entry(
        _FAULT,
        "The interface {name} is no longer there.",
        "インターフェース {name} がなくなりました。",
        do="See with `ip link` which interfaces there are, and whether a USB adapter came loose.",
        do_ja="`ip link` で確かめ、USBアダプターが外れていないか見てください。",
    ),
    Code.INTERFACE_DOWN: _entry(
        _FAULT,
        "The interface {name} is switched off on this machine.",
        "インターフェース {name} はこの機器の側で無効になっています。",
        do="Switch it on: ip link set {name} up. It needs no address.",
        do_ja="有効にしてください: ip link set {name} up （IPアドレスは不要です）",
    ),
    Code.INTERFACE_NO_LINK: _entry(
        _FAULT,
        "The interface {name} has no link: the cable isn't plugged in, or the switch's port is off.",
        "インターフェース {name} はリンクしていません。ケーブルが抜けているか、スイッチのポートが無効です。",
        do="Look at the cable and the lights, then at the destination port of the mirror on the switch.",
        do_ja="ケーブルとランプ、次にスイッチのミラー先ポートの設定を確かめてください。",
    ),
    Code.NO_FRAMES: _entry(
        _FAULT,
        "Not a single frame came{where_en} in {seconds} s: the mirror isn't running, or leads elsewhere.",
        "{seconds} 秒の間、{where_ja}フレームが一つも届きませんでした。"
        "ミラーが動いていないか、別のポートへ出ています。",
        do="On the switch, see that the mirror session is active and that its destination is this recorder's port.",
        do_ja="スイッチで、ミラーセッションが有効か、ミラー先がこの録音装置のポートかを確かめてください。",
    ),
    Code.NO_TELEPHONY: _entry(
        _FAULT,
        "{frames} frames came, but neither SIP nor audio is among them: the mirror copies the wrong ports or VLANs.",
        "{frames} フレームが届きましたが、SIPも音声も含まれていません。ミラー元のポートかVLANが違います。",
        do="Mirror the ports that the exchange and the carrier's gateway are plugged into, in both directions.",
        do_ja="電話交換機と通信事業者のゲートウェイがつながるポートを、双方向でミラーしてください。",
    ),
    Code.OTHER_SIGNALLING: _entry(
        _FAULT,
        "There is no SIP, but {names}, which the recorder can't read: calls have no numbers, begin or end.",
        "SIPがなく、{names} が見えます。録音装置はこれを読めないため、通話の番号と始まり、終わりが分かりません。",
        do="Mirror a place where the exchange speaks SIP, such as its trunk to the carrier.",
        do_ja="電話交換機がSIPで話す区間（通信事業者との間など）をミラーしてください。",
    ),
    Code.SIGNALLING_ENCRYPTED: _entry(
        _FAULT,
        "Signalling is encrypted (TLS): the calls in it can't be seen.",
        "呼制御の信号が暗号化（TLS）されているため、その中の通話が見えません。",
        do="Let the exchange use SIP over UDP or TCP on the mirrored section, or mirror one where it does.",
        do_ja="ミラーする区間では電話交換機にUDPかTCPのSIPを使わせるか、そうなっている区間をミラーしてください。",
    ),
    Code.NO_SIGNALLING: _entry(
        _FAULT,
        "There is audio ({streams} streams), but no SIP: nobody can tell which calls it belongs to.",
        "音声（{streams} 本）はありますが、SIPがありません。どの通話の音声か分かりません。",
        do="Mirror the SIP server's port, too. Exchanges with a media gateway of its own have the two in two places.",
        do_ja="SIPサーバーのポートもミラーしてください。音声だけを別の装置が中継する交換機では、両方のポートが必要です。",
    ),
    Code.SIGNALLING_ONE_DIRECTION: _entry(
        _FAULT,
        "SIP is seen in one direction only ({pairs}): answers and hang-ups are missing.",
        "SIPが片方向しか見えません（{pairs}）。応答や切断が分かりません。",
        do="Set the mirror to both directions (rx and tx, `both`). If a tap gives each direction on a port of its own, "
        "name both interfaces.",
        do_ja="ミラーを双方向（受信と送信、both）に設定してください。"
        "タップが方向ごとに別のポートへ出す場合は、両方のインターフェースを指定してください。",
    ),
    Code.SIGNALLING_WITHOUT_AUDIO: _entry(
        _FAULT,
        "{count} of {all} answered calls have no audio: it takes a way that isn't mirrored.",
        "応答のあった通話 {all} 件のうち {count} 件に音声がありません。音声がミラーされない経路を通っています。",
        do="Mirror the telephones' VLAN or the media gateway, too, or let the exchange relay audio "
        "(direct media off; in Asterisk direct_media=no).",
        do_ja="電話機のVLANやメディアゲートウェイもミラーするか、"
        "音声が交換機を通るように設定してください（Asteriskでは direct_media=no）。",
    ),
    Code.AUDIO_WITHOUT_SIGNALLING: _entry(
        _FAULT,
        "{count} of {all} audio streams that began meanwhile were announced by no SIP that is seen: "
        "their calls aren't recorded.",
        "この間に始まった音声 {all} 本のうち {count} 本は、見えているSIPの中に予告がありません。"
        "その通話は録音されません。",
        do="Find whose they are ({pairs}), and mirror the SIP of these telephones or gateways, too.",
        do_ja="どの機器の音声か（{pairs}）を調べ、その電話機やゲートウェイのSIPもミラーしてください。",
    ),
    Code.AUDIO_ONE_DIRECTION: _entry(
        _FAULT,
        "Audio is seen in one direction only: {count} of {all} streams have no counterpart ({pairs}).",
        "音声が片方向しか見えません。{all} 本のうち {count} 本に、対になる音声がありません（{pairs}）。",
        do="Set the mirror to both directions (rx and tx, `both`), of every port that is mirrored. If a tap gives each "
        "direction on a port of its own, name both interfaces.",
        do_ja="ミラー元のすべてのポートを双方向（受信と送信、both）に設定してください。"
        "タップが方向ごとに別のポートへ出す場合は、両方のインターフェースを指定してください。",
    ),
    Code.AUDIO_ENCRYPTED: _entry(
        _FAULT,
        "{count} of {all} answered calls have encrypted audio (SRTP): it can't be heard.",
        "応答のあった通話 {all} 件のうち {count} 件の音声が暗号化（SRTP）されているため、録音できません。",
        do="Switch encryption of audio off in the exchange, for what is mirrored, or mirror a section without it.",
        do_ja="ミラーする区間では交換機の音声の暗号化を止めるか、暗号化されていない区間をミラーしてください。",
    ),
    Code.IPSEC: _entry(
        _FAULT,
        "{count} frames are encrypted as a whole (IPsec): what is in them can't be seen.",
        "{count} フレームは全体が暗号化（IPsec）されているため、中が見えません。",
        do="Mirror inside of the tunnel, between the exchange and the VPN device.",
        do_ja="トンネルの内側（電話交換機とVPN装置の間）をミラーしてください。",
    ),
    Code.CODEC_NOT_DECODABLE: _entry(
        _FAULT,
        "Audio in codecs that can't be recorded: {codecs}. Only G.711 (PCMU, PCMA) can.",
        "録音できない符号化方式の音声があります: {codecs}。録音できるのは G.711（PCMU、PCMA）だけです。",
        do="Allow G.711 only, in the exchange, for the lines that are to be recorded.",
        do_ja="録音する回線では、交換機の設定で G.711 だけを許可してください。",
    ),
    Code.DROPPED_BY_KERNEL: _entry(
        _FAULT,
        "{count} frames of {name} were lost in this machine: it couldn't read them in time.",
        "この機器が読み取りきれず、{name} のフレーム {count} 個が失われました。",
        do="Find what keeps the processor busy, or enlarge capture.ring_bytes.",
        do_ja="CPUを占有している処理を調べるか、capture.ring_bytes を大きくしてください。",
    ),
    Code.DROPPED_BY_CARD: _entry(
        _FAULT,
        "The network card of {name} lost {count} frames before the system saw them, or found them damaged.",
        "{name} のネットワークカードがフレーム {count} 個を取りこぼしたか、壊れたものとして捨てました。",
        do="Look at `ethtool -S {name}`: damaged frames mean cable or port; missed ones, enlarge the card's ring: "
        "ethtool -G {name} rx 4096",
        do_ja="`ethtool -S {name}` を見てください。壊れたフレームならケーブルかポート、"
        "取りこぼしならカードのリングを大きく: ethtool -G {name} rx 4096",
    ),
    Code.MIRROR_LOSES: _entry(
        _FAULT,
        "The mirror loses audio: {own} of the packets never came here, while the receivers say that they lack {told}.",
        "ミラーが音声を取りこぼしています。ここに届かなかったパケットは {own}、受信側の申告（RTCP）では {told} です。",
        do="The mirror's port is too slow, or the switch too busy: mirror fewer ports, or use a faster one.",
        do_ja="ミラー先ポートの速度不足かスイッチの過負荷です。"
        "ミラー元のポートを減らすか、より速いポートを使ってください。",
    ),
    Code.FRAMES_CUT: _entry(
        _FAULT,
        "{count} frames were cut, at {length} bytes or so: audio and signalling in them are incomplete.",
        "{count} フレームが約 {length} バイトで切られており、音声と信号が欠けています。",
        do="Capture whole frames: tcpdump -s 0; on a switch or a tap, switch packet slicing (truncation) off.",
        do_ja="フレーム全体を取得してください: tcpdump -s 0。"
        "スイッチやタップでは切り詰め（スライシング）を止めてください。",
    ),
    Code.FRAGMENTS_INCOMPLETE: _entry(
        _FAULT,
        "{count} datagrams came in fragments of which some are missing: long SIP messages can't be read.",
        "{count} 個のデータグラムは断片の一部が届かず、長いSIPメッセージが読めません。",
        do="A filter by UDP ports leaves later fragments out: mirror whole ports. Else the mirror loses frames.",
        do_ja="UDPポートで絞り込むと2個目以降の断片が抜けます。ポート全体をミラーしてください。"
        "そうでなければミラーの取りこぼしです。",
    ),
    Code.AUDIO_JOINED: _entry(
        _FAULT,
        "{count} audio packets are longer than a frame can be: the network card has joined several into one.",
        "{count} 個の音声パケットがフレームより長くなっています。ネットワークカードが複数を一つにまとめています。",
        do="Switch that off: ethtool -K {name} gro off lro off rx-udp-gro-forwarding off",
        do_ja="まとめる機能を止めてください: ethtool -K {name} gro off lro off rx-udp-gro-forwarding off",
    ),
    Code.TUNNEL_NOT_READ: _entry(
        _FAULT,
        "{count} frames are in a tunnel of an unknown kind, or in too many tunnels at once.",
        "{count} フレームが、知らない種類のトンネルの中か、深すぎるトンネルの中にあります。",
        do="Let the switch mirror by plain SPAN, ERSPAN type I to III, GRE or VXLAN.",
        do_ja="スイッチのミラーを通常のSPAN、ERSPAN（タイプI～III）、GRE、VXLANのいずれかにしてください。",
    ),
    Code.VXLAN_PORT: _entry(
        _FAULT,
        "Frames come in VXLAN on UDP port {ports}, which the settings don't name: they aren't read.",
        "UDPポート {ports} にVXLANのフレームが届いていますが、設定にないため読まれません。",
        do="Set capture.vxlan_ports = [{all_ports}]",
        do_ja="設定してください: capture.vxlan_ports = [{all_ports}]",
    ),
    Code.NO_CALLS: _entry(
        _WARNING,
        "No call was answered and lasted for 3 s in these {seconds} s, so that audio and numbers couldn't be judged.",
        "この {seconds} 秒の間に、応答があって3秒以上続いた通話がなく、音声と番号を判定できませんでした。",
        do="Make a test call from outside while it runs, or let it run for longer: --seconds 300",
        do_ja="実行中に外線から試験の電話をかけるか、長く実行してください: --seconds 300",
    ),
    Code.SIGNALLING_LOST: _entry(
        _WARNING,
        "{count} pieces of SIP over TCP never came: the mirror loses frames.",
        "TCP上のSIPのうち {count} か所が届いていません。ミラーが取りこぼしています。",
        do="As when audio is lost: mirror fewer ports, or use a faster port.",
        do_ja="ミラー元のポートを減らすか、より速いポートを使ってください。",
    ),
    Code.SIGNALLING_NOT_READ: _entry(
        _WARNING,
        "{count} of {all} SIP messages can't be read: they break the rules, or exceed the limits.",
        "SIPメッセージ {all} 件のうち {count} 件が、規格外か上限を超えているため読めません。",
        do="Keep a capture of some minutes, and have it looked at.",
        do_ja="数分間のキャプチャーを保存し、調べてもらってください。",
    ),
    Code.NETWORK_LOSES: _entry(
        _WARNING,
        "The network loses audio, not the mirror: {own} never came here, and the receivers say that they lack {told}.",
        "ミラーではなくネットワークが音声を失っています。"
        "ここに届かなかったのは {own}、受信側の申告（RTCP）は {told} です。",
        do="People hear it, too. Look at the lines that lack most: {pairs}",
        do_ja="通話している人にも聞こえています。多く失われている区間を調べてください: {pairs}",
    ),
    Code.AUDIO_LOST: _entry(
        _WARNING,
        "{own} of the audio packets never came. No receiver says (RTCP) whether the network or the mirror lost them.",
        "音声パケットの {own} が届いていません。"
        "受信側の申告（RTCP）がないため、ネットワークかミラーかは分かりません。",
        do="Listen to a call while it runs: if nobody hears gaps, it is the mirror. Most are lacking at: {pairs}",
        do_ja="通話を聞いて途切れがなければミラーの取りこぼしです。多く失われている区間: {pairs}",
    ),
    Code.DUPLICATES: _entry(
        _WARNING,
        "{share} of the packets come twice{between_en}. Recordings are right all the same, but the load is doubled.",
        "パケットの {share} が二重に届いています{between_ja}。録音は正しく行われますが、負荷が倍になります。",
        do="Mirror each way once: only rx of all ports, or both directions of the exchange's port alone.",
        do_ja="同じ経路は一度だけミラーしてください。全ポートの受信のみか、交換機のポートだけの双方向にします。",
    ),
    Code.CLOCK_NOT_SYNCHRONISED: _entry(
        _WARNING,
        "This machine's clock isn't synchronised: dates and times of calls aren't certain.",
        "この機器の時計が同期されていません。通話の日時が確かではありません。",
        do="Set up time synchronisation, and look at it: timedatectl status; chronyc tracking",
        do_ja="時刻同期（NTP）を設定し、確かめてください: timedatectl status、chronyc tracking",
    ),
    Code.TIMES_JUMP: _entry(
        _WARNING,
        "The times of frames went back, or leapt, {count} times: the capturing machine's clock was set.",
        "フレームの時刻が {count} 回、戻ったり飛んだりしています。キャプチャーした機器の時計が変更されました。",
        do="Have its clock slewed, not stepped (chrony does so), and set right before the start.",
        do_ja="時計は起動前に合わせ、動作中は少しずつ補正する設定（chronyの既定）にしてください。",
    ),
    Code.INTERFACE_UNSTEADY: _entry(
        _WARNING,
        "The interface {name} went down, came back or was renamed {count} times meanwhile.",
        "この間に、インターフェース {name} の切断、復帰、名前の変更が {count} 回ありました。",
        do="Change the cable, then the port.",
        do_ja="ケーブル、次にポートを替えてみてください。",
    ),
    Code.NOT_ALL_FOLLOWED: _entry(
        _WARNING,
        "There were more streams than this check can follow: {count} packets weren't looked at.",
        "この診断で追える数を超える音声がありました。{count} パケットは調べていません。",
        do="Run it for a shorter time, or on one interface at a time.",
        do_ja="短い時間で、またはインターフェースを一つずつ実行してください。",
    ),
    Code.SOME_ONE_SIDED: _entry(
        _NOTE,
        "{count} of {all} audio streams have no counterpart ({pairs}). With announcements and music that is usual.",
        "音声 {all} 本のうち {count} 本に、対になる音声がありません（{pairs}）。音声案内や保留音では普通のことです。",
    ),
    Code.LOST_BEHIND_MIRROR: _entry(
        _NOTE,
        "Receivers say that they lack {told} of the audio, of which {own} didn't come here either: "
        "recordings are more complete than what people heard.",
        "受信側の申告（RTCP）では音声の {told} が届いていませんが、ここに届かなかったのは {own} です。"
        "録音は、実際に聞こえた音声よりも揃っています。",
    ),
    Code.PEERS_SILENT: _entry(
        _NOTE,
        "Some SIP has no answer ({pairs}); all else is seen both ways, so these peers don't answer.",
        "応答のないSIPがあります（{pairs}）。ほかは双方向で見えているので、相手が応答していません。",
    ),
    Code.VLANS: _entry(
        _NOTE,
        "Frames are of these VLANs: {vlans}.",
        "フレームのVLAN: {vlans}。",
    ),
    Code.TUNNELS: _entry(
        _NOTE,
        "The mirror comes through tunnels, which are read: {tunnels}. "
        "Frames that the tunnel itself loses are counted nowhere.",
        "ミラーはトンネルを通って届き、中を読み取れています: {tunnels}。トンネルの途中で失われた数は分かりません。",
    ),
    Code.FRAGMENTS: _entry(
        _NOTE,
        "{count} frames are IP fragments; all were put together.",
        "{count} フレームはIPの断片で、すべて元に戻せました。",
    ),
    Code.OFFLOAD: _entry(
        _NOTE,
        "{count} frames are longer than any on a wire: the network card joins TCP packets. They are read whole.",
        "{count} フレームが回線上にはない長さです。"
        "ネットワークカードがTCPのパケットをまとめていますが、正しく読めています。",
    ),
    Code.LINES: _entry(
        _NOTE,
        "Exchange: {exchange}. Outside: {trunks}. Telephones seen: {telephones}. Below is a proposal for [lines]; "
        "which lines must never be recorded (never_record), the office alone knows.",
        "電話交換機: {exchange}。外線側: {trunks}。見えた電話機: {telephones} 台。"
        "設定 [lines] の案を下に示します。録音してはならない回線（never_record）は、庁内で確かめて加えてください。",
    ),
}
