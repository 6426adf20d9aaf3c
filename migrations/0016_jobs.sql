-- +goose Up

-- Jobs: what was asked for, who allowed it, how it goes and what came of it; their times;
-- when nothing risky is done; what is to be remembered; and the backups that they made.

create table job_run (
  id            bigint generated always as identity primary key,
  job           text not null check (job ~ '^[a-z][a-z0-9-]{0,47}$'),
  kind          text not null check (length(kind) between 1 and 48),
  params        jsonb not null default '{}',
  state         text not null check (state in ('asked', 'queued', 'running', 'undoing', 'succeeded', 'failed', 'timed_out', 'cancelled', 'denied', 'expired', 'lost')),
  dry           boolean not null default false,
  reason        text not null default '' check (length(reason) <= 500),
  override      boolean not null default false,
  key           text check (length(key) between 1 and 200),
  incident_id   bigint references incident,
  asked_at      timestamptz not null,
  asked_by      bigint references person,
  asked_words   text not null check (length(asked_words) between 1 and 200),
  network       text not null default '',
  room          text not null default '',
  approvals     int not null default 0 check (approvals between 0 and 9),
  scheduled_for timestamptz,
  exclusive     text not null check (length(exclusive) between 1 and 64),
  attempt       int not null default 0 check (attempt >= 0),
  failures      int not null default 0 check (failures >= 0),
  crashes       int not null default 0 check (crashes >= 0),
  tries         int not null default 1 check (tries between 1 and 100),
  not_before    timestamptz,
  started_at    timestamptz,
  ended_at      timestamptz,
  leased_by     text not null default '' check (length(leased_by) <= 400),
  leased_until  timestamptz,
  fence         int not null default 0,
  outcome       text not null default '' check (outcome in ('', 'queued', 'succeeded', 'failed', 'timed_out', 'cancelled', 'lost')),
  undo_tries    int not null default 0,
  stuck_at      timestamptz,
  cancel_at     timestamptz,
  cancel_by     bigint references person,
  cancel_words  text not null default '' check (length(cancel_words) <= 200),
  done          bigint not null default 0 check (done >= 0),
  total         bigint not null default 0 check (total >= 0),
  unit          text not null default '' check (length(unit) <= 16),
  doing         text not null default '' check (length(doing) <= 200),
  progress_from timestamptz,
  progress_at   timestamptz,
  said          text not null default '' check (length(said) <= 500),
  evidence      jsonb not null default '[]',
  check ((ended_at is not null) = (state in ('succeeded', 'failed', 'timed_out', 'cancelled', 'denied', 'expired', 'lost'))),
  check ((leased_until is not null) = (state in ('running', 'undoing'))),
  check ((outcome <> '') = (state = 'undoing'))
);
create unique index job_run_key on job_run (key);
-- Two runs that must not meet never do: a run holds its word from its start until all that it left is taken back.
create unique index job_run_alone on job_run (exclusive) where state in ('running', 'undoing');
create index job_run_open on job_run (state, id) where ended_at is null;
create index job_run_of on job_run (job, id desc);
create index job_run_incident on job_run (incident_id) where incident_id is not null;
comment on table job_run is 'one time that a job was asked for';
comment on column job_run.key is 'what it was asked by: the same message, or the same time of a schedule, asks once';
comment on column job_run.exclusive is 'runs with the same word never run at once';
comment on column job_run.attempt is 'how often it was begun';
comment on column job_run.failures is 'how many tries failed; when there are as many as tries, none is left';
comment on column job_run.crashes is 'how many tries ended because whoever did it died; every third is a failure';
comment on column job_run.fence is 'whoever takes it over takes the next number, and who still works under an old one writes nothing more';
comment on column job_run.leased_until is 'how long whoever works it is believed to live; if nobody does (undoing), when it is tried again';
comment on column job_run.outcome is 'what it will be once everything that it left is taken back; queued: it is tried again';
comment on column job_run.undo_tries is 'how often taking back failed';
comment on column job_run.stuck_at is 'since when people were told that something is left behind; null: they were not';
comment on column job_run.progress_from is 'since when done counts what it counts';
comment on column job_run.said is 'one sentence: what came of it';
comment on column job_run.evidence is 'names and values, in order: [["size", "3.1 GB"], …]';

