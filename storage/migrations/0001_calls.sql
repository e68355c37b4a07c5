-- Every call that was ever seen, recorded or not. Times are nanoseconds since 1970, UTC, from the capture's clock.
-- Strings of strangers are kept with backslash escapes (\uXXXX, \\) for characters that are unfit: see storage/text.py.

-- `strict`: a column holds what it says, also after somebody's hand was in the file.

-- Which folder this catalogue belongs to. One row; the same UUID stands in store.json.
create table store (
  only integer primary key check (only = 1),
  uuid text not null
) strict;

create table call (
  number      integer primary key,            -- order of entry; other tables point here
  id          text    not null unique,        -- the recorder's own, part of the file's name
  started_ns  integer not null,               -- first INVITE
  ended_ns    integer not null,               -- BYE, CANCEL, final refusal, or the last packet
  answered_ns integer,                        -- first 2xx; null: never answered
  talk_ns     integer,                        -- 2xx of the leg on which a person answered; null: nobody did
  direction   text    not null,               -- inbound, outbound, internal, unknown
  outcome     text    not null,               -- recorded, no_audio, unanswered, excluded
  end_reason  text    not null,
  caller      text,                           -- null: withheld, excluded, or not known
  callee      text,
  extension   text,                           -- the inner party
  caller_raw  text,                           -- as presented on the wire
  callee_raw  text
) strict;
create index call_by_start on call (started_ns, id);

-- SIP's Call-IDs, one for each leg.
create table call_leg (
  call     integer not null references call on delete cascade,
  position integer not null,
  call_id  text    not null,
  primary key (call, position)
) strict, without rowid;

create table call_flag (
  call     integer not null references call on delete cascade,
  position integer not null,
  flag     text    not null,
  primary key (call, position)
) strict, without rowid;

-- One row for each WAV file that is complete on the disk. A file without a row is unfinished, or is adopted at the
-- next start.
create table recording (
  call      integer primary key references call on delete cascade,
  path      text    not null unique,          -- relative to the store, with "/"
  sha256    blob    not null check (length(sha256) = 32),   -- of the whole file
  encoding  text    not null check (encoding in ('pcm16', 'g711')),
  rate_hz   integer not null check (rate_hz > 0),
  channels  integer not null check (channels in (1, 2)),
  frames    integer not null check (frames > 0),            -- samples a channel
  starts_ns integer not null                  -- frame 0
) strict;

-- The RTP streams a recording was made of, with what was counted on each.
create table stream (
  call        integer not null references recording on delete cascade,
  position    integer not null,
  channel     integer not null,               -- 0 caller, 1 callee
  party       text    not null,
  codec       text    not null,
  ssrc        integer not null,
  source      text    not null,               -- address:port
  destination text    not null,
  packets     integer not null,
  lost        integer not null,
  duplicates  integer not null,
  late        integer not null,
  primary key (call, position)
) strict, without rowid;

-- Stretches that no packet brought and that read as silence; the first 1000 of a recording.
create table gap (
  call        integer not null references recording on delete cascade,
  position    integer not null,
  channel     integer not null,
  start_frame integer not null,
  end_frame   integer not null,               -- the frame after the last
  primary key (call, position)
) strict, without rowid;

-- One entry for each time a call was entered (again, if a start completed it), never changed, never deleted.
-- row_sha256: of the call's canonical JSON. link_sha256: SHA-256 of the previous entry's link_sha256 (none for the
-- first), then the id in UTF-8, then row_sha256. Whoever edits, adds or deletes a call and doesn't compute this table
-- anew is found.
create table entry (
  number      integer primary key,
  id          text    not null,
  row_sha256  blob    not null check (length(row_sha256) = 32),
  link_sha256 blob    not null check (length(link_sha256) = 32)
) strict;
create index entry_by_id on entry (id, number);
