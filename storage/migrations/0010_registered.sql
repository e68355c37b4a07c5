-- What ties calls to the register: docs/register.md.

-- 16 random bytes in hexadecimal, part of what row_sha256 is of. They stand in the row and beside the recording, and go
-- with them: then nobody can try numbers against a digest that stays.
alter table call add column salt text;

-- The entry of the register that tells of a call, the last if there are several. Made from the register.
create table registered (
  id    text    primary key,                  -- of the call
  entry integer not null
) strict, without rowid;

-- For each recording, hashes of its beginning: of its head, of its head and the first second, and so on, 4 bytes each.
-- With them verify names the second in which a file was altered.
create table mark (
  call    integer primary key references call on delete cascade,
  digests blob    not null
) strict;
