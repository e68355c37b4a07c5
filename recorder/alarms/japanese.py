"""What each alarm means, and what to do: in Japanese.

Values in braces come with the alarm; what each language says differently has that language's name behind it.
"""

from __future__ import annotations

from recorder.alarms.code import Code

MEANING_AND_REMEDY: dict[Code, tuple[str, str]] = {
    Code.NO_POLICY: (
        "保存期間の規則が定められていません。録音は消去されず、保存領域はいずれ満杯になります。",
        "規則を選んで適用してください（一覧は recorder policy offices）: recorder policy adopt --store {store} "
        "名前 --old-recordings follow --reason 理由",
    ),
    Code.NO_RULE: (
        "どの規則にも当たらない録音が {count} 件あり、消去されません。",
        "設定の [[policy.rules]] に、その課・内線・回線の規則か、すべてに当たる規則を加えてください。",
    ),
    Code.HOLDS_FILL: (
        "延長（保全）している録音が保存領域の {share} を占めています。設定の上限は {allowed} です。",
        "不要になった延長を終えるか、ディスクを増やしてください: recorder holds --store {store}",
    ),
    Code.MINIMUM_IN_DANGER: (
        "最低保存期間（{rule_ja}）を守れるだけの余裕が、あと {days} 日分しかありません。",
        "ディスクを増やすか、[ring] の上限を上げるか、不要な延長を終えてください。",
    ),
    Code.ROOM_RUNS_OUT: (
        "今の通話量では、{when_ja}に保存領域が足りなくなります。期間内の録音と延長中の録音は消去できません。",
        "その日までに、ディスクを増やすか、[ring] の上限を上げるか、不要な延長を終えてください。",
    ),
    Code.NO_ROOM: (
        "保存領域の上限を {short} 超えています。消去できる録音は残っていません。",
        "すぐにディスクを増やすか、不要な延長を終えてください。",
    ),
    Code.DISK_NEARLY_FULL: (
        "ディスクの空きが {free}（{share}）しかありません。満杯になると新しい通話を録音できません。",
        "録音以外のファイルを移し、[ring] の上限を確かめてください。",
    ),
    Code.CLOCK_NOT_PLAUSIBLE: (
        "時計が正しくないおそれがあります。今は {now_ja}、最も新しい録音は {newest_ja} です。その間、自動の消去は行わ"
        "れません。",
        "時刻同期（NTP）を確かめてください。時計が正しければ: recorder sweep --store {store} --confirm-clock",
    ),
    Code.SWEEP_OVERDUE: (
        "保存期間を過ぎた通話が {count} 件、消去されずにあります。最も古いものは {since_ja} までの保存でした。",
        "消去を実行し、自動の消去が動いているか確かめてください: recorder sweep --store {store}",
    ),
    Code.SECOND_STORE_MISSING: (
        "第二の保存先（{path_ja}）がありません。移すべき録音は元の場所に残ります。",
        "媒体をつなぎ、設定の [ring] second_store を確かめてください。",
    ),
    Code.CATALOGUE_REBUILT: (
        "目録が壊れたため、{when_ja} に録音ファイルから作り直されました。元のものは {file} にあります。",
        "録音がすべて揃っているか確かめ（recorder verify --store {store}）、ディスクを調べてください。この警報は、"
        "{file} をほかへ移すと消えます。",
    ),
    Code.NO_PACKETS: (
        "{interface} に {seconds} 秒間パケットが届いていません。この1時間は1分あたり約 {usual} 個でした。通話は録音"
        "されていません。",
        "スイッチのミラーポートの設定、ケーブル、電話交換機を確かめてください: recorder status",
    ),
    Code.INTERFACE_DOWN: (
        "{interface} が使えません（{state}）。このポートの通話は録音されていません。",
        "ケーブルと、ネットワークの設定を確かめてください: ip link",
    ),
    Code.ONE_DIRECTION: (
        "通話中の {calls} 件で、片方の声しか届いていません。",
        "スイッチのミラー設定が送信と受信の両方（both）になっているか確かめてください。",
    ),
    Code.CALLS_WITHOUT_AUDIO: (
        "応答済みの通話 {calls} 件で、音声が届いていません。",
        "音声の通る線がミラーに含まれているか、暗号化（SRTP）されていないか確かめてください。",
    ),
    Code.PACKETS_DROPPED: (
        "この1分間に {count} 個のパケットを取りこぼしました。その間の通話には印が付いています。",
        "ほかの処理が機械を使っていないか確かめ、[capture] ring_bytes を増やしてください。",
    ),
    Code.AUDIO_SHED: (
        "ディスクが追いつかず、{size} の音声が失われました。該当する通話には印が付いています。",
        "ディスクの故障と負荷を確かめてください: journalctl -k",
    ),
    Code.DISK_FULL: (
        "ディスクが満杯です（空き {free}）。新しい通話は録音できません。",
        "録音以外のファイルを移すか、不要な延長を終えてください: recorder holds --store {store}",
    ),
    Code.INODES_FEW: (
        "ディスクに作れるファイルがあと {count} 個しかありません。なくなると新しい通話を録音できません。",
        "小さなファイルを大量に作っているものを探してください: df -i {store}",
    ),
    Code.DISK_READ_ONLY: (
        "ディスクが読み取り専用になっています。通話は録音されていません。",
        "ディスクの故障を調べ、直してから書き込めるように戻してください: journalctl -k",
    ),
    Code.DISK_STALLED: (
        "ディスクが {seconds} 秒以上応答していません。",
        "ディスクとその接続を確かめてください: journalctl -k",
    ),
    Code.STORE_UNREADABLE: (
        "保存先 {store} を読めません。",
        "ディスクがつながっているか確かめ、次を実行してください: recorder verify --store {store}",
    ),
    Code.CLOCK_NOT_SYNCHRONISED: (
        "時計が同期されていません。録音の日時がずれ、保存期間を誤るおそれがあります。",
        "時刻同期（NTP）を設定してください: timedatectl, chronyc tracking",
    ),
    Code.CATALOGUE_LATE: (
        "終わった通話が {seconds} 秒たっても目録に入っていません。",
        "目録を使っているほかの処理と、ディスクの空きを確かめてください: recorder status",
    ),
    Code.CAPTURE_DOWN: (
        "録音の処理が {seconds} 秒間動いていません。通話は録音されていません。",
        "状態を確かめ、起動してください: systemctl status recorder-capture",
    ),
    Code.SWEEP_REFUSED: (
        "時計が正しいと確かめられないため、自動の消去を見合わせました。",
        "時刻同期（NTP）を確かめてください。時計が正しければ: recorder sweep --store {store} --confirm-clock",
    ),
    Code.SWEEP_FAILED: (
        "自動の消去が途中で止まりました。",
        "理由を見るには: recorder sweep --store {store} --dry-run",
    ),
    Code.ERASURE_LEFT: (
        "消去した録音のファイル {count} 個が、まだディスクに残っています。",
        "ディスクを確かめてください。次の消去の処理でもう一度試みます: recorder verify --store {store}",
    ),
    Code.STORE_DAMAGED: (
        "点検で {count} 件の異常が見つかりました（最初の場所: {first}）。",
        "すべてを見るには: recorder verify --store {store}",
    ),
    Code.NOTICE_NOT_HEARD: (
        "この1時間の外線からの通話 {count} 件（{of} 件中）で、録音の案内が流れていません。",
        "交換機の案内の設定と、[notice] prompts のファイルを確かめてください。",
    ),
    Code.CHECKPOINT_FAILED: (
        "管理簿の検証点(チェックポイント)を作れません: {reason}。この間の改変は見つからないおそれがあります。",
        "[evidence] の設定と鍵のフォルダーを確認してください: docs/register.md",
    ),
    Code.WITNESS_SILENT: (
        "立会い機(witness)の署名が {minutes} 分間得られていません。",
        "立会い機が動いているか、ここから届くかを確認してください: systemctl status recorder-witness",
    ),
    Code.WITNESS_REFUSES: (
        "立会い機 {witness} が署名を拒みました: {reason}。管理簿が以前に見たものと違うか、鍵が違います。",
        "原因を調べ、立会い機のフォルダーを保全してください: recorder verify --witness {witness}",
    ),
    Code.NOTICE_FAILS: (
        "この1時間の録音の案内 {of} 件のうち {count} 件が失敗しました（最後の理由: {reason}）。",
        "音声案内ユニットの記録（journalctl -u recorder-announce）と docs/announcement.md を確かめてください。",
    ),
    Code.KEY_DRILL_OVERDUE: (
        "「{name}」の鍵で録音を開けるか、{days} 日以上確かめていません。",
        "保管している鍵で確かめてください: recorder key drill --store {store} --identity FILE",
    ),
    Code.KEY_IN_ONE_HAND: (
        "録音 {count} 件は、一つの鍵でしか開けません。その鍵を失うと、録音も失われます。",
        "すべての鍵で開けるようにしてください: recorder key rewrap --store {store} --config FILE --identity FILE",
    ),
    Code.OFFICE_SETTINGS_BAD: (
        "操作卓で承認された設定を使えません（{reason}）。以前の設定で動いています。",
        "異常の箇所を確かめ、recorder-door を再起動してください: recorder config check {config}",
    ),
}
