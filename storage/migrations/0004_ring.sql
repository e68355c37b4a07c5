-- The ring: how long a recording lives, what keeps it longer, and what became of it.

-- The section (課) that the extension belonged to at the time of the call, by the settings of that time.
alter table call add column section text;

-- On which medium a recording lies: 0 the store's own folder, 1 the second one (table medium).
alter table recording add column medium integer not null default 0;

-- For whom a call counts when a rule is looked for: each combination once. '' where there is none.
create table scope (
  number    integer primary key,
  section   text not null,
  extension text not null,
  line      text not null,                    -- the office's own number that was called, or that called out
  unique (section, extension, line)
) strict;

-- What judging needs of each call, narrow enough to read a million in one pass. Made from call and recording, and
-- entered with them.
create table ring_call (
  call       integer primary key references call on delete cascade,
  started_ns integer not null,
  scope      integer not null,                -- of the table scope
  bytes      integer not null,                -- of its file; 0 without a recording
  frames     integer not null,
  medium     integer not null
) strict;

insert into scope (section, extension, line)
select distinct '', coalesce(extension, ''),
  case direction when 'inbound' then coalesce(callee, '') when 'outbound' then coalesce(caller, '') else '' end
from call;

insert into ring_call (call, started_ns, scope, bytes, frames, medium)
select call.number, call.started_ns, scope.number,
  -- 4096 bytes of head, the samples, and one byte where these are odd: storage/wav.py
  case when frames is null then 0 else 4096 + (frames * channels * iif(encoding = 'pcm16', 2, 1) + 1) / 2 * 2 end,
  coalesce(frames, 0), 0
from call
join scope on scope.section = '' and scope.extension = coalesce(call.extension, '') and scope.line =
  case direction when 'inbound' then coalesce(callee, '') when 'outbound' then coalesce(caller, '') else '' end
left join recording on recording.call = call.number;

-- What the register says, applied. Its entries count, not these rows: they can be made anew from it.

create table ring_state (
  only         integer primary key check (only = 1),
  applied      integer not null,              -- the number of the last entry that is applied
  applied_link blob    not null,              -- its link; empty before the first
  swept_ns     integer                        -- when a sweep last ran by the machine's clock
) strict;
insert into ring_state values (1, 0, x'', null);

-- What keeps recordings beyond their rule. Either one call, or all those that started from from_ns until before to_ns
-- and have this number, this section, or both.
create table hold (
  number     integer primary key,             -- of its entry in the register: H12 is that of entry 12
  placed_ns  integer not null,
  who        text    not null,
  ground     text,                            -- by its name in the office's profile
  reason     text    not null,
  until_ns   integer,                         -- when it ends by itself; null: not before it is released
  call       text,                            -- the call's id
  party      text,                            -- caller or callee; null once the hold has ended
  party_file text,                            -- where that number stands for good: register/held/<this>.json
  section    text,
  from_ns    integer not null,
  to_ns      integer not null,
  ended      integer,                         -- the entry in the register that ended it; null: it holds
  ended_ns   integer
) strict;
create index hold_by_call on hold (call) where ended is null;

-- Every call that was erased, for good.
create table erasure (
  id         text    primary key,
  started_ns integer not null,
  erased_ns  integer not null,
  entry      integer not null                 -- of the register: by which rule
) strict, without rowid;

-- What is still to be taken from a disk, of calls that were erased or moved: files, and the lines of calls in the files
-- of their days. A row goes when that is gone.
create table doomed (
  medium integer not null,
  path   text    not null,
  id     text    not null,                    -- of the call
  primary key (medium, path, id)
) strict, without rowid;

create table policy (
  number   integer primary key,               -- of its entry in the register
  since_ns integer not null,
  office   text    not null,
  applies  text    not null check (applies in ('all', 'new')),   -- to recordings made before, too, or not
  policy   text    not null,                  -- canonical JSON: the rules, and for whom each is
  ring     text    not null,                  -- canonical JSON: what [ring] said then
  who      text    not null,
  reason   text    not null
) strict;

-- Where recordings lie besides the store's own folder.
create table medium (
  number integer primary key check (number > 0),
  uuid   text not null,
  path   text not null
) strict;
