-- Sealed recordings: docs/sealed.md. Their size doesn't follow from their frames.

alter table recording add column sealed_bytes integer;   -- of the file; null: it is a WAV file in the clear
