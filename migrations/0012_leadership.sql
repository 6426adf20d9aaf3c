-- +goose Up

-- Several processes may share the database. One of them leads: it is on the chat networks,
-- rings people, and does what nobody asks for. Whoever holds the advisory lock of package
-- migrations/pg/leader leads, and its term has a number; the others serve the web and wait.

create table leadership (
  name    text primary key check (name ~ '^[a-z][a-z0-9-]{0,47}$'),
  epoch   bigint not null default 0 check (epoch >= 0),
  holder  text not null default '' check (length(holder) <= 400),
  since   timestamptz,
  beat_at timestamptz,
  check ((epoch = 0) = (since is null))
);
comment on column leadership.epoch is 'the number of the term; each leader takes the next one';
comment on column leadership.holder is 'the process that leads, or led last: host, process id and a random number of its start';
comment on column leadership.beat_at is 'when it last showed that it is there';
insert into leadership (name) values ('bot');
grant select, update on leadership to batsignal_app;

-- A connection by which a leader works says for which term, as "number holder" in
-- batsignal.epoch. It writes nothing once somebody else leads. The shared lock is held to
-- the end of its transaction, and the next leader takes its number under the exclusive one:
-- so when a term begins, no transaction of an earlier one can commit any more. An older
-- snapshot would show an older number, hence the level. Connections that are not a
-- leader's, as those of web pages, say nothing and pay almost nothing.
-- +goose StatementBegin
create function fence() returns trigger language plpgsql as $$
begin
  perform pg_advisory_xact_lock_shared(7089075327462372453);
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'a leader writes in read committed transactions only';
  end if;
  perform from leadership where name = 'bot' and epoch || ' ' || holder = current_setting('batsignal.epoch');
  if not found then
    raise exception 'another process leads' using errcode = 'BS001';
  end if;
  return null;
end
$$;

-- Every table of ours. A later migration that makes one adds this trigger itself.
do $$
declare
  t text;
begin
  for t in
    select relname from pg_class
    where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p') and not relispartition
      and relname not like 'river\_%' and relname not in ('goose_db_version', 'leadership')
    order by relname
  loop
    execute format('create trigger fence before insert or update or delete on %I for each statement
      when (current_setting(''batsignal.epoch'', true) <> '''') execute function fence()', t);
  end loop;
end $$;
-- +goose StatementEnd
