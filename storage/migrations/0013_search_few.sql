-- What few calls are, by itself: long ones, and those without audio. docs/storage.md, "Search".

create index call_that_is_long on call (ended_ns - answered_ns, started_ns)
  where ended_ns - answered_ns >= 1800000000000;
create index call_without_audio on call (section, started_ns) where outcome = 'no_audio';
