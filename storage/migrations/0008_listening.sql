-- Of when a run's tallies are: between two runs nobody listened, or what was heard was lost with a process that was killed.

alter table run add column from_ns integer;    -- by the clock of the captures: since when it listened; null: nothing came
alter table run add column until_ns integer;   -- and until when its tallies count
