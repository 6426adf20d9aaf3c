-- +goose Up

-- Announcements to the world outside the channel: drafted, agreed to by a second person, sent.

create table announcement (
  id          bigint generated always as identity primary key,
  what        text not null check (what in ('outage', 'news')),
  text        text not null check (length(text) between 1 and 4000),
  state       text not null check (state in ('draft', 'approved', 'sent', 'dropped')),
  version     int not null default 1 check (version > 0),
  incident_id bigint references incident,
  run_id      bigint references job_run on delete set null,
  made_by     bigint references person,
  made_words  text not null check (length(made_words) between 1 and 200),
  made_at     timestamptz not null,
  edited_by   bigint references person,
  edited_at   timestamptz not null,
  approved_by bigint references person,
  approved_words text not null default '',
  approved_at timestamptz,
  sent_words  text not null default '',
  sent_at     timestamptz,
  check ((approved_at is not null) = (state = 'approved') or state in ('sent', 'dropped')),
  check ((sent_at is not null) = (state = 'sent')),
  check (approved_by is null or approved_by is distinct from edited_by)
);
create index announcement_open on announcement (id) where state in ('draft', 'approved');
comment on column announcement.version is 'goes up with each change of the text, which takes an approval back';
comment on column announcement.edited_by is 'who wrote the text as it is; they cannot approve it';

create table announcement_copy (
  announcement_id bigint not null references announcement on delete cascade,
  way     text not null check (way in ('room', 'list')),
  network text not null default '',
  place   text not null check (length(place) between 1 and 200),
  state   text not null check (state in ('waiting', 'sent', 'failed')),
  at      timestamptz not null,
  detail  text not null default '' check (length(detail) <= 500),
  primary key (announcement_id, way, network, place)
);
comment on table announcement_copy is 'where one was sent to; a room has it as soon as its notice is said';

-- +goose StatementBegin
do $$
declare
  t text;
begin
  foreach t in array array['announcement', 'announcement_copy'] loop
    execute format('create trigger fence before insert or update or delete on %I for each statement
      when (current_setting(''batsignal.epoch'', true) <> '''') execute function fence()', t);
  end loop;
end $$;
-- +goose StatementEnd

grant select, insert, update on announcement, announcement_copy to batsignal_app;
