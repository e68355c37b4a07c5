-- Finding calls by time, number and extension: see docs/storage.md, "Search".

-- Newest first, or oldest first, with all that a search asks of a call: a walk through it never touches the calls.
drop index call_by_start;
create index call_by_start on call (started_ns, id, direction, outcome, extension, caller, callee);

create index call_by_caller on call (caller, started_ns);
create index call_by_callee on call (callee, started_ns);
create index call_by_extension on call (extension, started_ns);
create index call_party_by_extension on call_party (extension, call);

-- Each caller and callee there is, once. A part of a number is looked for here: 150,000 rows instead of a million.
-- The triggers keep it, whoever writes; with its last call a number goes.
create table number (
  digits text    primary key,                 -- as in call.caller and call.callee
  calls  integer not null check (calls >= 0)  -- how often it is one or the other
) strict, without rowid;

-- SQLite writes over what is deleted, but when it moves a row of an index to another page, the copy on the old page can
-- stay behind. So the indexes with numbers are made anew after calls were erased: storage/search.py, "renew".
create table search_state (
  only       integer primary key check (only = 1),
  erased     integer not null,                -- so many calls went out of the table call, ever
  renewed    integer not null,                -- so many of them before the indexes were last made anew
  renewed_ns integer                          -- when that was by the machine's clock; null: never
) strict;
insert into search_state values (1, 0, 0, null);

insert into number (digits, calls)
  select digits, count(*) from (select caller as digits from call union all select callee from call)
  where digits is not null group by digits;

create trigger number_of_new_call after insert on call begin
  insert into number (digits, calls) select new.caller, 1 where new.caller is not null
    on conflict (digits) do update set calls = calls + 1;
  insert into number (digits, calls) select new.callee, 1 where new.callee is not null
    on conflict (digits) do update set calls = calls + 1;
end;

create trigger number_of_gone_call after delete on call begin
  update number set calls = calls - 1 where digits = old.caller;
  update number set calls = calls - 1 where digits = old.callee;
  delete from number where digits in (old.caller, old.callee) and calls = 0;
  update search_state set erased = erased + 1;
end;

create trigger number_of_changed_call after update of caller, callee on call begin
  update number set calls = calls - 1 where digits = old.caller;
  update number set calls = calls - 1 where digits = old.callee;
  insert into number (digits, calls) select new.caller, 1 where new.caller is not null
    on conflict (digits) do update set calls = calls + 1;
  insert into number (digits, calls) select new.callee, 1 where new.callee is not null
    on conflict (digits) do update set calls = calls + 1;
  delete from number where digits in (old.caller, old.callee) and calls = 0;
end;
