-- +goose Up

-- A random value, planted just before each backup of this database: it must be found in what
-- is restored. Databases of others have a table of the same shape, which the backup makes.

create table batsignal_sentinel (
  id         bigint generated always as identity primary key,
  value      text not null check (length(value) between 1 and 200),
  planted_at timestamptz not null default now()
);
comment on table batsignal_sentinel is 'planted just before a backup, to be found in what is restored; the newest few stay';

create trigger fence before insert or update or delete on batsignal_sentinel for each statement
  when (current_setting('batsignal.epoch', true) <> '') execute function fence();

grant select, insert, delete on batsignal_sentinel to batsignal_app;
