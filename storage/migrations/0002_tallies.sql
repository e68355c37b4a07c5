-- What was seen and left out, so that frames and calls can be balanced afterwards (recorder account).

-- One row for each time captures were read into this store: who reads a capture twice has two.
create table run (
  number   integer primary key,
  what     text    not null,                  -- which captures, with backslash escapes
  complete integer not null check (complete in (0, 1))   -- 0: going on, or broken off
) strict;

-- How often each reason was counted in a run, by day. Rows grow while the run goes on; they are in no chain of entries.
create table tally (
  run    integer not null references run,
  day    text    not null,                    -- of the capture's clock, in Japan: 2026-11-22; "unknown" without any time
  reason text    not null,
  count  integer not null,
  primary key (run, day, reason)
) strict, without rowid;
create index tally_by_day on tally (day);
