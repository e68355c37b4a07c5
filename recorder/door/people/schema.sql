-- The door's own database: who may come in. No number and no name of a caller is in here.

-- One row per account. It stays after its end, since the register names it; its login is never given to another.
create table account (
  id            text primary key,
  login         text not null unique,
  name          text not null,
  post          text not null,
  ends_on       text,                        -- YYYY-MM-DD, the last day; null: none (the first manager)
  password      text,                        -- Argon2id
  must_change   integer not null default 0,  -- somebody else knows the password
  factor        blob,                        -- the sealed secret of the second factor; null: none yet
  factor_step   integer not null default 0,  -- the last time step that was used
  closed_ns     integer                      -- null: open
);

create table recovery_code (
  account  text not null references account,
  digest   blob not null,
  primary key (account, digest)
);

-- One row per appointment; never changed but for its end.
create table appointment (
  number    integer primary key,
  account   text not null references account,
  role      text not null,
  section   text not null default '',
  since_ns  integer not null,
  until_ns  integer,
  by_login  text not null
);
create index appointment_by_account on appointment (account, until_ns);

-- When managers are away, so that their deputies act.
create table absence (
  number    integer primary key,
  section   text not null default '',
  since_ns  integer not null,
  until_ns  integer
);

create table session (
  number     integer primary key,
  token      blob not null unique,           -- SHA-256 of the token; the token itself is nowhere
  account    text not null references account,
  begun_ns   integer not null,
  seen_ns    integer not null,
  proved_ns  integer not null,               -- when the second factor was last given
  source     text not null
);

-- Machines that an account was used from: a guesser elsewhere doesn't slow it down here.
create table known_source (
  account  text not null references account,
  source   text not null,
  seen_ns  integer not null,
  primary key (account, source)
);