create table job_verdict (
  run_id    bigint not null references job_run on delete cascade,
  person_id bigint not null references person,
  handle    text not null,
  yes       boolean not null,
  reason    text not null default '' check (length(reason) <= 500),
  at        timestamptz not null,
  primary key (run_id, person_id)
);

create table job_log (
  run_id  bigint not null references job_run on delete cascade,
  n       int not null check (n > 0),
  attempt int not null,
  at      timestamptz not null,
  text    text not null check (length(text) <= 2000),
  primary key (run_id, n)
);

create table job_step (
  run_id   bigint not null references job_run on delete cascade,
  n        int not null check (n > 0),
  attempt  int not null,
  name     text not null check (length(name) between 1 and 100),
  undo     text not null default '' check (length(undo) <= 48),
  memo     jsonb not null default '{}',
  state    text not null check (state in ('begun', 'done', 'failed', 'undone')),
  begun_at timestamptz not null,
  ended_at timestamptz,
  tries    int not null default 0,
  detail   text not null default '' check (length(detail) <= 500),
  primary key (run_id, n)
);
comment on column job_step.undo is 'how what it leaves is taken back at the end of the run, whatever becomes of it; "" leaves nothing';
comment on column job_step.memo is 'what taking it back needs to know, written before the step begins; never a secret';

create table job_artifact (
  run_id bigint not null references job_run on delete cascade,
  n      int not null,
  name   text not null check (length(name) between 1 and 200),
  place  text not null default '',
  key    text not null default '',
  size   bigint not null check (size >= 0),
  sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  primary key (run_id, n)
);

-- When a job runs by itself. The rows follow the file of jobs, except who paused one.
create table job_schedule (
  job        text primary key check (job ~ '^[a-z][a-z0-9-]{0,47}$'),
  rule       text not null check (length(rule) <= 200),
  zone       text not null,
  missed     text not null check (missed in ('once', 'skip')),
  next_at    timestamptz,
  last_at    timestamptz,
  held_at    timestamptz,
  paused_at  timestamptz,
  paused_by  text not null default '',
  expect     interval,
  expect_from timestamptz not null,
  alarmed_at timestamptz,
  told_at    timestamptz,
  check ((next_at is not null) = (rule <> ''))
);
comment on column job_schedule.rule is '"" does not run by itself, and is only expected to succeed';
comment on column job_schedule.held_at is 'since when its times are not used, by a freeze or because it is refused, and that this was told';
comment on column job_schedule.missed is 'what becomes of times that passed while nobody was there: one run for all of them, or none';
comment on column job_schedule.expect is 'a run must succeed so often, or it is an alarm';
comment on column job_schedule.alarmed_at is 'since when it is told that it did not report; null: it did';
comment on column job_schedule.told_at is 'when that was told last';

-- When nothing risky is done, beyond the days of the week of the file of jobs.
create table freeze_window (
  id        bigint generated always as identity primary key,
  title     text not null check (length(title) between 1 and 200),
  begins_at timestamptz not null,
  ends_at   timestamptz not null,
  made_by   text not null,
  made_at   timestamptz not null,
  lifted_by text not null default '',
  lifted_at timestamptz,
  check (ends_at > begins_at)
);

-- What is to be remembered: a rhythm (reboot every 150 days) or an end (a warranty).
create table reminder (
  id       bigint generated always as identity primary key,
  what     text not null check (what in ('rhythm', 'end')),
  title    text not null check (length(title) between 1 and 200),
  means    text not null default '' check (length(means) <= 500),
  every    int check (every between 1 and 3660),
  ahead    int not null default 0 check (ahead between 0 and 3660),
  due_on   date not null,
  zone     text not null,
  owner    text not null default '' check (length(owner) <= 100),
  version  bigint not null default 1,
  told_on  date,
  told     int not null default 0,
  gone_at  timestamptz,
  made_by  text not null,
  made_at  timestamptz not null,
  check ((every is not null) = (what = 'rhythm'))
);
create unique index reminder_title on reminder (lower(title)) where gone_at is null;
comment on column reminder.means is 'what its end means for how long a recovery takes';
comment on column reminder.ahead is 'how many days before it is due people are told first';

create table reminder_done (
  id          bigint generated always as identity primary key,
  reminder_id bigint not null references reminder,
  due_on      date not null,
  by          text not null,
  at          timestamptz not null,
  note        text not null default '' check (length(note) <= 500)
);
create index reminder_done_of on reminder_done (reminder_id, at desc);
comment on column reminder_done.due_on is 'the day on which it was due then';

