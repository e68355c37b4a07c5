-- What joining legs tells of a call.

alter table call add column excluded_by text;     -- the rule by which it, or the end of it, was not recorded
alter table call add column announced_ms integer; -- how much of the notice was heard; null: not looked for
alter table call add column caller_group text;    -- salted digest of a withheld number that the network carried
alter table call add column caller_sealed text;   -- that number, readable only with the office's key

-- Who in the house took part, in order: an extension, from when to when.
create table call_party (
  call      integer not null references call on delete cascade,
  position  integer not null,
  extension text    not null,
  from_ns   integer not null,
  until_ns  integer not null,
  primary key (call, position)
) strict, without rowid;

-- For the digests of withheld numbers: whoever has only a copy of some rows can't try all numbers.
alter table store add column salt blob;
