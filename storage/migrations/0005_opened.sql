-- How often the store was opened for writing, as store.json says too: of two that differ, one is from an old backup.
alter table store add column opened integer not null default 0;