-- A backup: one or more members that only count together, each in several places.
create table snapshot (
  id          bigint generated always as identity primary key,
  job         text not null check (job ~ '^[a-z][a-z0-9-]{0,47}$'),
  run_id      bigint references job_run on delete set null,
  taken_at    timestamptz not null,
  state       text not null check (state in ('taking', 'kept', 'broken', 'deleting', 'deleted')),
  want        int not null check (want > 0),
  have        int not null default 0 check (have between 0 and want),
  hold        text not null default '' check (length(hold) <= 200),
  hold_by     text not null default '',
  sentinel    text not null default '' check (length(sentinel) <= 200),
  facts       jsonb not null default '[]',
  checked     text not null default '' check (checked in ('', 'validating', 'successful', 'failed', 'timed_out')),
  level       int not null default 0 check (level between 0 and 5),
  verified_at timestamptz,
  deleted_at  timestamptz,
  unique (job, taken_at)
);
create index snapshot_live on snapshot (job, taken_at desc) where state <> 'deleted';
create unique index snapshot_run on snapshot (run_id);
comment on column snapshot.sentinel is 'SHA-256 of what was planted just before, to be found in what is restored';
comment on column snapshot.verified_at is 'since when it is proven that the application answers from it (level 4)';
comment on column snapshot.hold is 'why it must not be deleted; "" is no hold';

create table snapshot_copy (
  snapshot_id bigint not null references snapshot on delete cascade,
  member      text not null check (length(member) between 1 and 100),
  place       text not null check (length(place) between 1 and 48),
  off_site    boolean not null,
  key         text not null check (length(key) between 1 and 400),
  size        bigint not null check (size >= 0),
  sha256      text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  recipients  text[] not null default '{}',
  documented  boolean not null default false,
  stored_at   timestamptz not null,
  read_at     timestamptz,
  bad         text not null default '' check (length(bad) <= 500),
  gone_at     timestamptz,
  primary key (snapshot_id, member, place)
);
comment on column snapshot_copy.recipients is 'whose keys open it, each alone: their public parts';
comment on column snapshot_copy.documented is 'how it is opened and restored by hand stands beside it';
comment on column snapshot_copy.read_at is 'when it was last read back whole, and found to be what was stored';

create table snapshot_check (
  id          bigint generated always as identity primary key,
  snapshot_id bigint not null references snapshot on delete cascade,
  run_id      bigint references job_run on delete set null,
  place       text not null,
  recipient   text not null default '' check (length(recipient) <= 100),
  level       int not null check (level between 0 and 5),
  state       text not null check (state in ('validating', 'successful', 'failed', 'timed_out')),
  begun_at    timestamptz not null,
  ended_at    timestamptz,
  took        interval,
  detail      text not null default '' check (length(detail) <= 1000),
  facts       jsonb not null default '[]'
);
create index snapshot_check_of on snapshot_check (snapshot_id, id);
comment on column snapshot_check.recipient is 'whose key opened it: each is tried in turn';

-- +goose StatementBegin
do $$
declare
  t text;
begin
  foreach t in array array['job_run', 'job_verdict', 'job_log', 'job_step', 'job_artifact', 'job_schedule', 'freeze_window', 'reminder', 'reminder_done',
    'snapshot', 'snapshot_copy', 'snapshot_check'] loop
    execute format('create trigger fence before insert or update or delete on %I for each statement
      when (current_setting(''batsignal.epoch'', true) <> '''') execute function fence()', t);
  end loop;
end $$;
-- +goose StatementEnd

grant select, insert, update on job_run, job_step, job_schedule, freeze_window, reminder, snapshot, snapshot_copy, snapshot_check to batsignal_app;
grant select, insert on job_verdict, job_log, job_artifact, reminder_done to batsignal_app;
grant delete on job_schedule, snapshot to batsignal_app;

-- A run stands on the timeline of its incident.
alter table timeline_entry drop constraint timeline_entry_kind_check;
alter table timeline_entry add constraint timeline_entry_kind_check check (kind in (
  'opened', 'signal', 'page', 'ack', 'decline', 'role', 'baton', 'exhausted', 'severity',
  'renamed', 'note', 'action', 'room', 'resolved', 'reopened', 'decision', 'info', 'retrospective', 'job'));
