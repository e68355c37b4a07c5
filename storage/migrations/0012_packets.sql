-- Packets kept beside recordings: docs/evidence.md. The file lies beside the recording, named as it is but for .pcap.

alter table recording add column packets_bytes integer;   -- of that file; null: none is kept
alter table recording add column packets_sha256 blob;
