-- Finding calls by section and length, too: docs/storage.md, "Search". A walk through calls asks this index alone.

drop index call_by_start;
create index call_by_start on call (
  started_ns, id, direction, outcome, extension, caller, callee, section, answered_ns, ended_ns
);
