-- +goose Up

-- Runbooks that are walked through: where each is, and who did what.

create table runbook_run (
  id            bigint generated always as identity primary key,
  name          text not null check (name ~ '^[a-z][a-z0-9-]{0,47}$'),
  title         text not null check (length(title) between 1 and 100),
  hash          text not null check (hash ~ '^[0-9a-f]{64}$'),
  book          text not null check (length(book) between 1 and 131072),
  jobs          jsonb not null default '{}',
  incident_id   bigint references incident,
  network       text not null default '',
  room          text not null default '',
  account       text not null default '',
  state         text not null default 'open' check (state in ('open', 'done', 'aborted')),
  step          int not null default 0 check (step >= 0),
  turn          int not null default 0 check (turn >= 0),
  steps         int not null check (steps between 1 and 60),
  phase         text not null default '' check (phase in ('', 'guarding', 'waiting', 'running', 'stopped')),
  job_run       bigint references job_run,
  started_at    timestamptz not null,
  started_by    bigint references person,
  started_words text not null check (length(started_words) between 1 and 200),
  moved_at      timestamptz not null,
  reminded_at   timestamptz,
  ended_at      timestamptz,
  check ((ended_at is null) = (state = 'open')),
  check ((job_run is not null) = (phase = 'running'))
);
-- The same runbook is walked through once at a time: in an incident, or else in a room.
create unique index runbook_run_one_incident on runbook_run (incident_id, name) where state = 'open' and incident_id is not null;
create unique index runbook_run_one_room on runbook_run (network, lower(room), name) where state = 'open' and incident_id is null and room <> '';
create unique index runbook_run_job on runbook_run (job_run) where job_run is not null;
create index runbook_run_open on runbook_run (moved_at) where state = 'open';
create index runbook_run_incident on runbook_run (incident_id) where incident_id is not null;
comment on table runbook_run is 'one time that people walk through a runbook';
comment on column runbook_run.book is 'its file as it was at the start: a file that is changed changes no run that goes on';
comment on column runbook_run.jobs is 'the jobs that its words stood for at the start: {"unseal": "vault-main"}; "" is none';
comment on column runbook_run.step is 'the step at hand, from 1; 0 before the start';
comment on column runbook_run.turn is 'how many steps were come to: one to which a loop leads back is another turn';
comment on column runbook_run.job_run is 'the run of a job that is waited for';
comment on column runbook_run.reminded_at is 'when it was said that it stands still; null: not since it moved';

-- What was done, in order. Where a run is follows from its book and these rows alone; what
-- runbook_run has of it is for lists.
create table runbook_step_done (
  run_id    bigint not null references runbook_run on delete cascade,
  n         int not null check (n > 0),
  turn      int not null check (turn >= 0),
  step      int not null check (step > 0),
  what      text not null check (what in ('started', 'looked', 'confirmed', 'done', 'chosen', 'asked', 'succeeded', 'failed', 'skipped', 'aborted')),
  at        timestamptz not null,
  person_id bigint references person,
  who       text not null default '' check (length(who) <= 200),
  choice    text not null default '' check (length(choice) <= 48),
  note      text not null default '' check (length(note) <= 500),
  job_run   bigint references job_run,
  primary key (run_id, n)
);
-- A step that is come to ends once, whoever says it.
create unique index runbook_step_done_once on runbook_step_done (run_id, turn) where what in ('done', 'chosen', 'succeeded', 'skipped');
comment on table runbook_step_done is 'what people and jobs did in a runbook';
comment on column runbook_step_done.who is 'a handle; "" is the bot';

-- +goose StatementBegin
do $$
declare
  t text;
begin
  foreach t in array array['runbook_run', 'runbook_step_done'] loop
    execute format('create trigger fence before insert or update or delete on %I for each statement
      when (current_setting(''batsignal.epoch'', true) <> '''') execute function fence()', t);
  end loop;
end $$;
-- +goose StatementEnd

grant select, insert, update on runbook_run to batsignal_app;
grant select, insert on runbook_step_done to batsignal_app;

-- A runbook stands on the timeline of its incident. Whatever else stands there by now stays.
-- +goose StatementBegin
do $$
declare
  kinds text;
begin
  select pg_get_expr(conbin, conrelid) into kinds from pg_constraint where conname = 'timeline_entry_kind_check';
  execute 'alter table timeline_entry drop constraint timeline_entry_kind_check';
  execute 'alter table timeline_entry add constraint timeline_entry_kind_check check (' || kinds || ' or kind = ''runbook'')';
end $$;
-- +goose StatementEnd
