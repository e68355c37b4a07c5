-- Sides of recordings whose senders' clocks drift: docs/formats.md, "Clocks".

-- What lies at a frame was captured `late` frames later than its place says (earlier if negative); between two points
-- of a channel the line is straight, before the first and behind the last it is level.
create table clock (
  call     integer not null references recording on delete cascade,
  position integer not null,
  channel  integer not null,
  frame    integer not null,
  late     integer not null,
  primary key (call, position)
) strict, without rowid;
