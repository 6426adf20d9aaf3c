-- The schema after all migrations, to read; generated, so change it by a new
-- migration and: go test ./migrations -run TestSchema -update
-- River's and goose's own tables are left out. Dumped by PostgreSQL 15.

CREATE FUNCTION public.append_only() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'BS002';
end
$$;

CREATE FUNCTION public.fence() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION public.only_sealed() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  if pg_has_role(current_user, 'batsignal_switchboard', 'usage') and not pg_has_role(current_user, 'batsignal_app', 'usage') then
    raise exception 'the switchboard deletes sealed contacts only' using errcode = '42501';
  end if;
  return old;
end
$$;

CREATE FUNCTION public.page_code() RETURNS text
    LANGUAGE sql
    AS $$
  select string_agg(substr('ABCDEFGHJKLMNPQRSTUVWXYZ23456789', 1 + get_byte(bytes, i) % 32, 1), '')
  from (select sha256(uuid_send(gen_random_uuid())) as bytes) random, generate_series(0, 4) i
$$;

CREATE FUNCTION public.page_digits() RETURNS smallint
    LANGUAGE sql
    AS $$
  select ((get_byte(bytes, 0) * 65536 + get_byte(bytes, 1) * 256 + get_byte(bytes, 2)) % 27000)::smallint
  from (select sha256(uuid_send(gen_random_uuid())) as bytes) random
$$;

CREATE FUNCTION public.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
end $$;

CREATE FUNCTION public.sealed_gone() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
begin
  insert into public.sealed_gone (record_id, at) values (old.record_id, clock_timestamp()) on conflict do nothing;
  perform pg_notify('batsignal_sealed_gone', '');
  return null;
end
$$;

CREATE TABLE public.absence (
    id bigint NOT NULL,
    person_id bigint NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    source text DEFAULT ''::text NOT NULL,
    uid text DEFAULT ''::text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT absence_check CHECK ((starts_at < ends_at)),
    CONSTRAINT absence_note_check CHECK ((length(note) <= 200)),
    CONSTRAINT absence_source_check CHECK ((length(source) <= 64)),
    CONSTRAINT absence_uid_check CHECK ((length(uid) <= 300))
);

COMMENT ON COLUMN public.absence.source IS 'the calendar that it was read from; empty: said by hand';

ALTER TABLE public.absence ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.absence_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.account (
    network text NOT NULL,
    name text NOT NULL,
    person_id bigint NOT NULL,
    linked_at timestamp with time zone NOT NULL,
    CONSTRAINT account_name_check CHECK (((length(name) >= 1) AND (length(name) <= 128))),
    CONSTRAINT account_network_check CHECK (((length(network) >= 1) AND (length(network) <= 64)))
);

COMMENT ON COLUMN public.account.name IS 'folded to lower case by the door that proved it';

CREATE TABLE public.ack_token (
    hash bytea NOT NULL,
    page_id bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    delivery_id bigint,
    CONSTRAINT ack_token_hash_check CHECK ((length(hash) = 32))
);

COMMENT ON COLUMN public.ack_token.delivery_id IS 'which message brought the link; null: it is from before this was noted';

CREATE TABLE public.action_change (
    id bigint NOT NULL,
    action_id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    who text DEFAULT ''::text NOT NULL,
    what text NOT NULL,
    CONSTRAINT action_change_what_check CHECK (((length(what) >= 1) AND (length(what) <= 2400)))
);

ALTER TABLE public.action_change ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.action_change_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.action_item (
    id bigint NOT NULL,
    text text NOT NULL,
    state text DEFAULT 'open'::text NOT NULL,
    due date,
    created_at timestamp with time zone NOT NULL,
    created_by text DEFAULT ''::text NOT NULL,
    closed_at timestamp with time zone,
    meeting_id bigint,
    item integer,
    incident_id bigint,
    network text DEFAULT ''::text NOT NULL,
    room text DEFAULT ''::text NOT NULL,
    series text DEFAULT ''::text NOT NULL,
    reminded_at timestamp with time zone,
    issue_url text DEFAULT ''::text NOT NULL,
    owners_set boolean DEFAULT false NOT NULL,
    due_set boolean DEFAULT false NOT NULL,
    CONSTRAINT action_item_check CHECK (((state = 'open'::text) = (closed_at IS NULL))),
    CONSTRAINT action_item_check1 CHECK (((meeting_id IS NULL) = (item IS NULL))),
    CONSTRAINT action_item_state_check CHECK ((state = ANY (ARRAY['open'::text, 'done'::text, 'dropped'::text]))),
    CONSTRAINT action_item_text_check CHECK ((length(text) <= 2000))
);

COMMENT ON COLUMN public.action_item.series IS 'the name of the meeting, which the next one of that name is known by';

COMMENT ON COLUMN public.action_item.owners_set IS 'somebody said since whose it is: what its minutes say of that does not count';

COMMENT ON COLUMN public.action_item.due_set IS 'the same of its day';

ALTER TABLE public.action_item ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.action_item_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.action_owner (
    action_id bigint NOT NULL,
    place integer NOT NULL,
    name text NOT NULL,
    person_id bigint,
    CONSTRAINT action_owner_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200)))
);

CREATE TABLE public.alert (
    id bigint NOT NULL,
    key_id bigint NOT NULL,
    group_id bigint NOT NULL,
    dedup_key text NOT NULL,
    state text NOT NULL,
    severity smallint NOT NULL,
    summary text NOT NULL,
    source text NOT NULL,
    count bigint NOT NULL,
    first_at timestamp with time zone NOT NULL,
    last_at timestamp with time zone NOT NULL,
    told_at timestamp with time zone,
    acked_at timestamp with time zone,
    acked_by bigint,
    resolved_at timestamp with time zone,
    resolved_by bigint,
    component text NOT NULL,
    class text NOT NULL,
    part text NOT NULL,
    details text NOT NULL,
    links jsonb NOT NULL,
    CONSTRAINT alert_check CHECK (((state = 'resolved'::text) = (resolved_at IS NOT NULL))),
    CONSTRAINT alert_class_check CHECK ((length(class) <= 1024)),
    CONSTRAINT alert_component_check CHECK ((length(component) <= 1024)),
    CONSTRAINT alert_count_check CHECK ((count >= 1)),
    CONSTRAINT alert_dedup_key_check CHECK (((length(dedup_key) >= 1) AND (length(dedup_key) <= 255))),
    CONSTRAINT alert_details_check CHECK ((octet_length(details) <= 4096)),
    CONSTRAINT alert_links_check CHECK ((jsonb_typeof(links) = 'array'::text)),
    CONSTRAINT alert_part_check CHECK ((length(part) <= 1024)),
    CONSTRAINT alert_severity_check CHECK (((severity >= 1) AND (severity <= 4))),
    CONSTRAINT alert_source_check CHECK ((length(source) <= 1024)),
    CONSTRAINT alert_state_check CHECK ((state = ANY (ARRAY['triggered'::text, 'acknowledged'::text, 'resolved'::text]))),
    CONSTRAINT alert_summary_check CHECK (((length(summary) >= 1) AND (length(summary) <= 1024)))
);

COMMENT ON COLUMN public.alert.count IS 'how often it was triggered';

COMMENT ON COLUMN public.alert.told_at IS 'when it was named in a message; null: in none yet';

COMMENT ON COLUMN public.alert.part IS 'what PagerDuty calls its group: the part of a system that it belongs to';

COMMENT ON COLUMN public.alert.details IS 'what else the sender told, as JSON; cut if it is long';

CREATE TABLE public.alert_group (
    id bigint NOT NULL,
    key_id bigint NOT NULL,
    state text NOT NULL,
    severity smallint NOT NULL,
    title text NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    told_at timestamp with time zone,
    untold boolean NOT NULL,
    total integer NOT NULL,
    triggered integer NOT NULL,
    acknowledged integer NOT NULL,
    acked_at timestamp with time zone,
    acked_by bigint,
    resolved_at timestamp with time zone,
    CONSTRAINT alert_group_acknowledged_check CHECK ((acknowledged >= 0)),
    CONSTRAINT alert_group_check CHECK (((state = 'open'::text) = (triggered > 0))),
    CONSTRAINT alert_group_check1 CHECK (((state = 'resolved'::text) = (resolved_at IS NOT NULL))),
    CONSTRAINT alert_group_check2 CHECK (((state <> 'resolved'::text) OR (acknowledged = 0))),
    CONSTRAINT alert_group_severity_check CHECK (((severity >= 1) AND (severity <= 4))),
    CONSTRAINT alert_group_state_check CHECK ((state = ANY (ARRAY['open'::text, 'acked'::text, 'resolved'::text]))),
    CONSTRAINT alert_group_title_check CHECK (((length(title) >= 1) AND (length(title) <= 600))),
    CONSTRAINT alert_group_total_check CHECK ((total >= 0)),
    CONSTRAINT alert_group_triggered_check CHECK ((triggered >= 0))
);

COMMENT ON COLUMN public.alert_group.severity IS 'the worst of its alerts so far; 4 is announced and rings nobody';

COMMENT ON COLUMN public.alert_group.told_at IS 'when people were last told of its alerts, by a ring or a further message; null: not yet';

COMMENT ON COLUMN public.alert_group.untold IS 'some of its alerts were in no message yet';

ALTER TABLE public.alert_group ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.alert_group_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE public.alert ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.alert_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.alert_key (
    id bigint NOT NULL,
    name text NOT NULL,
    hash bytea NOT NULL,
    policy text,
    severities jsonb DEFAULT '{}'::jsonb NOT NULL,
    default_severity smallint NOT NULL,
    created_by bigint,
    created_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    CONSTRAINT alert_key_default_severity_check CHECK (((default_severity >= 1) AND (default_severity <= 4))),
    CONSTRAINT alert_key_hash_check CHECK ((length(hash) = 32)),
    CONSTRAINT alert_key_name_check CHECK ((name ~ '^[a-z][a-z0-9-]{0,47}$'::text)),
    CONSTRAINT alert_key_policy_check CHECK (((policy IS NOT NULL) OR (revoked_at IS NOT NULL))),
    CONSTRAINT alert_key_severities_check CHECK ((jsonb_typeof(severities) = 'object'::text))
);

COMMENT ON COLUMN public.alert_key.hash IS 'SHA-256 of the routing key, which is told once and not kept';

COMMENT ON COLUMN public.alert_key.policy IS 'who is rung; a policy that a key in use names cannot be deleted';

COMMENT ON COLUMN public.alert_key.severities IS 'what the words of senders mean here, where it is not as usual: {"critical": 1}';

COMMENT ON COLUMN public.alert_key.default_severity IS 'of a word that nobody knows';

ALTER TABLE public.alert_key ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.alert_key_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.announcement (
    id bigint NOT NULL,
    what text NOT NULL,
    text text NOT NULL,
    state text NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    incident_id bigint,
    run_id bigint,
    made_by bigint,
    made_words text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    edited_by bigint,
    edited_at timestamp with time zone NOT NULL,
    approved_by bigint,
    approved_words text DEFAULT ''::text NOT NULL,
    approved_at timestamp with time zone,
    sent_words text DEFAULT ''::text NOT NULL,
    sent_at timestamp with time zone,
    CONSTRAINT announcement_check CHECK ((((approved_at IS NOT NULL) = (state = 'approved'::text)) OR (state = ANY (ARRAY['sent'::text, 'dropped'::text])))),
    CONSTRAINT announcement_check1 CHECK (((sent_at IS NOT NULL) = (state = 'sent'::text))),
    CONSTRAINT announcement_check2 CHECK (((approved_by IS NULL) OR (approved_by IS DISTINCT FROM edited_by))),
    CONSTRAINT announcement_made_words_check CHECK (((length(made_words) >= 1) AND (length(made_words) <= 200))),
    CONSTRAINT announcement_state_check CHECK ((state = ANY (ARRAY['draft'::text, 'approved'::text, 'sent'::text, 'dropped'::text]))),
    CONSTRAINT announcement_text_check CHECK (((length(text) >= 1) AND (length(text) <= 4000))),
    CONSTRAINT announcement_version_check CHECK ((version > 0)),
    CONSTRAINT announcement_what_check CHECK ((what = ANY (ARRAY['outage'::text, 'news'::text])))
);

COMMENT ON COLUMN public.announcement.version IS 'goes up with each change of the text, which takes an approval back';

COMMENT ON COLUMN public.announcement.edited_by IS 'who wrote the text as it is; they cannot approve it';

CREATE TABLE public.announcement_copy (
    announcement_id bigint NOT NULL,
    way text NOT NULL,
    network text DEFAULT ''::text NOT NULL,
    place text NOT NULL,
    state text NOT NULL,
    at timestamp with time zone NOT NULL,
    detail text DEFAULT ''::text NOT NULL,
    CONSTRAINT announcement_copy_detail_check CHECK ((length(detail) <= 500)),
    CONSTRAINT announcement_copy_place_check CHECK (((length(place) >= 1) AND (length(place) <= 200))),
    CONSTRAINT announcement_copy_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'sent'::text, 'failed'::text, 'unknown'::text]))),
    CONSTRAINT announcement_copy_way_check CHECK ((way = ANY (ARRAY['room'::text, 'list'::text])))
);

COMMENT ON TABLE public.announcement_copy IS 'where one was sent to; a room has it as soon as its notice is said';

COMMENT ON COLUMN public.announcement_copy.state IS 'unknown: whoever mailed it died in the last try';

ALTER TABLE public.announcement ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.announcement_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.api_token (
    id bigint NOT NULL,
    hash bytea NOT NULL,
    person_id bigint NOT NULL,
    name text NOT NULL,
    scopes text[] NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    revoked_at timestamp with time zone,
    CONSTRAINT api_token_check CHECK (((created_at < expires_at) AND (expires_at <= (created_at + '366 days'::interval)))),
    CONSTRAINT api_token_hash_check CHECK ((length(hash) = 32)),
    CONSTRAINT api_token_name_check CHECK (((length(name) >= 1) AND (length(name) <= 60))),
    CONSTRAINT api_token_scopes_check CHECK (((cardinality(scopes) >= 1) AND (cardinality(scopes) <= 12)))
);

ALTER TABLE public.api_token ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.api_token_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.attempt (
    id bigint NOT NULL,
    delivery_id bigint NOT NULL,
    n integer NOT NULL,
    key text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    outcome text DEFAULT 'open'::text NOT NULL,
    detail text DEFAULT ''::text NOT NULL,
    CONSTRAINT attempt_detail_check CHECK ((length(detail) <= 400)),
    CONSTRAINT attempt_outcome_check CHECK ((outcome = ANY (ARRAY['open'::text, 'accepted'::text, 'temporary'::text, 'permanent'::text, 'unknown'::text])))
);

ALTER TABLE public.attempt ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.attempt_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.audit_entry (
    id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    person_id bigint,
    handle text DEFAULT ''::text NOT NULL,
    network text DEFAULT ''::text NOT NULL,
    account text DEFAULT ''::text NOT NULL,
    kind text NOT NULL,
    subject text NOT NULL,
    says text NOT NULL,
    before jsonb,
    after jsonb,
    concerns bigint[] DEFAULT '{}'::bigint[] NOT NULL,
    CONSTRAINT audit_entry_kind_check CHECK (((length(kind) >= 1) AND (length(kind) <= 32))),
    CONSTRAINT audit_entry_says_check CHECK (((length(says) >= 1) AND (length(says) <= 600))),
    CONSTRAINT audit_entry_subject_check CHECK (((length(subject) >= 1) AND (length(subject) <= 120)))
);

COMMENT ON COLUMN public.audit_entry.concerns IS 'the people who may read it, beside admins';

ALTER TABLE public.audit_entry ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.audit_entry_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.baton (
    id bigint NOT NULL,
    incident_id bigint NOT NULL,
    holder bigint NOT NULL,
    since timestamp with time zone NOT NULL,
    ended_at timestamp with time zone
);

ALTER TABLE public.baton ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.baton_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.baton_move (
    id bigint NOT NULL,
    incident_id bigint NOT NULL,
    kind text NOT NULL,
    from_person bigint NOT NULL,
    to_person bigint NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    due_at timestamp with time zone NOT NULL,
    state text DEFAULT 'open'::text NOT NULL,
    decided_at timestamp with time zone,
    CONSTRAINT baton_move_check CHECK ((from_person <> to_person)),
    CONSTRAINT baton_move_kind_check CHECK ((kind = ANY (ARRAY['pass'::text, 'claim'::text]))),
    CONSTRAINT baton_move_state_check CHECK ((state = ANY (ARRAY['open'::text, 'done'::text, 'lapsed'::text, 'withdrawn'::text])))
);

ALTER TABLE public.baton_move ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.baton_move_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.batsignal_sentinel (
    id bigint NOT NULL,
    value text NOT NULL,
    planted_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT batsignal_sentinel_value_check CHECK (((length(value) >= 1) AND (length(value) <= 200)))
);

COMMENT ON TABLE public.batsignal_sentinel IS 'planted just before a backup, to be found in what is restored; the newest few stay';

ALTER TABLE public.batsignal_sentinel ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.batsignal_sentinel_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.command_call (
    id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    network text NOT NULL,
    room text DEFAULT ''::text NOT NULL,
    account text DEFAULT ''::text NOT NULL,
    person_id bigint,
    verb text NOT NULL,
    message_id text,
    finished_at timestamp with time zone,
    worker text DEFAULT ''::text NOT NULL,
    CONSTRAINT command_call_message_id_check CHECK (((length(message_id) >= 1) AND (length(message_id) <= 200)))
);

ALTER TABLE public.command_call ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.command_call_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.component (
    id bigint NOT NULL,
    name text NOT NULL,
    source text,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT component_name_check CHECK (((name ~ '^[a-z0-9][a-z0-9.+_-]*$'::text) AND (length(name) <= 128)))
);

COMMENT ON COLUMN public.component.name IS 'in small letters';

COMMENT ON COLUMN public.component.source IS 'the import that brought it; null: by hand';

CREATE TABLE public.component_alias (
    name text NOT NULL,
    component_id bigint NOT NULL,
    CONSTRAINT component_alias_name_check CHECK (((name ~ '^[a-z0-9][a-z0-9.+_-]*$'::text) AND (length(name) <= 128)))
);

CREATE TABLE public.component_answer (
    id bigint NOT NULL,
    component text NOT NULL,
    ask_id bigint,
    person_id bigint,
    login text DEFAULT ''::text NOT NULL,
    rank text NOT NULL,
    by_person bigint,
    by_name text NOT NULL,
    network text DEFAULT ''::text NOT NULL,
    account text DEFAULT ''::text NOT NULL,
    answered_at timestamp with time zone NOT NULL,
    accepted_at timestamp with time zone,
    accepted_by text DEFAULT ''::text NOT NULL,
    CONSTRAINT component_answer_by_name_check CHECK (((length(by_name) >= 1) AND (length(by_name) <= 200))),
    CONSTRAINT component_answer_check CHECK (((person_id IS NULL) <> (login = ''::text))),
    CONSTRAINT component_answer_check1 CHECK (((accepted_at IS NULL) = (accepted_by = ''::text))),
    CONSTRAINT component_answer_component_check CHECK (((component ~ '^[a-z0-9][a-z0-9.+_-]*$'::text) AND (length(component) <= 128))),
    CONSTRAINT component_answer_login_check CHECK ((length(login) <= 128)),
    CONSTRAINT component_answer_rank_check CHECK ((rank = ANY (ARRAY['owner'::text, 'co-owner'::text, 'knows'::text])))
);

COMMENT ON TABLE public.component_answer IS 'who says who knows a component; accepted: an admin or an owner made it an entry of its own';

ALTER TABLE public.component_answer ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.component_answer_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.component_ask (
    id bigint NOT NULL,
    component text NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    person_id bigint,
    asker text NOT NULL,
    network text DEFAULT ''::text NOT NULL,
    account text DEFAULT ''::text NOT NULL,
    CONSTRAINT component_ask_asker_check CHECK (((length(asker) >= 1) AND (length(asker) <= 200))),
    CONSTRAINT component_ask_component_check CHECK (((component ~ '^[a-z0-9][a-z0-9.+_-]*$'::text) AND (length(component) <= 128)))
);

ALTER TABLE public.component_ask ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.component_ask_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE public.component ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.component_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.component_owner (
    id bigint NOT NULL,
    component_id bigint NOT NULL,
    person_id bigint,
    login text DEFAULT ''::text NOT NULL,
    rank text NOT NULL,
    source text,
    since timestamp with time zone NOT NULL,
    by_name text DEFAULT ''::text NOT NULL,
    CONSTRAINT component_owner_by_name_check CHECK ((length(by_name) <= 200)),
    CONSTRAINT component_owner_check CHECK (((person_id IS NULL) <> (login = ''::text))),
    CONSTRAINT component_owner_check1 CHECK (((source IS NULL) OR (login <> ''::text))),
    CONSTRAINT component_owner_login_check CHECK (((length(login) <= 128) AND (login = lower(login)))),
    CONSTRAINT component_owner_rank_check CHECK ((rank = ANY (ARRAY['owner'::text, 'co-owner'::text, 'knows'::text])))
);

COMMENT ON COLUMN public.component_owner.login IS 'what a list calls them: a person if that is their handle or one of their accounts, by whoever reads it';

COMMENT ON COLUMN public.component_owner.source IS 'the import that says so; null: by hand';

ALTER TABLE public.component_owner ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.component_owner_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.person (
    id bigint NOT NULL,
    handle text NOT NULL,
    name text DEFAULT ''::text NOT NULL,
    zone text DEFAULT 'UTC'::text NOT NULL,
    wakes smallint DEFAULT 420 NOT NULL,
    sleeps smallint DEFAULT 1380 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    heard_at timestamp with time zone,
    works_from smallint,
    works_until smallint,
    works_days smallint DEFAULT 31 NOT NULL,
    region text DEFAULT ''::text NOT NULL,
    languages text DEFAULT ''::text NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT person_check CHECK (((works_from IS NULL) = (works_until IS NULL))),
    CONSTRAINT person_handle_check CHECK ((handle ~ '^[a-z0-9][a-z0-9._-]{0,31}$'::text)),
    CONSTRAINT person_languages_check CHECK ((languages ~ '^([a-z]{2,3}( [a-z]{2,3}){0,15})?$'::text)),
    CONSTRAINT person_name_check CHECK ((length(name) <= 80)),
    CONSTRAINT person_region_check CHECK ((region ~ '^([a-z]{2}(-[a-z0-9]{1,3})?)?$'::text)),
    CONSTRAINT person_sleeps_check CHECK (((sleeps >= 0) AND (sleeps <= 1439))),
    CONSTRAINT person_version_check CHECK ((version >= 1)),
    CONSTRAINT person_wakes_check CHECK (((wakes >= 0) AND (wakes <= 1439))),
    CONSTRAINT person_works_days_check CHECK (((works_days >= 0) AND (works_days <= 127))),
    CONSTRAINT person_works_from_check CHECK (((works_from >= 0) AND (works_from <= 1439))),
    CONSTRAINT person_works_until_check CHECK (((works_until >= 0) AND (works_until <= 1439))),
    CONSTRAINT person_zone_check CHECK (((length(zone) >= 1) AND (length(zone) <= 64)))
);

COMMENT ON COLUMN public.person.wakes IS 'minutes after local midnight';

COMMENT ON COLUMN public.person.sleeps IS 'minutes after local midnight; before wakes means after midnight';

COMMENT ON COLUMN public.person.heard_at IS 'last sign of life on any network';

COMMENT ON COLUMN public.person.works_from IS 'minutes after local midnight; null: said nothing about work';

COMMENT ON COLUMN public.person.works_days IS 'days of work, Monday being 1, Tuesday 2, Sunday 64';

COMMENT ON COLUMN public.person.region IS 'whose public holidays are theirs, as in de or de-by';

COMMENT ON COLUMN public.person.languages IS 'codes with spaces between them, as in "de en", in the order they like to speak them';

COMMENT ON COLUMN public.person.version IS 'whoever changes the row must have seen this one';

CREATE VIEW public.component_owner_person AS
 SELECT o.id,
    o.component_id,
    COALESCE(o.person_id, h.id, a.person_id) AS person_id,
    o.login,
    o.rank,
    o.source,
    o.since,
    o.by_name
   FROM ((public.component_owner o
     LEFT JOIN public.person h ON (((h.handle = o.login) AND (o.person_id IS NULL))))
     LEFT JOIN LATERAL ( SELECT min(account.person_id) AS person_id
           FROM public.account
          WHERE ((account.name = o.login) AND (o.person_id IS NULL) AND (h.id IS NULL))
         HAVING (count(DISTINCT account.person_id) = 1)) a ON (true));

COMMENT ON VIEW public.component_owner_person IS 'an account that means two people on two networks means nobody';

CREATE TABLE public.component_source (
    name text NOT NULL,
    place text DEFAULT ''::text NOT NULL,
    every interval,
    due_at timestamp with time zone,
    tried_at timestamp with time zone,
    loaded_at timestamp with time zone,
    trouble text DEFAULT ''::text NOT NULL,
    components integer DEFAULT 0 NOT NULL,
    owners integer DEFAULT 0 NOT NULL,
    CONSTRAINT component_source_check CHECK (((every IS NULL) OR (due_at IS NOT NULL))),
    CONSTRAINT component_source_every_check CHECK ((every >= '00:01:00'::interval)),
    CONSTRAINT component_source_name_check CHECK ((name ~ '^[a-z0-9][a-z0-9._-]{0,63}$'::text)),
    CONSTRAINT component_source_place_check CHECK ((length(place) <= 500)),
    CONSTRAINT component_source_trouble_check CHECK ((length(trouble) <= 500))
);

COMMENT ON TABLE public.component_source IS 'lists of owners that were imported, and those that are read again and again';

COMMENT ON COLUMN public.component_source.place IS 'the file or address that it is read from; empty: whatever somebody imported by hand';

COMMENT ON COLUMN public.component_source.trouble IS 'why it could not be read the last time; empty: it could';

CREATE TABLE public.consent (
    person_id bigint NOT NULL,
    version integer NOT NULL,
    at timestamp with time zone NOT NULL,
    words text DEFAULT ''::text NOT NULL,
    routes text[] DEFAULT '{}'::text[] NOT NULL,
    quiet_from smallint,
    quiet_until smallint,
    quiet_sev1 boolean DEFAULT false NOT NULL,
    calls_per_quarter smallint,
    network text DEFAULT ''::text NOT NULL,
    account text DEFAULT ''::text NOT NULL,
    CONSTRAINT consent_calls_per_quarter_check CHECK (((calls_per_quarter >= 1) AND (calls_per_quarter <= 1000))),
    CONSTRAINT consent_check CHECK (((quiet_from IS NULL) = (quiet_until IS NULL))),
    CONSTRAINT consent_check1 CHECK ((quiet_from <> quiet_until)),
    CONSTRAINT consent_quiet_from_check CHECK (((quiet_from >= 0) AND (quiet_from <= 1439))),
    CONSTRAINT consent_quiet_until_check CHECK (((quiet_until >= 0) AND (quiet_until <= 1439))),
    CONSTRAINT consent_routes_check CHECK ((cardinality(routes) <= 16)),
    CONSTRAINT consent_version_check CHECK ((version >= 1)),
    CONSTRAINT consent_words_check CHECK ((length(words) <= 500))
);

COMMENT ON COLUMN public.consent.words IS 'their own';

COMMENT ON COLUMN public.consent.routes IS 'kinds of way by which they may be rung: chat, mail, webhook; empty is any';

COMMENT ON COLUMN public.consent.quiet_from IS 'minutes after local midnight; null: no quiet hours';

COMMENT ON COLUMN public.consent.quiet_sev1 IS 'severity 1 rings them in quiet hours too';

CREATE TABLE public.consent_entry (
    id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    person_id bigint NOT NULL,
    role text NOT NULL,
    act text NOT NULL,
    by_person bigint,
    network text DEFAULT ''::text NOT NULL,
    account text DEFAULT ''::text NOT NULL,
    CONSTRAINT consent_entry_act_check CHECK ((act = ANY (ARRAY['asked'::text, 'agreed'::text, 'approved'::text, 'left'::text, 'removed'::text, 'invited'::text, 'terms'::text, 'renewed'::text, 'lapsed'::text])))
);

ALTER TABLE public.consent_entry ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.consent_entry_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.contact (
    id bigint NOT NULL,
    person_id bigint,
    kind text NOT NULL,
    place integer DEFAULT 0 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    delay interval,
    proven_at timestamp with time zone,
    tested_at timestamp with time zone,
    suspended_at timestamp with time zone,
    fault text DEFAULT ''::text NOT NULL,
    fault_at timestamp with time zone,
    canary boolean DEFAULT false NOT NULL,
    sealed boolean DEFAULT false NOT NULL,
    CONSTRAINT contact_check CHECK (((fault = ''::text) = (fault_at IS NULL))),
    CONSTRAINT contact_check1 CHECK ((canary = (person_id IS NULL))),
    CONSTRAINT contact_delay_check CHECK (((delay >= '00:00:00'::interval) AND (delay <= '01:00:00'::interval))),
    CONSTRAINT contact_fault_check CHECK ((length(fault) <= 200)),
    CONSTRAINT contact_kind_check CHECK ((kind = ANY (ARRAY['mail'::text, 'webhook'::text, 'sms'::text, 'voice'::text, 'ntfy'::text, 'pagerduty'::text])))
);

COMMENT ON COLUMN public.contact.delay IS 'how long after the ring this way is used; null: as its route says';

COMMENT ON COLUMN public.contact.proven_at IS 'when its owner showed that they hear it; null: it is never paged';

COMMENT ON COLUMN public.contact.tested_at IS 'when its owner last answered on it';

COMMENT ON COLUMN public.contact.suspended_at IS 'its owner told the provider to stop; null: in use';

COMMENT ON COLUMN public.contact.fault IS 'why the provider says that it cannot work: "the number does not exist"';

COMMENT ON COLUMN public.contact.canary IS 'an address of the operator''s, to which a synthetic page goes each day: it has no owner';

COMMENT ON COLUMN public.contact.sealed IS 'its address is in sealed_contact, not in contact_address, and is opened only in a confirmed emergency';

CREATE TABLE public.contact_address (
    contact_id bigint NOT NULL,
    address text NOT NULL,
    CONSTRAINT contact_address_address_check CHECK (((length(address) >= 1) AND (length(address) <= 2048)))
);

ALTER TABLE public.contact ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.contact_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.contact_proof (
    id bigint NOT NULL,
    contact_id bigint NOT NULL,
    purpose text NOT NULL,
    code text NOT NULL,
    digits smallint NOT NULL,
    asked_by bigint,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    state text DEFAULT 'waiting'::text NOT NULL,
    ref text DEFAULT ''::text NOT NULL,
    detail text DEFAULT ''::text NOT NULL,
    done_at timestamp with time zone,
    CONSTRAINT contact_proof_check CHECK ((created_at < expires_at)),
    CONSTRAINT contact_proof_check1 CHECK (((state = 'done'::text) = (done_at IS NOT NULL))),
    CONSTRAINT contact_proof_code_check CHECK ((code ~ '^[A-Z2-9]{5}$'::text)),
    CONSTRAINT contact_proof_detail_check CHECK ((length(detail) <= 400)),
    CONSTRAINT contact_proof_digits_check CHECK (((digits >= 0) AND (digits <= 26999))),
    CONSTRAINT contact_proof_purpose_check CHECK ((purpose = ANY (ARRAY['proof'::text, 'test'::text, 'canary'::text]))),
    CONSTRAINT contact_proof_ref_check CHECK ((length(ref) <= 200)),
    CONSTRAINT contact_proof_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'sent'::text, 'delivered'::text, 'failed'::text, 'done'::text])))
);

COMMENT ON COLUMN public.contact_proof.digits IS 'the three numbers to key on a phone, as oncall/paging reads them';

ALTER TABLE public.contact_proof ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.contact_proof_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.cover_request (
    id bigint NOT NULL,
    schedule_id bigint NOT NULL,
    layer text DEFAULT ''::text NOT NULL,
    person_id bigint NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    asked_of bigint,
    return_layer text DEFAULT ''::text NOT NULL,
    return_starts timestamp with time zone,
    return_ends timestamp with time zone,
    note text DEFAULT ''::text NOT NULL,
    state text DEFAULT 'open'::text NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    decided_at timestamp with time zone,
    decided_by bigint,
    CONSTRAINT cover_request_check CHECK ((starts_at < ends_at)),
    CONSTRAINT cover_request_check1 CHECK ((return_starts < return_ends)),
    CONSTRAINT cover_request_check2 CHECK (((return_starts IS NULL) = (return_ends IS NULL))),
    CONSTRAINT cover_request_check3 CHECK (((return_starts IS NULL) OR (asked_of IS NOT NULL))),
    CONSTRAINT cover_request_check4 CHECK (((state = 'open'::text) = (decided_at IS NULL))),
    CONSTRAINT cover_request_note_check CHECK ((length(note) <= 300)),
    CONSTRAINT cover_request_state_check CHECK ((state = ANY (ARRAY['open'::text, 'accepted'::text, 'declined'::text, 'withdrawn'::text, 'lapsed'::text])))
);

COMMENT ON COLUMN public.cover_request.asked_of IS 'null asks anybody of the schedule or its role';

COMMENT ON COLUMN public.cover_request.return_starts IS 'the shift of asked_of that the asker takes in return: then it is a swap';

ALTER TABLE public.cover_request ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.cover_request_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.coverage_check (
    id smallint NOT NULL,
    looked_at timestamp with time zone NOT NULL,
    until timestamp with time zone NOT NULL,
    seen text NOT NULL,
    empty_at timestamp with time zone,
    CONSTRAINT coverage_check_id_check CHECK ((id = 1))
);

COMMENT ON COLUMN public.coverage_check.until IS 'how far ahead it looked';

COMMENT ON COLUMN public.coverage_check.seen IS 'what people and plans looked like then: another value, and it is time to look again';

COMMENT ON COLUMN public.coverage_check.empty_at IS 'when it was last said that nobody can be rung at all';

CREATE TABLE public.coverage_gap (
    id bigint NOT NULL,
    role text NOT NULL,
    kind text NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    have smallint NOT NULL,
    want smallint NOT NULL,
    why text DEFAULT ''::text NOT NULL,
    found_at timestamp with time zone NOT NULL,
    warned_at timestamp with time zone,
    reminded_at timestamp with time zone,
    closed_at timestamp with time zone,
    CONSTRAINT coverage_gap_check CHECK ((starts_at < ends_at)),
    CONSTRAINT coverage_gap_check1 CHECK ((have < want)),
    CONSTRAINT coverage_gap_have_check CHECK ((have >= 0)),
    CONSTRAINT coverage_gap_kind_check CHECK ((kind = ANY (ARRAY['awake'::text, 'on'::text]))),
    CONSTRAINT coverage_gap_why_check CHECK ((length(why) <= 400))
);

COMMENT ON COLUMN public.coverage_gap.kind IS 'awake: fewer than want are on or awake; on: nobody is on by any schedule of the role';

COMMENT ON COLUMN public.coverage_gap.have IS 'how many there are when they are fewest';

COMMENT ON COLUMN public.coverage_gap.warned_at IS 'when rooms and people were told; null: not yet';

COMMENT ON COLUMN public.coverage_gap.reminded_at IS 'when they were told again, the day before';

ALTER TABLE public.coverage_gap ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.coverage_gap_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.coverage_letter (
    person_id bigint NOT NULL,
    sent_at timestamp with time zone NOT NULL
);

COMMENT ON TABLE public.coverage_letter IS 'when somebody was last written to about gaps: once a day at most';

CREATE TABLE public.custody_drill (
    epoch integer NOT NULL,
    custodian integer NOT NULL,
    day date NOT NULL,
    signature text NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT custody_drill_custodian_check CHECK (((custodian >= 1) AND (custodian <= 255))),
    CONSTRAINT custody_drill_signature_check CHECK (((length(signature) >= 1) AND (length(signature) <= 200)))
);

CREATE TABLE public.delivery (
    id bigint NOT NULL,
    page_id bigint NOT NULL,
    ring integer NOT NULL,
    route text NOT NULL,
    network text DEFAULT ''::text NOT NULL,
    account text DEFAULT ''::text NOT NULL,
    contact_id bigint,
    state text DEFAULT 'queued'::text NOT NULL,
    tries integer DEFAULT 0 NOT NULL,
    due_at timestamp with time zone NOT NULL,
    leased_until timestamp with time zone,
    leased_by text DEFAULT ''::text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    waits interval DEFAULT '00:00:00'::interval NOT NULL,
    ask boolean DEFAULT false NOT NULL,
    ref text DEFAULT ''::text NOT NULL,
    news_seq integer DEFAULT 0 NOT NULL,
    news_at timestamp with time zone,
    ended boolean DEFAULT false NOT NULL,
    CONSTRAINT delivery_lease_check CHECK (((state = ANY (ARRAY['leased'::text, 'submitted'::text])) = (leased_until IS NOT NULL))),
    CONSTRAINT delivery_ref_check CHECK ((length(ref) <= 200)),
    CONSTRAINT delivery_state_check CHECK ((state = ANY (ARRAY['queued'::text, 'leased'::text, 'submitted'::text, 'accepted'::text, 'delivered'::text, 'acked'::text, 'failed'::text, 'expired'::text, 'cancelled'::text])))
);

COMMENT ON COLUMN public.delivery.waits IS 'its own delay: a due_at that is further ahead than this was written by a clock that was wrong';

COMMENT ON COLUMN public.delivery.ask IS 'its sender died after it began: the provider is asked before it is sent again';

COMMENT ON COLUMN public.delivery.ref IS 'what the provider calls it';

COMMENT ON COLUMN public.delivery.news_seq IS 'the highest number among the news of the provider so far';

COMMENT ON COLUMN public.delivery.ended IS 'the provider was told that the page is over';

ALTER TABLE public.delivery ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.delivery_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.edit_token (
    hash bytea NOT NULL,
    incident_id bigint NOT NULL,
    person_id bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT edit_token_hash_check CHECK ((length(hash) = 32))
);

CREATE TABLE public.escalation (
    id bigint NOT NULL,
    cause text NOT NULL,
    slot text NOT NULL,
    why text NOT NULL,
    severity smallint NOT NULL,
    everyone boolean DEFAULT false NOT NULL,
    patience interval NOT NULL,
    round integer DEFAULT 1 NOT NULL,
    state text DEFAULT 'hunting'::text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    due_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    tier smallint DEFAULT 0 NOT NULL,
    waits interval DEFAULT '00:00:00'::interval NOT NULL,
    needs smallint DEFAULT 1 NOT NULL,
    CONSTRAINT escalation_check CHECK (((state = 'hunting'::text) = (ended_at IS NULL))),
    CONSTRAINT escalation_needs_check CHECK (((needs >= 1) AND (needs <= 50))),
    CONSTRAINT escalation_patience_check CHECK ((patience > '00:00:00'::interval)),
    CONSTRAINT escalation_round_check CHECK ((round >= 1)),
    CONSTRAINT escalation_severity_check CHECK (((severity >= 1) AND (severity <= 4))),
    CONSTRAINT escalation_state_check CHECK ((state = ANY (ARRAY['hunting'::text, 'filled'::text, 'stopped'::text]))),
    CONSTRAINT escalation_tier_check CHECK ((tier >= 0)),
    CONSTRAINT escalation_why_check CHECK (((length(why) >= 1) AND (length(why) <= 600)))
);

COMMENT ON COLUMN public.escalation.tier IS 'the last step of the policy that was begun in this round; 0 is none';

COMMENT ON COLUMN public.escalation.waits IS 'how long the last step waits: a due_at that is further ahead was written by a clock that was wrong';

COMMENT ON COLUMN public.escalation.needs IS 'how many must answer before the slot is filled';

ALTER TABLE public.escalation ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.escalation_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.escalation_policy (
    name text NOT NULL,
    title text NOT NULL,
    repeats smallint DEFAULT 0 NOT NULL,
    steps jsonb NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    needs smallint DEFAULT 1 NOT NULL,
    CONSTRAINT escalation_policy_name_check CHECK ((name ~ '^[a-z][a-z0-9-]{0,47}$'::text)),
    CONSTRAINT escalation_policy_needs_check CHECK (((needs >= 1) AND (needs <= 50))),
    CONSTRAINT escalation_policy_repeats_check CHECK (((repeats >= 0) AND (repeats <= 100))),
    CONSTRAINT escalation_policy_steps_check CHECK (((jsonb_typeof(steps) = 'array'::text) AND ((jsonb_array_length(steps) >= 1) AND (jsonb_array_length(steps) <= 20)))),
    CONSTRAINT escalation_policy_title_check CHECK (((length(title) >= 1) AND (length(title) <= 80))),
    CONSTRAINT escalation_policy_version_check CHECK ((version >= 1))
);

COMMENT ON COLUMN public.escalation_policy.repeats IS 'how often the steps are gone through; 0 is for ever';

COMMENT ON COLUMN public.escalation_policy.steps IS '[{"targets": [{"kind": "role" | "schedule" | "person" | "room", "name": text}], "wait_seconds": number, "all": true}]; checked by oncall/policy';

CREATE TABLE public.feed_token (
    id bigint NOT NULL,
    hash bytea NOT NULL,
    person_id bigint NOT NULL,
    of_person bigint,
    of_role text,
    of_schedule bigint,
    created_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    revoked_at timestamp with time zone,
    CONSTRAINT feed_token_check CHECK ((num_nonnulls(of_person, of_role, of_schedule) = 1)),
    CONSTRAINT feed_token_hash_check CHECK ((length(hash) = 32))
);

COMMENT ON COLUMN public.feed_token.person_id IS 'who made it, and may revoke it';

ALTER TABLE public.feed_token ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.feed_token_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.freeze_window (
    id bigint NOT NULL,
    title text NOT NULL,
    begins_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    made_by text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    lifted_by text DEFAULT ''::text NOT NULL,
    lifted_at timestamp with time zone,
    CONSTRAINT freeze_window_check CHECK ((ends_at > begins_at)),
    CONSTRAINT freeze_window_title_check CHECK (((length(title) >= 1) AND (length(title) <= 200)))
);

ALTER TABLE public.freeze_window ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.freeze_window_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.holiday (
    region text NOT NULL,
    day date NOT NULL,
    name text NOT NULL,
    CONSTRAINT holiday_name_check CHECK (((length(name) >= 1) AND (length(name) <= 120))),
    CONSTRAINT holiday_region_check CHECK ((region ~ '^[a-z]{2}(-[a-z0-9]{1,3})?$'::text))
);

CREATE TABLE public.incident (
    id bigint NOT NULL,
    title text NOT NULL,
    slug text NOT NULL,
    severity smallint NOT NULL,
    status text DEFAULT 'open'::text NOT NULL,
    everyone boolean DEFAULT false NOT NULL,
    opened_by bigint,
    opened_at timestamp with time zone NOT NULL,
    resolved_by bigint,
    resolved_at timestamp with time zone,
    false_alarm boolean DEFAULT false NOT NULL,
    board_at timestamp with time zone,
    board_due timestamp with time zone,
    board text DEFAULT ''::text NOT NULL,
    unseal_code text DEFAULT ''::text NOT NULL,
    unsealed_at timestamp with time zone,
    unsealed_until timestamp with time zone,
    unsealed_by text DEFAULT ''::text NOT NULL,
    CONSTRAINT incident_board_check CHECK ((length(board) <= 2000)),
    CONSTRAINT incident_check CHECK (((status = 'resolved'::text) = (resolved_at IS NOT NULL))),
    CONSTRAINT incident_check1 CHECK (((unsealed_at IS NULL) = (unsealed_until IS NULL))),
    CONSTRAINT incident_severity_check CHECK (((severity >= 1) AND (severity <= 4))),
    CONSTRAINT incident_slug_check CHECK ((slug ~ '^[a-z0-9-]{1,24}$'::text)),
    CONSTRAINT incident_status_check CHECK ((status = ANY (ARRAY['open'::text, 'resolved'::text]))),
    CONSTRAINT incident_title_check CHECK (((length(title) >= 1) AND (length(title) <= 300))),
    CONSTRAINT incident_unseal_code_check CHECK ((length(unseal_code) <= 16)),
    CONSTRAINT incident_unsealed_by_check CHECK ((length(unsealed_by) <= 200))
);

COMMENT ON COLUMN public.incident.board_due IS 'when the board is said next, because it has changed; null: it has not';

COMMENT ON COLUMN public.incident.board IS 'the board as it was last said in rooms without a live summary, without how long anything lasted';

COMMENT ON COLUMN public.incident.unseal_code IS 'the switchboard''s challenge for this incident; "" is none';

COMMENT ON COLUMN public.incident.unsealed_until IS 'until when the switchboard opens sealed addresses for it, as it told us; it does not take our word';

ALTER TABLE public.incident ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.incident_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.incident_room (
    incident_id bigint NOT NULL,
    network text NOT NULL,
    room text NOT NULL,
    CONSTRAINT incident_room_room_check CHECK (((length(room) >= 1) AND (length(room) <= 80)))
);

CREATE TABLE public.invitation (
    id bigint NOT NULL,
    hash bytea NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    created_by bigint,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    used_by bigint,
    revoked_at timestamp with time zone,
    CONSTRAINT invitation_check CHECK ((created_at < expires_at)),
    CONSTRAINT invitation_check1 CHECK (((used_at IS NULL) OR (revoked_at IS NULL))),
    CONSTRAINT invitation_hash_check CHECK ((length(hash) = 32)),
    CONSTRAINT invitation_note_check CHECK ((length(note) <= 300))
);

COMMENT ON TABLE public.invitation IS 'somebody whom no account is known of yet may come onto the roster by a code';

ALTER TABLE public.invitation ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.invitation_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.invitation_role (
    invitation_id bigint NOT NULL,
    role text NOT NULL
);

CREATE TABLE public.job_artifact (
    run_id bigint NOT NULL,
    n integer NOT NULL,
    name text NOT NULL,
    place text DEFAULT ''::text NOT NULL,
    key text DEFAULT ''::text NOT NULL,
    size bigint NOT NULL,
    sha256 text NOT NULL,
    CONSTRAINT job_artifact_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
    CONSTRAINT job_artifact_sha256_check CHECK ((sha256 ~ '^[0-9a-f]{64}$'::text)),
    CONSTRAINT job_artifact_size_check CHECK ((size >= 0))
);

CREATE TABLE public.job_log (
    run_id bigint NOT NULL,
    n integer NOT NULL,
    attempt integer NOT NULL,
    at timestamp with time zone NOT NULL,
    text text NOT NULL,
    CONSTRAINT job_log_n_check CHECK ((n > 0)),
    CONSTRAINT job_log_text_check CHECK ((length(text) <= 2000))
);

CREATE TABLE public.job_run (
    id bigint NOT NULL,
    job text NOT NULL,
    kind text NOT NULL,
    params jsonb DEFAULT '{}'::jsonb NOT NULL,
    state text NOT NULL,
    dry boolean DEFAULT false NOT NULL,
    reason text DEFAULT ''::text NOT NULL,
    override boolean DEFAULT false NOT NULL,
    key text,
    incident_id bigint,
    asked_at timestamp with time zone NOT NULL,
    asked_by bigint,
    asked_words text NOT NULL,
    network text DEFAULT ''::text NOT NULL,
    room text DEFAULT ''::text NOT NULL,
    approvals integer DEFAULT 0 NOT NULL,
    scheduled_for timestamp with time zone,
    exclusive text NOT NULL,
    attempt integer DEFAULT 0 NOT NULL,
    failures integer DEFAULT 0 NOT NULL,
    crashes integer DEFAULT 0 NOT NULL,
    tries integer DEFAULT 1 NOT NULL,
    not_before timestamp with time zone,
    started_at timestamp with time zone,
    ended_at timestamp with time zone,
    leased_by text DEFAULT ''::text NOT NULL,
    leased_until timestamp with time zone,
    fence integer DEFAULT 0 NOT NULL,
    outcome text DEFAULT ''::text NOT NULL,
    undo_tries integer DEFAULT 0 NOT NULL,
    stuck_at timestamp with time zone,
    cancel_at timestamp with time zone,
    cancel_by bigint,
    cancel_words text DEFAULT ''::text NOT NULL,
    done bigint DEFAULT 0 NOT NULL,
    total bigint DEFAULT 0 NOT NULL,
    unit text DEFAULT ''::text NOT NULL,
    doing text DEFAULT ''::text NOT NULL,
    progress_from timestamp with time zone,
    progress_at timestamp with time zone,
    said text DEFAULT ''::text NOT NULL,
    evidence jsonb DEFAULT '[]'::jsonb NOT NULL,
    CONSTRAINT job_run_approvals_check CHECK (((approvals >= 0) AND (approvals <= 9))),
    CONSTRAINT job_run_asked_words_check CHECK (((length(asked_words) >= 1) AND (length(asked_words) <= 200))),
    CONSTRAINT job_run_attempt_check CHECK ((attempt >= 0)),
    CONSTRAINT job_run_cancel_words_check CHECK ((length(cancel_words) <= 200)),
    CONSTRAINT job_run_check CHECK (((ended_at IS NOT NULL) = (state = ANY (ARRAY['succeeded'::text, 'failed'::text, 'timed_out'::text, 'cancelled'::text, 'denied'::text, 'expired'::text, 'lost'::text])))),
    CONSTRAINT job_run_check1 CHECK (((leased_until IS NOT NULL) = (state = ANY (ARRAY['running'::text, 'undoing'::text])))),
    CONSTRAINT job_run_check2 CHECK (((outcome <> ''::text) = (state = 'undoing'::text))),
    CONSTRAINT job_run_crashes_check CHECK ((crashes >= 0)),
    CONSTRAINT job_run_doing_check CHECK ((length(doing) <= 200)),
    CONSTRAINT job_run_done_check CHECK ((done >= 0)),
    CONSTRAINT job_run_exclusive_check CHECK (((length(exclusive) >= 1) AND (length(exclusive) <= 64))),
    CONSTRAINT job_run_failures_check CHECK ((failures >= 0)),
    CONSTRAINT job_run_job_check CHECK ((job ~ '^[a-z][a-z0-9-]{0,47}$'::text)),
    CONSTRAINT job_run_key_check CHECK (((length(key) >= 1) AND (length(key) <= 200))),
    CONSTRAINT job_run_kind_check CHECK (((length(kind) >= 1) AND (length(kind) <= 48))),
    CONSTRAINT job_run_leased_by_check CHECK ((length(leased_by) <= 400)),
    CONSTRAINT job_run_outcome_check CHECK ((outcome = ANY (ARRAY[''::text, 'queued'::text, 'succeeded'::text, 'failed'::text, 'timed_out'::text, 'cancelled'::text, 'lost'::text]))),
    CONSTRAINT job_run_reason_check CHECK ((length(reason) <= 500)),
    CONSTRAINT job_run_said_check CHECK ((length(said) <= 500)),
    CONSTRAINT job_run_state_check CHECK ((state = ANY (ARRAY['asked'::text, 'queued'::text, 'running'::text, 'undoing'::text, 'succeeded'::text, 'failed'::text, 'timed_out'::text, 'cancelled'::text, 'denied'::text, 'expired'::text, 'lost'::text]))),
    CONSTRAINT job_run_total_check CHECK ((total >= 0)),
    CONSTRAINT job_run_tries_check CHECK (((tries >= 1) AND (tries <= 100))),
    CONSTRAINT job_run_unit_check CHECK ((length(unit) <= 16))
);

COMMENT ON TABLE public.job_run IS 'one time that a job was asked for';

COMMENT ON COLUMN public.job_run.key IS 'what it was asked by: the same message, or the same time of a schedule, asks once';

COMMENT ON COLUMN public.job_run.exclusive IS 'runs with the same word never run at once';

COMMENT ON COLUMN public.job_run.attempt IS 'how often it was begun';

COMMENT ON COLUMN public.job_run.failures IS 'how many tries failed; when there are as many as tries, none is left';

COMMENT ON COLUMN public.job_run.crashes IS 'how many tries ended because whoever did it died; every third is a failure';

COMMENT ON COLUMN public.job_run.leased_until IS 'how long whoever works it is believed to live; if nobody does (undoing), when it is tried again';

COMMENT ON COLUMN public.job_run.fence IS 'whoever takes it over takes the next number, and who still works under an old one writes nothing more';

COMMENT ON COLUMN public.job_run.outcome IS 'what it will be once everything that it left is taken back; queued: it is tried again';

COMMENT ON COLUMN public.job_run.undo_tries IS 'how often taking back failed';

COMMENT ON COLUMN public.job_run.stuck_at IS 'since when people were told that something is left behind; null: they were not';

COMMENT ON COLUMN public.job_run.progress_from IS 'since when done counts what it counts';

COMMENT ON COLUMN public.job_run.said IS 'one sentence: what came of it';

COMMENT ON COLUMN public.job_run.evidence IS 'names and values, in order: [["size", "3.1 GB"], …]';

ALTER TABLE public.job_run ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.job_run_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.job_schedule (
    job text NOT NULL,
    rule text NOT NULL,
    zone text NOT NULL,
    missed text NOT NULL,
    next_at timestamp with time zone,
    last_at timestamp with time zone,
    held_at timestamp with time zone,
    paused_at timestamp with time zone,
    paused_by text DEFAULT ''::text NOT NULL,
    expect interval,
    expect_from timestamp with time zone NOT NULL,
    alarmed_at timestamp with time zone,
    told_at timestamp with time zone,
    CONSTRAINT job_schedule_check CHECK (((next_at IS NOT NULL) = (rule <> ''::text))),
    CONSTRAINT job_schedule_job_check CHECK ((job ~ '^[a-z][a-z0-9-]{0,47}$'::text)),
    CONSTRAINT job_schedule_missed_check CHECK ((missed = ANY (ARRAY['once'::text, 'skip'::text]))),
    CONSTRAINT job_schedule_rule_check CHECK ((length(rule) <= 200))
);

COMMENT ON COLUMN public.job_schedule.rule IS '"" does not run by itself, and is only expected to succeed';

COMMENT ON COLUMN public.job_schedule.missed IS 'what becomes of times that passed while nobody was there: one run for all of them, or none';

COMMENT ON COLUMN public.job_schedule.held_at IS 'since when its times are not used, by a freeze or because it is refused, and that this was told';

COMMENT ON COLUMN public.job_schedule.expect IS 'a run must succeed so often, or it is an alarm';

COMMENT ON COLUMN public.job_schedule.alarmed_at IS 'since when it is told that it did not report; null: it did';

COMMENT ON COLUMN public.job_schedule.told_at IS 'when that was told last';

CREATE TABLE public.job_step (
    run_id bigint NOT NULL,
    n integer NOT NULL,
    attempt integer NOT NULL,
    name text NOT NULL,
    undo text DEFAULT ''::text NOT NULL,
    memo jsonb DEFAULT '{}'::jsonb NOT NULL,
    state text NOT NULL,
    begun_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    tries integer DEFAULT 0 NOT NULL,
    detail text DEFAULT ''::text NOT NULL,
    CONSTRAINT job_step_detail_check CHECK ((length(detail) <= 500)),
    CONSTRAINT job_step_n_check CHECK ((n > 0)),
    CONSTRAINT job_step_name_check CHECK (((length(name) >= 1) AND (length(name) <= 100))),
    CONSTRAINT job_step_state_check CHECK ((state = ANY (ARRAY['begun'::text, 'done'::text, 'failed'::text, 'undone'::text]))),
    CONSTRAINT job_step_undo_check CHECK ((length(undo) <= 48))
);

COMMENT ON COLUMN public.job_step.undo IS 'how what it leaves is taken back at the end of the run, whatever becomes of it; "" leaves nothing';

COMMENT ON COLUMN public.job_step.memo IS 'what taking it back needs to know, written before the step begins; never a secret';

CREATE TABLE public.job_verdict (
    run_id bigint NOT NULL,
    person_id bigint NOT NULL,
    handle text NOT NULL,
    yes boolean NOT NULL,
    reason text DEFAULT ''::text NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT job_verdict_reason_check CHECK ((length(reason) <= 500))
);

CREATE TABLE public.keyring (
    epoch integer NOT NULL,
    manifest text NOT NULL,
    state text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    current_at timestamp with time zone,
    CONSTRAINT keyring_check CHECK (((state = 'pending'::text) = (current_at IS NULL))),
    CONSTRAINT keyring_epoch_check CHECK ((epoch >= 1)),
    CONSTRAINT keyring_manifest_check CHECK (((length(manifest) >= 1) AND (length(manifest) <= 65536))),
    CONSTRAINT keyring_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'current'::text, 'past'::text])))
);

COMMENT ON COLUMN public.keyring.state IS 'pending: wraps for it are being made; current: it is sealed to and opened with';

CREATE TABLE public.label (
    name text NOT NULL,
    title text NOT NULL,
    self boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone,
    CONSTRAINT label_name_check CHECK (((name ~ '^[a-z][a-z0-9-]{0,31}$'::text) AND (name <> ALL (ARRAY['owner'::text, 'maintainer'::text])))),
    CONSTRAINT label_title_check CHECK (((length(title) >= 1) AND (length(title) <= 80)))
);

COMMENT ON COLUMN public.label.self IS 'what people say of themselves counts without an admin';

COMMENT ON COLUMN public.label.created_at IS 'null came with the program';

CREATE TABLE public.leadership (
    name text NOT NULL,
    epoch bigint DEFAULT 0 NOT NULL,
    holder text DEFAULT ''::text NOT NULL,
    since timestamp with time zone,
    beat_at timestamp with time zone,
    CONSTRAINT leadership_check CHECK (((epoch = 0) = (since IS NULL))),
    CONSTRAINT leadership_epoch_check CHECK ((epoch >= 0)),
    CONSTRAINT leadership_holder_check CHECK ((length(holder) <= 400)),
    CONSTRAINT leadership_name_check CHECK ((name ~ '^[a-z][a-z0-9-]{0,47}$'::text))
);

COMMENT ON COLUMN public.leadership.epoch IS 'the number of the term; each leader takes the next one';

COMMENT ON COLUMN public.leadership.holder IS 'the process that leads, or led last: host, process id and a random number of its start';

COMMENT ON COLUMN public.leadership.beat_at IS 'when it last showed that it is there';

CREATE TABLE public.ledger_anchor (
    size bigint NOT NULL,
    network text NOT NULL,
    room text NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    CONSTRAINT ledger_anchor_network_check CHECK (((length(network) >= 1) AND (length(network) <= 64))),
    CONSTRAINT ledger_anchor_room_check CHECK (((length(room) >= 1) AND (length(room) <= 200)))
);

COMMENT ON TABLE public.ledger_anchor IS 'in which room a head was seen: everybody who keeps a log of that room is a witness';

CREATE TABLE public.ledger_hash (
    place bigint NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT ledger_hash_hash_check CHECK ((octet_length(hash) = 32)),
    CONSTRAINT ledger_hash_place_check CHECK ((place >= 0))
);

COMMENT ON COLUMN public.ledger_hash.place IS 'as golang.org/x/mod/sumdb/tlog counts stored hashes';

CREATE TABLE public.ledger_head (
    size bigint NOT NULL,
    note text NOT NULL,
    signed_at timestamp with time zone NOT NULL,
    CONSTRAINT ledger_head_note_check CHECK (((length(note) >= 1) AND (length(note) <= 2000))),
    CONSTRAINT ledger_head_size_check CHECK ((size >= 1))
);

COMMENT ON COLUMN public.ledger_head.note IS 'a signed note: origin, size, root hash, signature of the switchboard';

CREATE TABLE public.ledger_leaf (
    seq bigint NOT NULL,
    body text NOT NULL,
    hash bytea NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT ledger_leaf_body_check CHECK (((length(body) >= 2) AND (length(body) <= 2000))),
    CONSTRAINT ledger_leaf_hash_check CHECK ((octet_length(hash) = 32)),
    CONSTRAINT ledger_leaf_seq_check CHECK ((seq >= 0))
);

CREATE TABLE public.link_code (
    hash bytea NOT NULL,
    person_id bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    CONSTRAINT link_code_hash_check CHECK ((length(hash) = 32))
);

CREATE TABLE public.login_link (
    hash bytea NOT NULL,
    person_id bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    CONSTRAINT login_link_hash_check CHECK ((length(hash) = 32))
);

CREATE TABLE public.meeting (
    id bigint NOT NULL,
    network text NOT NULL,
    room text NOT NULL,
    incident_id bigint,
    dialect text NOT NULL,
    setting jsonb NOT NULL,
    name text DEFAULT ''::text NOT NULL,
    title text NOT NULL,
    path text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    started_by text DEFAULT ''::text NOT NULL,
    ended_at timestamp with time zone,
    events integer DEFAULT 0 NOT NULL,
    lines integer DEFAULT 0 NOT NULL,
    heard_at timestamp with time zone NOT NULL,
    warned_at timestamp with time zone,
    restricted boolean DEFAULT false NOT NULL,
    imported boolean DEFAULT false NOT NULL,
    write_due boolean DEFAULT false NOT NULL,
    written_at timestamp with time zone,
    CONSTRAINT meeting_check CHECK (((ended_at IS NULL) OR (ended_at >= (started_at - '1 day'::interval)))),
    CONSTRAINT meeting_dialect_check CHECK (((length(dialect) >= 1) AND (length(dialect) <= 32))),
    CONSTRAINT meeting_name_check CHECK ((length(name) <= 200)),
    CONSTRAINT meeting_path_check CHECK (((length(path) >= 1) AND (length(path) <= 600))),
    CONSTRAINT meeting_room_check CHECK (((length(room) >= 1) AND (length(room) <= 80))),
    CONSTRAINT meeting_title_check CHECK (((length(title) >= 1) AND (length(title) <= 600)))
);

COMMENT ON COLUMN public.meeting.events IS 'number of the last event: who writes the next one must have seen this one';

COMMENT ON COLUMN public.meeting.heard_at IS 'last sign of life, which silence is counted from';

COMMENT ON COLUMN public.meeting.write_due IS 'files are to be written from the rows';

CREATE TABLE public.meeting_event (
    meeting_id bigint NOT NULL,
    n integer NOT NULL,
    at timestamp with time zone NOT NULL,
    kind text NOT NULL,
    nick text DEFAULT ''::text NOT NULL,
    account text DEFAULT ''::text NOT NULL,
    handle text DEFAULT ''::text NOT NULL,
    zone text DEFAULT ''::text NOT NULL,
    network text DEFAULT ''::text NOT NULL,
    text text DEFAULT ''::text NOT NULL,
    message_id text DEFAULT ''::text NOT NULL,
    link text DEFAULT ''::text NOT NULL,
    thread text DEFAULT ''::text NOT NULL,
    self boolean DEFAULT false NOT NULL,
    op boolean DEFAULT false NOT NULL,
    adopted boolean DEFAULT false NOT NULL,
    blank boolean DEFAULT false NOT NULL,
    line integer,
    search tsvector,
    CONSTRAINT meeting_event_kind_check CHECK ((kind = ANY (ARRAY['said'::text, 'did'::text, 'renamed'::text, 'joined'::text, 'left'::text, 'edited'::text, 'deleted'::text, 'erased'::text, 'led'::text, 'chaired'::text, 'ended'::text]))),
    CONSTRAINT meeting_event_line_check CHECK ((line >= 1)),
    CONSTRAINT meeting_event_message_id_check CHECK ((length(message_id) <= 200)),
    CONSTRAINT meeting_event_n_check CHECK ((n >= 1))
);

COMMENT ON COLUMN public.meeting_event.blank IS 'its words were erased: what is left makes the same numbers, and nothing else';

COMMENT ON COLUMN public.meeting_event.line IS 'its number in the log; null is no line of it';

COMMENT ON COLUMN public.meeting_event.search IS 'the words that the log shows for this line now';

ALTER TABLE public.meeting ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.meeting_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.meeting_item (
    meeting_id bigint NOT NULL,
    id integer NOT NULL,
    kind text NOT NULL,
    text text NOT NULL,
    by_nick text NOT NULL,
    at timestamp with time zone NOT NULL,
    line integer NOT NULL,
    gone boolean DEFAULT false NOT NULL,
    search tsvector,
    CONSTRAINT meeting_item_id_check CHECK ((id >= 1))
);

CREATE TABLE public.membership (
    role text NOT NULL,
    person_id bigint NOT NULL,
    place integer NOT NULL,
    asked_by bigint,
    asked_at timestamp with time zone NOT NULL,
    agreed_at timestamp with time zone,
    approved_by bigint,
    approved_at timestamp with time zone,
    confirmed_at timestamp with time zone,
    lapsed_at timestamp with time zone,
    renew_asks smallint DEFAULT 0 NOT NULL,
    renew_asked_at timestamp with time zone,
    CONSTRAINT membership_check CHECK (((lapsed_at IS NULL) OR (agreed_at IS NOT NULL))),
    CONSTRAINT membership_renew_asks_check CHECK (((renew_asks >= 0) AND (renew_asks <= 2)))
);

COMMENT ON COLUMN public.membership.confirmed_at IS 'the last yes after the first one';

COMMENT ON COLUMN public.membership.lapsed_at IS 'the last yes was too old; null: it stands';

COMMENT ON COLUMN public.membership.renew_asks IS 'how often they were asked to say yes again';

CREATE TABLE public.notice (
    id bigint NOT NULL,
    network text NOT NULL,
    kind text NOT NULL,
    room text DEFAULT ''::text NOT NULL,
    account text DEFAULT ''::text NOT NULL,
    text text DEFAULT ''::text NOT NULL,
    incident_id bigint,
    created_at timestamp with time zone NOT NULL,
    state text DEFAULT 'waiting'::text NOT NULL,
    tries integer DEFAULT 0 NOT NULL,
    done_at timestamp with time zone,
    detail text DEFAULT ''::text NOT NULL,
    actions jsonb DEFAULT '[]'::jsonb NOT NULL,
    origin text,
    not_before timestamp with time zone,
    CONSTRAINT notice_detail_check CHECK ((length(detail) <= 400)),
    CONSTRAINT notice_kind_check CHECK ((kind = ANY (ARRAY['say'::text, 'open'::text, 'topic'::text, 'invite'::text, 'summary'::text, 'close'::text]))),
    CONSTRAINT notice_origin_check CHECK (((length(origin) >= 1) AND (length(origin) <= 300))),
    CONSTRAINT notice_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'sent'::text, 'failed'::text]))),
    CONSTRAINT notice_text_check CHECK ((length(text) <= 2000))
);

ALTER TABLE public.notice ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.notice_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.owner_notice (
    leaf bigint NOT NULL,
    person_id bigint NOT NULL,
    made_at timestamp with time zone NOT NULL,
    told_at timestamp with time zone
);

CREATE TABLE public.page (
    id bigint NOT NULL,
    escalation_id bigint NOT NULL,
    person_id bigint NOT NULL,
    round integer NOT NULL,
    state text DEFAULT 'open'::text NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    rung_at timestamp with time zone NOT NULL,
    answered_at timestamp with time zone,
    answered_via text DEFAULT ''::text NOT NULL,
    code text DEFAULT public.page_code() NOT NULL,
    digits smallint DEFAULT public.page_digits() NOT NULL,
    helper boolean DEFAULT false NOT NULL,
    CONSTRAINT page_code_check CHECK ((code ~ '^[A-Z2-9]{5}$'::text)),
    CONSTRAINT page_digits_check CHECK (((digits >= 0) AND (digits <= 26999))),
    CONSTRAINT page_state_check CHECK ((state = ANY (ARRAY['open'::text, 'acked'::text, 'declined'::text, 'closed'::text])))
);

COMMENT ON COLUMN public.page.round IS 'last round of the escalation in which this person was rung';

COMMENT ON COLUMN public.page.digits IS 'the three numbers to key on a phone, as oncall/paging reads them';

COMMENT ON COLUMN public.page.helper IS 'rung as an admin, not for the role: the role stays open when they answer';

ALTER TABLE public.page ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.page_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.passkey (
    id bigint NOT NULL,
    person_id bigint NOT NULL,
    credential_id bytea NOT NULL,
    credential jsonb NOT NULL,
    name text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    CONSTRAINT passkey_credential_id_check CHECK (((length(credential_id) >= 1) AND (length(credential_id) <= 1023))),
    CONSTRAINT passkey_name_check CHECK (((length(name) >= 1) AND (length(name) <= 60)))
);

COMMENT ON COLUMN public.passkey.credential IS 'whole, as the library made it: its flags and counter are checked at each sign-in';

ALTER TABLE public.passkey ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.passkey_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.pending_choice (
    hash bytea NOT NULL,
    person_id bigint NOT NULL,
    network text DEFAULT ''::text NOT NULL,
    account text DEFAULT ''::text NOT NULL,
    line text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    CONSTRAINT pending_choice_account_check CHECK ((length(account) <= 200)),
    CONSTRAINT pending_choice_check CHECK ((created_at < expires_at)),
    CONSTRAINT pending_choice_hash_check CHECK ((length(hash) = 32)),
    CONSTRAINT pending_choice_line_check CHECK (((length(line) >= 1) AND (length(line) <= 2000))),
    CONSTRAINT pending_choice_network_check CHECK ((length(network) <= 64))
);

COMMENT ON COLUMN public.pending_choice.hash IS 'of the code; only the person it was given to can use it';

COMMENT ON COLUMN public.pending_choice.line IS 'the command with instants in place of words like tomorrow';

COMMENT ON COLUMN public.pending_choice.used_at IS 'when it was done; null: not yet';

ALTER TABLE public.person ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.person_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.person_label (
    person_id bigint NOT NULL,
    label text NOT NULL,
    since timestamp with time zone NOT NULL,
    by_person bigint,
    confirmed_at timestamp with time zone,
    confirmed_by text DEFAULT ''::text NOT NULL,
    CONSTRAINT person_label_check CHECK (((confirmed_at IS NOT NULL) OR (confirmed_by = ''::text))),
    CONSTRAINT person_label_confirmed_by_check CHECK ((length(confirmed_by) <= 200))
);

COMMENT ON COLUMN public.person_label.by_person IS 'who said so first: the person themselves, or an admin; null is nobody we know any more';

COMMENT ON COLUMN public.person_label.confirmed_at IS 'when an admin said so too; null: said by themselves alone';

CREATE TABLE public.provider_event (
    id bigint NOT NULL,
    route text NOT NULL,
    event text NOT NULL,
    at timestamp with time zone NOT NULL,
    delivery_id bigint,
    proof_id bigint,
    what text NOT NULL,
    effect text DEFAULT ''::text NOT NULL,
    CONSTRAINT provider_event_effect_check CHECK ((length(effect) <= 200)),
    CONSTRAINT provider_event_event_check CHECK (((length(event) >= 1) AND (length(event) <= 200))),
    CONSTRAINT provider_event_route_check CHECK (((length(route) >= 1) AND (length(route) <= 64))),
    CONSTRAINT provider_event_what_check CHECK (((length(what) >= 1) AND (length(what) <= 40)))
);

COMMENT ON COLUMN public.provider_event.what IS 'delivered, failed, reply, stop ...; the words themselves are not kept: they may hold a number';

COMMENT ON COLUMN public.provider_event.effect IS 'what it did, in a few words; "" is nothing';

ALTER TABLE public.provider_event ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.provider_event_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.reminder (
    id bigint NOT NULL,
    what text NOT NULL,
    title text NOT NULL,
    means text DEFAULT ''::text NOT NULL,
    every integer,
    ahead integer DEFAULT 0 NOT NULL,
    due_on date NOT NULL,
    zone text NOT NULL,
    owner text DEFAULT ''::text NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    told_on date,
    told integer DEFAULT 0 NOT NULL,
    gone_at timestamp with time zone,
    made_by text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    CONSTRAINT reminder_ahead_check CHECK (((ahead >= 0) AND (ahead <= 3660))),
    CONSTRAINT reminder_check CHECK (((every IS NOT NULL) = (what = 'rhythm'::text))),
    CONSTRAINT reminder_every_check CHECK (((every >= 1) AND (every <= 3660))),
    CONSTRAINT reminder_means_check CHECK ((length(means) <= 500)),
    CONSTRAINT reminder_owner_check CHECK ((length(owner) <= 100)),
    CONSTRAINT reminder_title_check CHECK (((length(title) >= 1) AND (length(title) <= 200))),
    CONSTRAINT reminder_what_check CHECK ((what = ANY (ARRAY['rhythm'::text, 'end'::text])))
);

COMMENT ON COLUMN public.reminder.means IS 'what its end means for how long a recovery takes';

COMMENT ON COLUMN public.reminder.ahead IS 'how many days before it is due people are told first';

CREATE TABLE public.reminder_done (
    id bigint NOT NULL,
    reminder_id bigint NOT NULL,
    due_on date NOT NULL,
    by text NOT NULL,
    at timestamp with time zone NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    CONSTRAINT reminder_done_note_check CHECK ((length(note) <= 500))
);

COMMENT ON COLUMN public.reminder_done.due_on IS 'the day on which it was due then';

ALTER TABLE public.reminder_done ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.reminder_done_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE public.reminder ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.reminder_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.responder (
    id bigint NOT NULL,
    incident_id bigint NOT NULL,
    role text NOT NULL,
    person_id bigint NOT NULL,
    since timestamp with time zone NOT NULL,
    left_at timestamp with time zone,
    check_at timestamp with time zone,
    checks smallint DEFAULT 0 NOT NULL,
    CONSTRAINT responder_checks_check CHECK (((checks >= 0) AND (checks <= 1)))
);

COMMENT ON COLUMN public.responder.check_at IS 'when whoever acknowledged must have been heard, else they are rung again; null: they were, or it is not asked';

ALTER TABLE public.responder ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.responder_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.retrospective (
    incident_id bigint NOT NULL,
    edition integer NOT NULL,
    at timestamp with time zone NOT NULL,
    person_id bigint,
    text text NOT NULL,
    CONSTRAINT retrospective_edition_check CHECK ((edition >= 1)),
    CONSTRAINT retrospective_text_check CHECK ((length(text) <= 200000))
);

CREATE TABLE public.role (
    name text NOT NULL,
    title text NOT NULL,
    place integer NOT NULL,
    leads boolean DEFAULT false NOT NULL,
    patience_sev1 interval NOT NULL,
    patience interval NOT NULL,
    retired_at timestamp with time zone,
    minimum smallint DEFAULT 1 NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT role_minimum_check CHECK (((minimum >= 0) AND (minimum <= 50))),
    CONSTRAINT role_name_check CHECK ((name ~ '^[a-z][a-z0-9-]{0,31}$'::text)),
    CONSTRAINT role_patience_check CHECK ((patience > '00:00:00'::interval)),
    CONSTRAINT role_patience_sev1_check CHECK ((patience_sev1 > '00:00:00'::interval)),
    CONSTRAINT role_title_check CHECK (((length(title) >= 1) AND (length(title) <= 80))),
    CONSTRAINT role_version_check CHECK ((version >= 1))
);

COMMENT ON COLUMN public.role.leads IS 'whoever fills this role first is given the baton if nobody holds it';

COMMENT ON COLUMN public.role.minimum IS 'how many who can be rung should be on or awake at any time';

CREATE TABLE public.role_policy (
    role text NOT NULL,
    severity smallint NOT NULL,
    policy text NOT NULL,
    CONSTRAINT role_policy_severity_check CHECK (((severity >= 0) AND (severity <= 4)))
);

COMMENT ON COLUMN public.role_policy.severity IS '0 is every severity without a row of its own';

CREATE TABLE public.role_preference (
    role text NOT NULL,
    place smallint NOT NULL,
    labels text[] NOT NULL,
    CONSTRAINT role_preference_labels_check CHECK (((cardinality(labels) >= 1) AND (cardinality(labels) <= 8))),
    CONSTRAINT role_preference_place_check CHECK (((place >= 0) AND (place <= 31))),
    CONSTRAINT role_preference_role_check CHECK (((length(role) >= 1) AND (length(role) <= 64)))
);

COMMENT ON TABLE public.role_preference IS 'which labels a role wants together, the best combination first; "owner" is whoever owns what the incident names';

CREATE TABLE public.room_line (
    id bigint NOT NULL,
    network text NOT NULL,
    room text NOT NULL,
    at timestamp with time zone NOT NULL,
    event jsonb NOT NULL
);

ALTER TABLE public.room_line ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.room_line_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.rotation_task (
    id bigint NOT NULL,
    key text NOT NULL,
    what text NOT NULL,
    vault text DEFAULT ''::text NOT NULL,
    number integer,
    said_by text NOT NULL,
    said_in text DEFAULT ''::text NOT NULL,
    at timestamp with time zone NOT NULL,
    done_at timestamp with time zone,
    done_by text DEFAULT ''::text NOT NULL,
    CONSTRAINT rotation_task_check CHECK (((done_at IS NOT NULL) = (done_by <> ''::text))),
    CONSTRAINT rotation_task_done_by_check CHECK ((length(done_by) <= 200)),
    CONSTRAINT rotation_task_key_check CHECK (((length(key) >= 1) AND (length(key) <= 200))),
    CONSTRAINT rotation_task_said_by_check CHECK (((length(said_by) >= 1) AND (length(said_by) <= 200))),
    CONSTRAINT rotation_task_said_in_check CHECK ((length(said_in) <= 200)),
    CONSTRAINT rotation_task_what_check CHECK (((length(what) >= 1) AND (length(what) <= 200)))
);

COMMENT ON COLUMN public.rotation_task.key IS 'what it was noticed by: the same message opens one task';

ALTER TABLE public.rotation_task ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.rotation_task_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.route_health (
    route text NOT NULL,
    proven_at timestamp with time zone,
    tried_at timestamp with time zone,
    failed_at timestamp with time zone,
    failures integer DEFAULT 0 NOT NULL,
    down_until timestamp with time zone,
    detail text DEFAULT ''::text NOT NULL,
    told_at timestamp with time zone,
    expected_at timestamp with time zone,
    CONSTRAINT route_health_detail_check CHECK ((length(detail) <= 400)),
    CONSTRAINT route_health_failures_check CHECK ((failures >= 0)),
    CONSTRAINT route_health_route_check CHECK (((length(route) >= 1) AND (length(route) <= 64)))
);

COMMENT ON COLUMN public.route_health.proven_at IS 'when somebody, or the daily synthetic page, last showed that a page arrives by it';

COMMENT ON COLUMN public.route_health.failures IS 'tries in a row that failed on the side of the provider';

COMMENT ON COLUMN public.route_health.down_until IS 'not used before, unless it is asked whether it works again';

COMMENT ON COLUMN public.route_health.told_at IS 'when admins were told that it is unproven';

COMMENT ON COLUMN public.route_health.expected_at IS 'the first synthetic page by it: a route that never was proven is unproven a day later';

CREATE TABLE public.runbook_run (
    id bigint NOT NULL,
    name text NOT NULL,
    title text NOT NULL,
    hash text NOT NULL,
    book text NOT NULL,
    jobs jsonb DEFAULT '{}'::jsonb NOT NULL,
    incident_id bigint,
    network text DEFAULT ''::text NOT NULL,
    room text DEFAULT ''::text NOT NULL,
    account text DEFAULT ''::text NOT NULL,
    state text DEFAULT 'open'::text NOT NULL,
    step integer DEFAULT 0 NOT NULL,
    turn integer DEFAULT 0 NOT NULL,
    steps integer NOT NULL,
    phase text DEFAULT ''::text NOT NULL,
    job_run bigint,
    started_at timestamp with time zone NOT NULL,
    started_by bigint,
    started_words text NOT NULL,
    moved_at timestamp with time zone NOT NULL,
    reminded_at timestamp with time zone,
    ended_at timestamp with time zone,
    CONSTRAINT runbook_run_book_check CHECK (((length(book) >= 1) AND (length(book) <= 131072))),
    CONSTRAINT runbook_run_check CHECK (((ended_at IS NULL) = (state = 'open'::text))),
    CONSTRAINT runbook_run_check1 CHECK (((job_run IS NOT NULL) = (phase = 'running'::text))),
    CONSTRAINT runbook_run_hash_check CHECK ((hash ~ '^[0-9a-f]{64}$'::text)),
    CONSTRAINT runbook_run_name_check CHECK ((name ~ '^[a-z][a-z0-9-]{0,47}$'::text)),
    CONSTRAINT runbook_run_phase_check CHECK ((phase = ANY (ARRAY[''::text, 'guarding'::text, 'waiting'::text, 'running'::text, 'stopped'::text]))),
    CONSTRAINT runbook_run_started_words_check CHECK (((length(started_words) >= 1) AND (length(started_words) <= 200))),
    CONSTRAINT runbook_run_state_check CHECK ((state = ANY (ARRAY['open'::text, 'done'::text, 'aborted'::text]))),
    CONSTRAINT runbook_run_step_check CHECK ((step >= 0)),
    CONSTRAINT runbook_run_steps_check CHECK (((steps >= 1) AND (steps <= 60))),
    CONSTRAINT runbook_run_title_check CHECK (((length(title) >= 1) AND (length(title) <= 100))),
    CONSTRAINT runbook_run_turn_check CHECK ((turn >= 0))
);

COMMENT ON TABLE public.runbook_run IS 'one time that people walk through a runbook';

COMMENT ON COLUMN public.runbook_run.book IS 'its file as it was at the start: a file that is changed changes no run that goes on';

COMMENT ON COLUMN public.runbook_run.jobs IS 'the jobs that its words stood for at the start: {"unseal": "vault-main"}; "" is none';

COMMENT ON COLUMN public.runbook_run.step IS 'the step at hand, from 1; 0 before the start';

COMMENT ON COLUMN public.runbook_run.turn IS 'how many steps were come to: one to which a loop leads back is another turn';

COMMENT ON COLUMN public.runbook_run.job_run IS 'the run of a job that is waited for';

COMMENT ON COLUMN public.runbook_run.reminded_at IS 'when it was said that it stands still; null: not since it moved';

ALTER TABLE public.runbook_run ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.runbook_run_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.runbook_step_done (
    run_id bigint NOT NULL,
    n integer NOT NULL,
    turn integer NOT NULL,
    step integer NOT NULL,
    what text NOT NULL,
    at timestamp with time zone NOT NULL,
    person_id bigint,
    who text DEFAULT ''::text NOT NULL,
    choice text DEFAULT ''::text NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    job_run bigint,
    CONSTRAINT runbook_step_done_choice_check CHECK ((length(choice) <= 48)),
    CONSTRAINT runbook_step_done_n_check CHECK ((n > 0)),
    CONSTRAINT runbook_step_done_note_check CHECK ((length(note) <= 500)),
    CONSTRAINT runbook_step_done_step_check CHECK ((step > 0)),
    CONSTRAINT runbook_step_done_turn_check CHECK ((turn >= 0)),
    CONSTRAINT runbook_step_done_what_check CHECK ((what = ANY (ARRAY['started'::text, 'looked'::text, 'confirmed'::text, 'done'::text, 'chosen'::text, 'asked'::text, 'succeeded'::text, 'failed'::text, 'skipped'::text, 'aborted'::text]))),
    CONSTRAINT runbook_step_done_who_check CHECK ((length(who) <= 200))
);

COMMENT ON TABLE public.runbook_step_done IS 'what people and jobs did in a runbook';

COMMENT ON COLUMN public.runbook_step_done.who IS 'a handle; "" is the bot';

CREATE TABLE public.schedule (
    id bigint NOT NULL,
    name text NOT NULL,
    title text NOT NULL,
    role text,
    zone text NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    checked_at timestamp with time zone NOT NULL,
    retired_at timestamp with time zone,
    CONSTRAINT schedule_name_check CHECK ((name ~ '^[a-z][a-z0-9-]{0,47}$'::text)),
    CONSTRAINT schedule_title_check CHECK (((length(title) >= 1) AND (length(title) <= 80))),
    CONSTRAINT schedule_version_check CHECK ((version >= 1)),
    CONSTRAINT schedule_zone_check CHECK (((length(zone) >= 1) AND (length(zone) <= 64)))
);

COMMENT ON COLUMN public.schedule.role IS 'the role that whoever is on is asked for first; null serves none';

COMMENT ON COLUMN public.schedule.checked_at IS 'until when stints are written';

ALTER TABLE public.schedule ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.schedule_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.schedule_layer (
    schedule_id bigint NOT NULL,
    place smallint NOT NULL,
    name text NOT NULL,
    zone text DEFAULT ''::text NOT NULL,
    starts timestamp without time zone NOT NULL,
    ends timestamp without time zone,
    unit text NOT NULL,
    turns smallint[] NOT NULL,
    windows jsonb DEFAULT '[]'::jsonb NOT NULL,
    shadow boolean DEFAULT false NOT NULL,
    CONSTRAINT schedule_layer_check CHECK ((ends > starts)),
    CONSTRAINT schedule_layer_name_check CHECK ((name ~ '^[a-z0-9][a-z0-9-]{0,31}$'::text)),
    CONSTRAINT schedule_layer_turns_check CHECK ((((cardinality(turns) >= 1) AND (cardinality(turns) <= 64)) AND (0 < ALL (turns)))),
    CONSTRAINT schedule_layer_unit_check CHECK ((unit = ANY (ARRAY['hour'::text, 'day'::text, 'week'::text, 'month'::text]))),
    CONSTRAINT schedule_layer_zone_check CHECK ((length(zone) <= 64))
);

COMMENT ON COLUMN public.schedule_layer.turns IS 'how many units each turn lasts; the list begins again when it is used up';

COMMENT ON COLUMN public.schedule_layer.windows IS 'when the layer is on at all: [{"days": 0..127, "from": minutes, "until": minutes}]; [] is always';

CREATE TABLE public.schedule_member (
    schedule_id bigint NOT NULL,
    layer smallint NOT NULL,
    place smallint NOT NULL,
    person_id bigint NOT NULL
);

CREATE TABLE public.sealed_contact (
    record_id uuid NOT NULL,
    contact_id bigint NOT NULL,
    owner_id bigint NOT NULL,
    kind text NOT NULL,
    policy text NOT NULL,
    content_epoch integer NOT NULL,
    epoch integer NOT NULL,
    nonce bytea NOT NULL,
    content bytea NOT NULL,
    commitment bytea NOT NULL,
    commit_bot bytea NOT NULL,
    commit_switchboard bytea NOT NULL,
    sealed_at timestamp with time zone NOT NULL,
    CONSTRAINT sealed_contact_commit_bot_check CHECK ((octet_length(commit_bot) = 32)),
    CONSTRAINT sealed_contact_commit_switchboard_check CHECK ((octet_length(commit_switchboard) = 32)),
    CONSTRAINT sealed_contact_commitment_check CHECK ((octet_length(commitment) = 32)),
    CONSTRAINT sealed_contact_content_check CHECK ((octet_length(content) = 272)),
    CONSTRAINT sealed_contact_kind_check CHECK ((kind = ANY (ARRAY['mail'::text, 'webhook'::text, 'sms'::text, 'voice'::text, 'ntfy'::text, 'pagerduty'::text]))),
    CONSTRAINT sealed_contact_nonce_check CHECK ((octet_length(nonce) = 24)),
    CONSTRAINT sealed_contact_policy_check CHECK (((length(policy) >= 2) AND (length(policy) <= 500)))
);

COMMENT ON TABLE public.sealed_contact IS 'ciphertexts of one length: neither the address nor how long it is can be seen here';

COMMENT ON COLUMN public.sealed_contact.policy IS 'what the owner agreed to. Its hash is bound to the ciphertext: changed, nothing opens';

COMMENT ON COLUMN public.sealed_contact.content_epoch IS 'the keyring of when it was sealed; bound to the ciphertext';

COMMENT ON COLUMN public.sealed_contact.epoch IS 'the keyring whose wraps open it now';

CREATE TABLE public.sealed_gone (
    record_id uuid NOT NULL,
    at timestamp with time zone NOT NULL
);

CREATE TABLE public.sealed_index (
    record_id uuid NOT NULL,
    mac bytea NOT NULL,
    CONSTRAINT sealed_index_mac_check CHECK ((octet_length(mac) = 32))
);

CREATE TABLE public.sealed_link (
    token_hash bytea NOT NULL,
    person_id bigint NOT NULL,
    purpose text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    CONSTRAINT sealed_link_check CHECK ((made_at < expires_at)),
    CONSTRAINT sealed_link_purpose_check CHECK ((purpose = ANY (ARRAY['enrol'::text, 'mine'::text]))),
    CONSTRAINT sealed_link_token_hash_check CHECK ((octet_length(token_hash) = 32))
);

CREATE TABLE public.sealed_opening (
    intent bigint NOT NULL,
    key text NOT NULL,
    record_id uuid NOT NULL,
    owner_id bigint NOT NULL,
    kind text NOT NULL,
    lane text NOT NULL,
    incident_id bigint,
    role text DEFAULT ''::text NOT NULL,
    grant_code text DEFAULT ''::text NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    dialled bigint,
    dialled_at timestamp with time zone,
    result text DEFAULT ''::text NOT NULL,
    ref text DEFAULT ''::text NOT NULL,
    CONSTRAINT sealed_opening_grant_code_check CHECK ((length(grant_code) <= 16)),
    CONSTRAINT sealed_opening_key_check CHECK (((length(key) >= 1) AND (length(key) <= 80))),
    CONSTRAINT sealed_opening_lane_check CHECK ((lane = ANY (ARRAY['B'::text, 'D'::text, 'F'::text]))),
    CONSTRAINT sealed_opening_ref_check CHECK ((length(ref) <= 200)),
    CONSTRAINT sealed_opening_result_check CHECK ((length(result) <= 400)),
    CONSTRAINT sealed_opening_role_check CHECK ((length(role) <= 64))
);

COMMENT ON COLUMN public.sealed_opening.key IS 'of the message that it was opened for, with the number of the opening: the same one never opens twice';

CREATE TABLE public.sealed_release (
    id bigint NOT NULL,
    record_id uuid NOT NULL,
    key text NOT NULL,
    lane text NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT sealed_release_key_check CHECK (((length(key) >= 1) AND (length(key) <= 80))),
    CONSTRAINT sealed_release_lane_check CHECK ((lane = ANY (ARRAY['B'::text, 'D'::text, 'F'::text])))
);

ALTER TABLE public.sealed_release ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.sealed_release_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.sealed_wrap (
    record_id uuid NOT NULL,
    epoch integer NOT NULL,
    slot text NOT NULL,
    wrapped bytea NOT NULL,
    CONSTRAINT sealed_wrap_slot_check CHECK ((slot = ANY (ARRAY['bot'::text, 'switchboard'::text, 'custody-bot'::text, 'custody-switchboard'::text]))),
    CONSTRAINT sealed_wrap_wrapped_check CHECK ((octet_length(wrapped) = 1168))
);

COMMENT ON TABLE public.sealed_wrap IS 'one half of a record''s key, sealed to whoever holds that half, and to the custodians';

CREATE TABLE public.self_check (
    name text NOT NULL,
    at timestamp with time zone NOT NULL,
    ok boolean NOT NULL,
    since timestamp with time zone NOT NULL,
    detail text DEFAULT ''::text NOT NULL,
    CONSTRAINT self_check_detail_check CHECK ((length(detail) <= 400)),
    CONSTRAINT self_check_name_check CHECK (((length(name) >= 1) AND (length(name) <= 80)))
);

COMMENT ON COLUMN public.self_check.since IS 'since when it is as it is';

CREATE TABLE public.share_handed (
    id bigint NOT NULL,
    session_id bigint NOT NULL,
    person_id bigint,
    handle text NOT NULL,
    sealed bytea NOT NULL,
    handed_at timestamp with time zone NOT NULL,
    CONSTRAINT share_handed_handle_check CHECK (((length(handle) >= 1) AND (length(handle) <= 100))),
    CONSTRAINT share_handed_sealed_check CHECK (((length(sealed) >= 1) AND (length(sealed) <= 16384)))
);

COMMENT ON TABLE public.share_handed IS 'a share that waits for its run to read it, which deletes the row';

COMMENT ON COLUMN public.share_handed.sealed IS 'age ciphertext to the key of the session';

ALTER TABLE public.share_handed ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.share_handed_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.share_holder (
    id bigint NOT NULL,
    vault text NOT NULL,
    number integer,
    person_id bigint,
    handle text NOT NULL,
    place text DEFAULT ''::text NOT NULL,
    commitment text,
    registered_at timestamp with time zone NOT NULL,
    drilled_at timestamp with time zone,
    gone_at timestamp with time zone,
    registered_by bigint,
    CONSTRAINT share_holder_commitment_check CHECK ((commitment ~ '^[0-9a-f]{64}$'::text)),
    CONSTRAINT share_holder_handle_check CHECK (((length(handle) >= 1) AND (length(handle) <= 100))),
    CONSTRAINT share_holder_number_check CHECK (((number >= 0) AND (number <= 255))),
    CONSTRAINT share_holder_place_check CHECK ((length(place) <= 100)),
    CONSTRAINT share_holder_vault_check CHECK (((length(vault) >= 1) AND (length(vault) <= 48)))
);

COMMENT ON TABLE public.share_holder IS 'who keeps which share, and where';

COMMENT ON COLUMN public.share_holder.number IS 'where the share''s points were taken, 1 to 255; 0 is a key that was never split; null is not known';

COMMENT ON COLUMN public.share_holder.commitment IS 'a hash by which the share is known again, and which tells nothing of it';

COMMENT ON COLUMN public.share_holder.drilled_at IS 'when it was last proven right by Vault';

COMMENT ON COLUMN public.share_holder.registered_by IS 'who said it of themselves; null: it was learned from what opened the vault, or from a rekey';

ALTER TABLE public.share_holder ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.share_holder_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.share_parcel (
    id bigint NOT NULL,
    run_id bigint,
    purpose text NOT NULL,
    vault text NOT NULL,
    person_id bigint,
    handle text NOT NULL,
    fingerprint text DEFAULT ''::text NOT NULL,
    sealed text NOT NULL,
    state text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    proven text,
    CONSTRAINT share_parcel_proven_check CHECK ((proven ~ '^[0-9a-f]{64}$'::text)),
    CONSTRAINT share_parcel_purpose_check CHECK ((purpose = ANY (ARRAY['rekey'::text, 'root'::text]))),
    CONSTRAINT share_parcel_sealed_check CHECK (((length(sealed) >= 1) AND (length(sealed) <= 65536))),
    CONSTRAINT share_parcel_state_check CHECK ((state = ANY (ARRAY['new'::text, 'valid'::text, 'void'::text])))
);

COMMENT ON COLUMN public.share_parcel.sealed IS 'OpenPGP ciphertext in base64, as Vault gave it out';

COMMENT ON COLUMN public.share_parcel.state IS 'new shares open nothing before they are verified';

COMMENT ON COLUMN public.share_parcel.proven IS 'by what the share is known again that its receiver handed in to prove it; null: none was';

ALTER TABLE public.share_parcel ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.share_parcel_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.share_session (
    id bigint NOT NULL,
    run_id bigint NOT NULL,
    attempt integer NOT NULL,
    purpose text NOT NULL,
    vault text NOT NULL,
    node text DEFAULT ''::text NOT NULL,
    recipient text NOT NULL,
    nonce text DEFAULT ''::text NOT NULL,
    progress integer DEFAULT 0 NOT NULL,
    threshold integer DEFAULT 0 NOT NULL,
    state text NOT NULL,
    begun_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    stamp text DEFAULT ''::text NOT NULL,
    CONSTRAINT share_session_check CHECK (((ended_at IS NOT NULL) = (state = 'closed'::text))),
    CONSTRAINT share_session_node_check CHECK ((length(node) <= 48)),
    CONSTRAINT share_session_nonce_check CHECK ((length(nonce) <= 100)),
    CONSTRAINT share_session_progress_check CHECK ((progress >= 0)),
    CONSTRAINT share_session_purpose_check CHECK ((purpose = ANY (ARRAY['unseal'::text, 'rekey'::text, 'verify'::text, 'root'::text, 'drill'::text]))),
    CONSTRAINT share_session_recipient_check CHECK ((recipient ~ '^age1[a-z0-9]{20,200}$'::text)),
    CONSTRAINT share_session_stamp_check CHECK ((stamp ~ '^([0-9a-f]{64})?$'::text)),
    CONSTRAINT share_session_state_check CHECK ((state = ANY (ARRAY['open'::text, 'closed'::text]))),
    CONSTRAINT share_session_threshold_check CHECK ((threshold >= 0)),
    CONSTRAINT share_session_vault_check CHECK (((length(vault) >= 1) AND (length(vault) <= 48)))
);

COMMENT ON TABLE public.share_session IS 'a run that waits for shares, and the public half of the key that they are sealed to';

COMMENT ON COLUMN public.share_session.nonce IS 'what Vault calls this attempt: another one means that it began anew';

COMMENT ON COLUMN public.share_session.stamp IS 'HMAC-SHA-256 over what holders rely on, by a secret of the bot that is in no row; "" is nobody''s';

ALTER TABLE public.share_session ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.share_session_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.share_stamp (
    mark text NOT NULL,
    host text NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    leads boolean DEFAULT false NOT NULL,
    told boolean DEFAULT false NOT NULL,
    CONSTRAINT share_stamp_host_check CHECK (((length(host) >= 1) AND (length(host) <= 100))),
    CONSTRAINT share_stamp_mark_check CHECK ((mark ~ '^[0-9a-f]{64}$'::text))
);

COMMENT ON TABLE public.share_stamp IS 'which secrets of hosts there are, by which sessions of shares are known';

COMMENT ON COLUMN public.share_stamp.mark IS 'HMAC-SHA-256 over a constant by the secret: two secrets are told apart by it, and neither is found from it';

COMMENT ON COLUMN public.share_stamp.host IS 'that used it last';

COMMENT ON COLUMN public.share_stamp.leads IS 'the host that leads has this one; sessions are stamped by it';

COMMENT ON COLUMN public.share_stamp.told IS 'the room heard of it, or needs not';

CREATE TABLE public.shift_notice (
    schedule_id bigint NOT NULL,
    layer text DEFAULT ''::text NOT NULL,
    person_id bigint NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    said_at timestamp with time zone NOT NULL
);

CREATE TABLE public.shift_override (
    id bigint NOT NULL,
    schedule_id bigint NOT NULL,
    layer text DEFAULT ''::text NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    person_id bigint,
    instead_of bigint,
    cover_id bigint,
    note text DEFAULT ''::text NOT NULL,
    created_by bigint,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT shift_override_check CHECK ((starts_at < ends_at)),
    CONSTRAINT shift_override_check1 CHECK (((person_id IS NOT NULL) OR (instead_of IS NOT NULL))),
    CONSTRAINT shift_override_check2 CHECK ((person_id IS DISTINCT FROM instead_of)),
    CONSTRAINT shift_override_note_check CHECK ((length(note) <= 300))
);

COMMENT ON TABLE public.shift_override IS 'person_id comes instead_of whoever; without instead_of in addition; without person_id nobody comes';

COMMENT ON COLUMN public.shift_override.layer IS 'the layer that it is for; empty is all of them';

ALTER TABLE public.shift_override ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.shift_override_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.sign_in_attempt (
    hash bytea NOT NULL,
    kind text NOT NULL,
    person_id bigint,
    data jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT sign_in_attempt_hash_check CHECK ((length(hash) = 32)),
    CONSTRAINT sign_in_attempt_kind_check CHECK ((kind = ANY (ARRAY['oidc'::text, 'passkey'::text, 'new passkey'::text])))
);

COMMENT ON COLUMN public.sign_in_attempt.person_id IS 'who adds a way to sign in; null: who signs in is not known yet';

CREATE TABLE public.signal_request (
    id bigint NOT NULL,
    code text NOT NULL,
    what text NOT NULL,
    severity smallint NOT NULL,
    everyone boolean DEFAULT false NOT NULL,
    asked_by bigint NOT NULL,
    network text NOT NULL,
    room text DEFAULT ''::text NOT NULL,
    account text NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    state text DEFAULT 'waiting'::text NOT NULL,
    decided_by bigint,
    decided_at timestamp with time zone,
    incident_id bigint,
    CONSTRAINT signal_request_code_check CHECK ((code ~ '^[A-Z2-9]{4}$'::text)),
    CONSTRAINT signal_request_severity_check CHECK (((severity >= 1) AND (severity <= 4))),
    CONSTRAINT signal_request_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'confirmed'::text, 'expired'::text]))),
    CONSTRAINT signal_request_what_check CHECK (((length(what) >= 1) AND (length(what) <= 300)))
);

ALTER TABLE public.signal_request ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.signal_request_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.signal_use (
    id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    act text NOT NULL,
    person_id bigint,
    who text NOT NULL,
    network text DEFAULT ''::text NOT NULL,
    request_id bigint,
    incident_id bigint,
    text text NOT NULL,
    CONSTRAINT signal_use_act_check CHECK ((act = ANY (ARRAY['asked'::text, 'confirmed'::text, 'refused'::text, 'expired'::text, 'false-alarm'::text]))),
    CONSTRAINT signal_use_text_check CHECK ((length(text) <= 600))
);

ALTER TABLE public.signal_use ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.signal_use_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.slack_event (
    network text NOT NULL,
    key text NOT NULL,
    kind text NOT NULL,
    payload text,
    worker text NOT NULL,
    received_at timestamp with time zone NOT NULL,
    done_at timestamp with time zone,
    CONSTRAINT slack_event_key_check CHECK (((length(key) >= 1) AND (length(key) <= 200))),
    CONSTRAINT slack_event_kind_check CHECK ((kind = ANY (ARRAY['event'::text, 'command'::text, 'action'::text])))
);

CREATE TABLE public.slack_room (
    network text NOT NULL,
    room text NOT NULL,
    channel text NOT NULL,
    wanted text NOT NULL,
    summary_ts text DEFAULT ''::text NOT NULL,
    summary_pinned boolean DEFAULT false NOT NULL,
    CONSTRAINT slack_room_channel_check CHECK (((length(channel) >= 1) AND (length(channel) <= 64))),
    CONSTRAINT slack_room_room_check CHECK (((length(room) >= 1) AND (length(room) <= 81)))
);

CREATE TABLE public.snapshot (
    id bigint NOT NULL,
    job text NOT NULL,
    run_id bigint,
    taken_at timestamp with time zone NOT NULL,
    state text NOT NULL,
    want integer NOT NULL,
    have integer DEFAULT 0 NOT NULL,
    hold text DEFAULT ''::text NOT NULL,
    hold_by text DEFAULT ''::text NOT NULL,
    sentinel text DEFAULT ''::text NOT NULL,
    facts jsonb DEFAULT '[]'::jsonb NOT NULL,
    checked text DEFAULT ''::text NOT NULL,
    level integer DEFAULT 0 NOT NULL,
    verified_at timestamp with time zone,
    deleted_at timestamp with time zone,
    CONSTRAINT snapshot_check CHECK (((have >= 0) AND (have <= want))),
    CONSTRAINT snapshot_checked_check CHECK ((checked = ANY (ARRAY[''::text, 'validating'::text, 'successful'::text, 'failed'::text, 'timed_out'::text]))),
    CONSTRAINT snapshot_hold_check CHECK ((length(hold) <= 200)),
    CONSTRAINT snapshot_job_check CHECK ((job ~ '^[a-z][a-z0-9-]{0,47}$'::text)),
    CONSTRAINT snapshot_level_check CHECK (((level >= 0) AND (level <= 5))),
    CONSTRAINT snapshot_sentinel_check CHECK ((length(sentinel) <= 200)),
    CONSTRAINT snapshot_state_check CHECK ((state = ANY (ARRAY['taking'::text, 'kept'::text, 'broken'::text, 'deleting'::text, 'deleted'::text]))),
    CONSTRAINT snapshot_want_check CHECK ((want > 0))
);

COMMENT ON COLUMN public.snapshot.hold IS 'why it must not be deleted; "" is no hold';

COMMENT ON COLUMN public.snapshot.sentinel IS 'SHA-256 of what was planted just before, to be found in what is restored';

COMMENT ON COLUMN public.snapshot.verified_at IS 'since when it is proven that the application answers from it (level 4)';

CREATE TABLE public.snapshot_check (
    id bigint NOT NULL,
    snapshot_id bigint NOT NULL,
    run_id bigint,
    place text NOT NULL,
    recipient text DEFAULT ''::text NOT NULL,
    level integer NOT NULL,
    state text NOT NULL,
    begun_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    took interval,
    detail text DEFAULT ''::text NOT NULL,
    facts jsonb DEFAULT '[]'::jsonb NOT NULL,
    CONSTRAINT snapshot_check_detail_check CHECK ((length(detail) <= 1000)),
    CONSTRAINT snapshot_check_level_check CHECK (((level >= 0) AND (level <= 5))),
    CONSTRAINT snapshot_check_recipient_check CHECK ((length(recipient) <= 100)),
    CONSTRAINT snapshot_check_state_check CHECK ((state = ANY (ARRAY['validating'::text, 'successful'::text, 'failed'::text, 'timed_out'::text])))
);

COMMENT ON COLUMN public.snapshot_check.recipient IS 'whose key opened it: each is tried in turn';

ALTER TABLE public.snapshot_check ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.snapshot_check_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.snapshot_copy (
    snapshot_id bigint NOT NULL,
    member text NOT NULL,
    place text NOT NULL,
    off_site boolean NOT NULL,
    key text NOT NULL,
    size bigint NOT NULL,
    sha256 text NOT NULL,
    recipients text[] DEFAULT '{}'::text[] NOT NULL,
    documented boolean DEFAULT false NOT NULL,
    stored_at timestamp with time zone NOT NULL,
    read_at timestamp with time zone,
    bad text DEFAULT ''::text NOT NULL,
    gone_at timestamp with time zone,
    CONSTRAINT snapshot_copy_bad_check CHECK ((length(bad) <= 500)),
    CONSTRAINT snapshot_copy_key_check CHECK (((length(key) >= 1) AND (length(key) <= 400))),
    CONSTRAINT snapshot_copy_member_check CHECK (((length(member) >= 1) AND (length(member) <= 100))),
    CONSTRAINT snapshot_copy_place_check CHECK (((length(place) >= 1) AND (length(place) <= 48))),
    CONSTRAINT snapshot_copy_sha256_check CHECK ((sha256 ~ '^[0-9a-f]{64}$'::text)),
    CONSTRAINT snapshot_copy_size_check CHECK ((size >= 0))
);

COMMENT ON COLUMN public.snapshot_copy.recipients IS 'whose keys open it, each alone: their public parts';

COMMENT ON COLUMN public.snapshot_copy.documented IS 'how it is opened and restored by hand stands beside it';

COMMENT ON COLUMN public.snapshot_copy.read_at IS 'when it was last read back whole, and found to be what was stored';

ALTER TABLE public.snapshot ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.snapshot_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.stint (
    id bigint NOT NULL,
    schedule_id bigint NOT NULL,
    layer text DEFAULT ''::text NOT NULL,
    person_id bigint NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone,
    shadow boolean DEFAULT false NOT NULL,
    CONSTRAINT stint_check CHECK ((starts_at < ends_at))
);

COMMENT ON COLUMN public.stint.ends_at IS 'null: is still on';

ALTER TABLE public.stint ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.stint_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.switchboard_route (
    name text NOT NULL,
    traits jsonb NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT switchboard_route_name_check CHECK (((length(name) >= 1) AND (length(name) <= 64)))
);

CREATE TABLE public.timeline_entry (
    id bigint NOT NULL,
    incident_id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    kind text NOT NULL,
    person_id bigint,
    network text DEFAULT ''::text NOT NULL,
    room text DEFAULT ''::text NOT NULL,
    account text DEFAULT ''::text NOT NULL,
    text text NOT NULL,
    meeting_id bigint,
    item integer,
    CONSTRAINT timeline_entry_check CHECK (((meeting_id IS NULL) = (item IS NULL))),
    CONSTRAINT timeline_entry_kind_check CHECK (((kind = ANY (ARRAY['opened'::text, 'signal'::text, 'page'::text, 'ack'::text, 'decline'::text, 'role'::text, 'baton'::text, 'exhausted'::text, 'severity'::text, 'renamed'::text, 'note'::text, 'action'::text, 'room'::text, 'resolved'::text, 'reopened'::text, 'decision'::text, 'info'::text, 'retrospective'::text, 'job'::text])) OR (kind = 'runbook'::text))),
    CONSTRAINT timeline_entry_text_check CHECK (((length(text) >= 1) AND (length(text) <= 2000)))
);

ALTER TABLE public.timeline_entry ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.timeline_entry_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.unseal_ask (
    id bigint NOT NULL,
    code text NOT NULL,
    incident_id bigint,
    asked_by bigint,
    asked_at timestamp with time zone NOT NULL,
    network text DEFAULT ''::text NOT NULL,
    room text DEFAULT ''::text NOT NULL,
    line text DEFAULT ''::text NOT NULL,
    CONSTRAINT unseal_ask_code_check CHECK (((length(code) >= 1) AND (length(code) <= 16))),
    CONSTRAINT unseal_ask_line_check CHECK ((octet_length(line) <= 400)),
    CONSTRAINT unseal_ask_network_check CHECK ((length(network) <= 200)),
    CONSTRAINT unseal_ask_room_check CHECK ((length(room) <= 200))
);

COMMENT ON COLUMN public.unseal_ask.incident_id IS 'the incident that goes on; null: it begins with the confirmation of the signal of that code';

COMMENT ON COLUMN public.unseal_ask.line IS 'what the switchboard has us say, word for word; "" is of before it was kept, or of one that was taken back';

ALTER TABLE public.unseal_ask ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.unseal_ask_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.vault_node (
    vault text NOT NULL,
    node text NOT NULL,
    state text NOT NULL,
    since timestamp with time zone NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    open_at timestamp with time zone,
    failed integer DEFAULT 0 NOT NULL,
    told boolean DEFAULT false NOT NULL,
    version text DEFAULT ''::text NOT NULL,
    shares integer DEFAULT 0 NOT NULL,
    threshold integer DEFAULT 0 NOT NULL,
    progress integer DEFAULT 0 NOT NULL,
    detail text DEFAULT ''::text NOT NULL,
    CONSTRAINT vault_node_detail_check CHECK ((length(detail) <= 200)),
    CONSTRAINT vault_node_node_check CHECK (((length(node) >= 1) AND (length(node) <= 48))),
    CONSTRAINT vault_node_state_check CHECK ((state = ANY (ARRAY['open'::text, 'sealed'::text, 'empty'::text, 'unreachable'::text]))),
    CONSTRAINT vault_node_vault_check CHECK (((length(vault) >= 1) AND (length(vault) <= 48)))
);

COMMENT ON COLUMN public.vault_node.open_at IS 'when it was last seen unsealed';

COMMENT ON COLUMN public.vault_node.failed IS 'how often in a row it did not answer';

COMMENT ON COLUMN public.vault_node.told IS 'that it does not answer was said';

CREATE TABLE public.vault_seal (
    id bigint NOT NULL,
    vault text NOT NULL,
    node text DEFAULT ''::text NOT NULL,
    sealed_at timestamp with time zone NOT NULL,
    noticed_at timestamp with time zone NOT NULL,
    unsealed_at timestamp with time zone,
    called_at timestamp with time zone,
    CONSTRAINT vault_seal_check CHECK ((unsealed_at >= sealed_at))
);

COMMENT ON TABLE public.vault_seal IS 'a time for which a node was sealed; node "" is the whole Vault: none of its nodes served';

COMMENT ON COLUMN public.vault_seal.sealed_at IS 'when it was last seen unsealed, if somebody was watching; else when it was noticed';

COMMENT ON COLUMN public.vault_seal.called_at IS 'when its holders were last called';

ALTER TABLE public.vault_seal ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.vault_seal_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.web_session (
    id bigint NOT NULL,
    hash bytea NOT NULL,
    person_id bigint NOT NULL,
    method text NOT NULL,
    browser text DEFAULT ''::text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT web_session_browser_check CHECK ((length(browser) <= 80)),
    CONSTRAINT web_session_check CHECK (((created_at <= seen_at) AND (created_at < expires_at))),
    CONSTRAINT web_session_hash_check CHECK ((length(hash) = 32)),
    CONSTRAINT web_session_method_check CHECK ((method = ANY (ARRAY['link'::text, 'oidc'::text, 'passkey'::text])))
);

COMMENT ON COLUMN public.web_session.method IS 'how the person signed in';

COMMENT ON COLUMN public.web_session.seen_at IS 'the last request, to the minute';

ALTER TABLE public.web_session ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.web_session_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE ONLY public.absence
    ADD CONSTRAINT absence_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.account
    ADD CONSTRAINT account_pkey PRIMARY KEY (network, name);

ALTER TABLE ONLY public.ack_token
    ADD CONSTRAINT ack_token_pkey PRIMARY KEY (hash);

ALTER TABLE ONLY public.action_change
    ADD CONSTRAINT action_change_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.action_item
    ADD CONSTRAINT action_item_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.action_owner
    ADD CONSTRAINT action_owner_pkey PRIMARY KEY (action_id, place);

ALTER TABLE ONLY public.alert_group
    ADD CONSTRAINT alert_group_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.alert_key
    ADD CONSTRAINT alert_key_hash_key UNIQUE (hash);

ALTER TABLE ONLY public.alert_key
    ADD CONSTRAINT alert_key_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.alert
    ADD CONSTRAINT alert_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.announcement_copy
    ADD CONSTRAINT announcement_copy_pkey PRIMARY KEY (announcement_id, way, network, place);

ALTER TABLE ONLY public.announcement
    ADD CONSTRAINT announcement_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.api_token
    ADD CONSTRAINT api_token_hash_key UNIQUE (hash);

ALTER TABLE ONLY public.api_token
    ADD CONSTRAINT api_token_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.attempt
    ADD CONSTRAINT attempt_delivery_id_n_key UNIQUE (delivery_id, n);

ALTER TABLE ONLY public.attempt
    ADD CONSTRAINT attempt_key_key UNIQUE (key);

ALTER TABLE ONLY public.attempt
    ADD CONSTRAINT attempt_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.audit_entry
    ADD CONSTRAINT audit_entry_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.baton_move
    ADD CONSTRAINT baton_move_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.baton
    ADD CONSTRAINT baton_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.batsignal_sentinel
    ADD CONSTRAINT batsignal_sentinel_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.command_call
    ADD CONSTRAINT command_call_network_message_id_key UNIQUE (network, message_id);

ALTER TABLE ONLY public.command_call
    ADD CONSTRAINT command_call_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.component_alias
    ADD CONSTRAINT component_alias_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.component_answer
    ADD CONSTRAINT component_answer_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.component_ask
    ADD CONSTRAINT component_ask_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.component
    ADD CONSTRAINT component_name_key UNIQUE (name);

ALTER TABLE ONLY public.component_owner
    ADD CONSTRAINT component_owner_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.component
    ADD CONSTRAINT component_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.component_source
    ADD CONSTRAINT component_source_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.consent_entry
    ADD CONSTRAINT consent_entry_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.consent
    ADD CONSTRAINT consent_pkey PRIMARY KEY (person_id, version);

ALTER TABLE ONLY public.contact_address
    ADD CONSTRAINT contact_address_pkey PRIMARY KEY (contact_id);

ALTER TABLE ONLY public.contact
    ADD CONSTRAINT contact_id_person_id_key UNIQUE (id, person_id);

ALTER TABLE ONLY public.contact
    ADD CONSTRAINT contact_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.contact_proof
    ADD CONSTRAINT contact_proof_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.cover_request
    ADD CONSTRAINT cover_request_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.coverage_check
    ADD CONSTRAINT coverage_check_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.coverage_gap
    ADD CONSTRAINT coverage_gap_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.coverage_gap
    ADD CONSTRAINT coverage_gap_role_kind_starts_at_excl EXCLUDE USING btree (role WITH =, kind WITH =, starts_at WITH =) WHERE ((closed_at IS NULL)) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.coverage_letter
    ADD CONSTRAINT coverage_letter_pkey PRIMARY KEY (person_id);

ALTER TABLE ONLY public.custody_drill
    ADD CONSTRAINT custody_drill_pkey PRIMARY KEY (epoch, custodian, day);

ALTER TABLE ONLY public.delivery
    ADD CONSTRAINT delivery_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.edit_token
    ADD CONSTRAINT edit_token_pkey PRIMARY KEY (hash);

ALTER TABLE ONLY public.escalation
    ADD CONSTRAINT escalation_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.escalation_policy
    ADD CONSTRAINT escalation_policy_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.feed_token
    ADD CONSTRAINT feed_token_hash_key UNIQUE (hash);

ALTER TABLE ONLY public.feed_token
    ADD CONSTRAINT feed_token_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.freeze_window
    ADD CONSTRAINT freeze_window_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.holiday
    ADD CONSTRAINT holiday_pkey PRIMARY KEY (region, day);

ALTER TABLE ONLY public.incident
    ADD CONSTRAINT incident_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.incident_room
    ADD CONSTRAINT incident_room_pkey PRIMARY KEY (incident_id, network);

ALTER TABLE ONLY public.invitation
    ADD CONSTRAINT invitation_hash_key UNIQUE (hash);

ALTER TABLE ONLY public.invitation
    ADD CONSTRAINT invitation_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.invitation_role
    ADD CONSTRAINT invitation_role_pkey PRIMARY KEY (invitation_id, role);

ALTER TABLE ONLY public.job_artifact
    ADD CONSTRAINT job_artifact_pkey PRIMARY KEY (run_id, n);

ALTER TABLE ONLY public.job_log
    ADD CONSTRAINT job_log_pkey PRIMARY KEY (run_id, n);

ALTER TABLE ONLY public.job_run
    ADD CONSTRAINT job_run_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.job_schedule
    ADD CONSTRAINT job_schedule_pkey PRIMARY KEY (job);

ALTER TABLE ONLY public.job_step
    ADD CONSTRAINT job_step_pkey PRIMARY KEY (run_id, n);

ALTER TABLE ONLY public.job_verdict
    ADD CONSTRAINT job_verdict_pkey PRIMARY KEY (run_id, person_id);

ALTER TABLE ONLY public.keyring
    ADD CONSTRAINT keyring_pkey PRIMARY KEY (epoch);

ALTER TABLE ONLY public.label
    ADD CONSTRAINT label_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.leadership
    ADD CONSTRAINT leadership_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.ledger_anchor
    ADD CONSTRAINT ledger_anchor_pkey PRIMARY KEY (size, network, room);

ALTER TABLE ONLY public.ledger_hash
    ADD CONSTRAINT ledger_hash_pkey PRIMARY KEY (place);

ALTER TABLE ONLY public.ledger_head
    ADD CONSTRAINT ledger_head_pkey PRIMARY KEY (size);

ALTER TABLE ONLY public.ledger_leaf
    ADD CONSTRAINT ledger_leaf_pkey PRIMARY KEY (seq);

ALTER TABLE ONLY public.link_code
    ADD CONSTRAINT link_code_pkey PRIMARY KEY (hash);

ALTER TABLE ONLY public.login_link
    ADD CONSTRAINT login_link_pkey PRIMARY KEY (hash);

ALTER TABLE ONLY public.meeting_event
    ADD CONSTRAINT meeting_event_pkey PRIMARY KEY (meeting_id, n);

ALTER TABLE ONLY public.meeting_item
    ADD CONSTRAINT meeting_item_pkey PRIMARY KEY (meeting_id, id);

ALTER TABLE ONLY public.meeting
    ADD CONSTRAINT meeting_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.membership
    ADD CONSTRAINT membership_pkey PRIMARY KEY (role, person_id);

ALTER TABLE ONLY public.notice
    ADD CONSTRAINT notice_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.owner_notice
    ADD CONSTRAINT owner_notice_pkey PRIMARY KEY (leaf, person_id);

ALTER TABLE ONLY public.page
    ADD CONSTRAINT page_escalation_id_person_id_key UNIQUE (escalation_id, person_id);

ALTER TABLE ONLY public.page
    ADD CONSTRAINT page_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.passkey
    ADD CONSTRAINT passkey_credential_id_key UNIQUE (credential_id);

ALTER TABLE ONLY public.passkey
    ADD CONSTRAINT passkey_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.pending_choice
    ADD CONSTRAINT pending_choice_pkey PRIMARY KEY (hash);

ALTER TABLE ONLY public.person
    ADD CONSTRAINT person_handle_key UNIQUE (handle);

ALTER TABLE ONLY public.person_label
    ADD CONSTRAINT person_label_pkey PRIMARY KEY (person_id, label);

ALTER TABLE ONLY public.person
    ADD CONSTRAINT person_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.provider_event
    ADD CONSTRAINT provider_event_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.provider_event
    ADD CONSTRAINT provider_event_route_event_key UNIQUE (route, event);

ALTER TABLE ONLY public.reminder_done
    ADD CONSTRAINT reminder_done_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.reminder
    ADD CONSTRAINT reminder_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.responder
    ADD CONSTRAINT responder_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.retrospective
    ADD CONSTRAINT retrospective_pkey PRIMARY KEY (incident_id, edition);

ALTER TABLE ONLY public.role
    ADD CONSTRAINT role_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.role_policy
    ADD CONSTRAINT role_policy_pkey PRIMARY KEY (role, severity);

ALTER TABLE ONLY public.role_preference
    ADD CONSTRAINT role_preference_pkey PRIMARY KEY (role, place);

ALTER TABLE ONLY public.room_line
    ADD CONSTRAINT room_line_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.rotation_task
    ADD CONSTRAINT rotation_task_key_key UNIQUE (key);

ALTER TABLE ONLY public.rotation_task
    ADD CONSTRAINT rotation_task_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.route_health
    ADD CONSTRAINT route_health_pkey PRIMARY KEY (route);

ALTER TABLE ONLY public.runbook_run
    ADD CONSTRAINT runbook_run_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.runbook_step_done
    ADD CONSTRAINT runbook_step_done_pkey PRIMARY KEY (run_id, n);

ALTER TABLE ONLY public.schedule_layer
    ADD CONSTRAINT schedule_layer_pkey PRIMARY KEY (schedule_id, place);

ALTER TABLE ONLY public.schedule_layer
    ADD CONSTRAINT schedule_layer_schedule_id_name_key UNIQUE (schedule_id, name);

ALTER TABLE ONLY public.schedule_member
    ADD CONSTRAINT schedule_member_pkey PRIMARY KEY (schedule_id, layer, place);

ALTER TABLE ONLY public.schedule
    ADD CONSTRAINT schedule_name_key UNIQUE (name);

ALTER TABLE ONLY public.schedule
    ADD CONSTRAINT schedule_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.sealed_contact
    ADD CONSTRAINT sealed_contact_contact_id_key UNIQUE (contact_id);

ALTER TABLE ONLY public.sealed_contact
    ADD CONSTRAINT sealed_contact_pkey PRIMARY KEY (record_id);

ALTER TABLE ONLY public.sealed_gone
    ADD CONSTRAINT sealed_gone_pkey PRIMARY KEY (record_id);

ALTER TABLE ONLY public.sealed_index
    ADD CONSTRAINT sealed_index_pkey PRIMARY KEY (record_id);

ALTER TABLE ONLY public.sealed_link
    ADD CONSTRAINT sealed_link_pkey PRIMARY KEY (token_hash);

ALTER TABLE ONLY public.sealed_opening
    ADD CONSTRAINT sealed_opening_key_key UNIQUE (key);

ALTER TABLE ONLY public.sealed_opening
    ADD CONSTRAINT sealed_opening_pkey PRIMARY KEY (intent);

ALTER TABLE ONLY public.sealed_release
    ADD CONSTRAINT sealed_release_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.sealed_wrap
    ADD CONSTRAINT sealed_wrap_pkey PRIMARY KEY (record_id, epoch, slot);

ALTER TABLE ONLY public.self_check
    ADD CONSTRAINT self_check_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.share_handed
    ADD CONSTRAINT share_handed_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.share_holder
    ADD CONSTRAINT share_holder_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.share_parcel
    ADD CONSTRAINT share_parcel_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.share_session
    ADD CONSTRAINT share_session_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.share_stamp
    ADD CONSTRAINT share_stamp_pkey PRIMARY KEY (mark);

ALTER TABLE ONLY public.shift_notice
    ADD CONSTRAINT shift_notice_pkey PRIMARY KEY (schedule_id, layer, person_id, starts_at);

ALTER TABLE ONLY public.shift_override
    ADD CONSTRAINT shift_override_int8range_int8range1_tstzrange_excl EXCLUDE USING gist (int8range(schedule_id, schedule_id, '[]'::text) WITH &&, int8range(person_id, person_id, '[]'::text) WITH &&, tstzrange(starts_at, ends_at) WITH &&) WHERE ((instead_of IS NULL));

ALTER TABLE ONLY public.shift_override
    ADD CONSTRAINT shift_override_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.sign_in_attempt
    ADD CONSTRAINT sign_in_attempt_pkey PRIMARY KEY (hash);

ALTER TABLE ONLY public.signal_request
    ADD CONSTRAINT signal_request_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.signal_use
    ADD CONSTRAINT signal_use_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.slack_event
    ADD CONSTRAINT slack_event_pkey PRIMARY KEY (network, key);

ALTER TABLE ONLY public.slack_room
    ADD CONSTRAINT slack_room_pkey PRIMARY KEY (network, room);

ALTER TABLE ONLY public.snapshot_check
    ADD CONSTRAINT snapshot_check_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.snapshot_copy
    ADD CONSTRAINT snapshot_copy_pkey PRIMARY KEY (snapshot_id, member, place);

ALTER TABLE ONLY public.snapshot
    ADD CONSTRAINT snapshot_job_taken_at_key UNIQUE (job, taken_at);

ALTER TABLE ONLY public.snapshot
    ADD CONSTRAINT snapshot_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.stint
    ADD CONSTRAINT stint_int8range_int8range1_tstzrange_excl EXCLUDE USING gist (int8range(schedule_id, schedule_id, '[]'::text) WITH &&, int8range(person_id, person_id, '[]'::text) WITH &&, tstzrange(starts_at, ends_at) WITH &&);

ALTER TABLE ONLY public.stint
    ADD CONSTRAINT stint_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.switchboard_route
    ADD CONSTRAINT switchboard_route_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.timeline_entry
    ADD CONSTRAINT timeline_entry_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.unseal_ask
    ADD CONSTRAINT unseal_ask_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.vault_node
    ADD CONSTRAINT vault_node_pkey PRIMARY KEY (vault, node);

ALTER TABLE ONLY public.vault_seal
    ADD CONSTRAINT vault_seal_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.web_session
    ADD CONSTRAINT web_session_hash_key UNIQUE (hash);

ALTER TABLE ONLY public.web_session
    ADD CONSTRAINT web_session_pkey PRIMARY KEY (id);

CREATE INDEX absence_person ON public.absence USING btree (person_id, ends_at);

CREATE INDEX absence_time ON public.absence USING gist (tstzrange(starts_at, ends_at));

CREATE UNIQUE INDEX absence_uid ON public.absence USING btree (person_id, source, uid) WHERE (uid <> ''::text);

CREATE INDEX account_name ON public.account USING btree (name);

CREATE INDEX account_person ON public.account USING btree (person_id);

CREATE INDEX ack_token_delivery ON public.ack_token USING btree (delivery_id);

CREATE INDEX ack_token_page ON public.ack_token USING btree (page_id);

CREATE INDEX action_change_action ON public.action_change USING btree (action_id, id);

CREATE INDEX action_item_incident ON public.action_item USING btree (incident_id);

CREATE UNIQUE INDEX action_item_once ON public.action_item USING btree (meeting_id, item);

CREATE INDEX action_item_open ON public.action_item USING btree (due) WHERE (state = 'open'::text);

CREATE INDEX action_item_series ON public.action_item USING btree (series) WHERE (state = 'open'::text);

CREATE INDEX action_owner_person ON public.action_owner USING btree (person_id);

CREATE INDEX alert_group_key ON public.alert_group USING btree (key_id, id);

CREATE INDEX alert_group_live ON public.alert_group USING btree (id) WHERE (state <> 'resolved'::text);

CREATE UNIQUE INDEX alert_group_open ON public.alert_group USING btree (key_id) WHERE (state = 'open'::text);

CREATE INDEX alert_group_resolved ON public.alert_group USING btree (resolved_at) WHERE (state = 'resolved'::text);

CREATE INDEX alert_group_untold ON public.alert_group USING btree (told_at) WHERE untold;

CREATE UNIQUE INDEX alert_key_name ON public.alert_key USING btree (name) WHERE (revoked_at IS NULL);

CREATE INDEX alert_key_policy ON public.alert_key USING btree (policy) WHERE (revoked_at IS NULL);

CREATE INDEX alert_of_group ON public.alert USING btree (group_id, id);

CREATE UNIQUE INDEX alert_one_open ON public.alert USING btree (key_id, dedup_key) WHERE (state <> 'resolved'::text);

CREATE INDEX alert_untold ON public.alert USING btree (group_id, id) WHERE (told_at IS NULL);

CREATE INDEX announcement_open ON public.announcement USING btree (id) WHERE (state = ANY (ARRAY['draft'::text, 'approved'::text]));

CREATE INDEX api_token_person ON public.api_token USING btree (person_id);

CREATE INDEX audit_entry_concerns ON public.audit_entry USING gin (concerns);

CREATE INDEX audit_entry_subject ON public.audit_entry USING btree (kind, subject, id);

CREATE INDEX baton_move_due ON public.baton_move USING btree (due_at) WHERE (state = 'open'::text);

CREATE UNIQUE INDEX baton_move_one_open ON public.baton_move USING btree (incident_id) WHERE (state = 'open'::text);

CREATE UNIQUE INDEX baton_one_holder ON public.baton USING btree (incident_id) WHERE (ended_at IS NULL);

CREATE INDEX command_call_at ON public.command_call USING btree (at);

CREATE INDEX component_alias_of ON public.component_alias USING btree (component_id);

CREATE INDEX component_answer_by ON public.component_answer USING btree (network, account, answered_at);

CREATE UNIQUE INDEX component_answer_login ON public.component_answer USING btree (component, login, by_name) WHERE (login <> ''::text);

CREATE UNIQUE INDEX component_answer_person ON public.component_answer USING btree (component, person_id, by_name) WHERE (person_id IS NOT NULL);

CREATE INDEX component_ask_component ON public.component_ask USING btree (component, asked_at);

CREATE INDEX component_ask_person ON public.component_ask USING btree (person_id, asked_at);

CREATE INDEX component_owner_logins ON public.component_owner USING btree (login) WHERE (login <> ''::text);

CREATE INDEX component_owner_of ON public.component_owner USING btree (person_id) WHERE (person_id IS NOT NULL);

CREATE UNIQUE INDEX component_owner_once ON public.component_owner USING btree (component_id, login, COALESCE(source, ''::text), COALESCE(person_id, (0)::bigint));

CREATE INDEX component_owner_source ON public.component_owner USING btree (source) WHERE (source IS NOT NULL);

CREATE INDEX component_source_of ON public.component USING btree (source);

CREATE UNIQUE INDEX contact_canary ON public.contact USING btree (kind) WHERE canary;

CREATE INDEX contact_person ON public.contact USING btree (person_id);

CREATE INDEX contact_proof_code ON public.contact_proof USING btree (code) WHERE (done_at IS NULL);

CREATE INDEX contact_proof_contact ON public.contact_proof USING btree (contact_id, created_at);

CREATE INDEX cover_request_open ON public.cover_request USING btree (schedule_id) WHERE (state = 'open'::text);

CREATE INDEX coverage_gap_reminded ON public.coverage_gap USING btree (reminded_at) WHERE (reminded_at IS NOT NULL);

CREATE INDEX delivery_contact ON public.delivery USING btree (contact_id, created_at) WHERE (contact_id IS NOT NULL);

CREATE INDEX delivery_due ON public.delivery USING btree (route, due_at) WHERE (state = 'queued'::text);

CREATE INDEX delivery_lease ON public.delivery USING btree (leased_until) WHERE (state = ANY (ARRAY['leased'::text, 'submitted'::text]));

CREATE INDEX delivery_news ON public.delivery USING btree (finished_at) WHERE (state = 'accepted'::text);

CREATE INDEX delivery_page ON public.delivery USING btree (page_id);

CREATE INDEX delivery_ref ON public.delivery USING btree (ref) WHERE (ref <> ''::text);

CREATE INDEX escalation_cause ON public.escalation USING btree (cause);

CREATE INDEX escalation_due ON public.escalation USING btree (due_at) WHERE (state = 'hunting'::text);

CREATE UNIQUE INDEX escalation_one_hunt ON public.escalation USING btree (cause, slot) WHERE (state = 'hunting'::text);

CREATE INDEX feed_token_person ON public.feed_token USING btree (person_id);

CREATE INDEX incident_board ON public.incident USING btree (board_due) WHERE (board_due IS NOT NULL);

CREATE INDEX incident_open ON public.incident USING btree (id) WHERE (status = 'open'::text);

CREATE INDEX incident_room_name ON public.incident_room USING btree (network, room);

CREATE INDEX invitation_open ON public.invitation USING btree (expires_at) WHERE ((used_at IS NULL) AND (revoked_at IS NULL));

CREATE UNIQUE INDEX job_run_alone ON public.job_run USING btree (exclusive) WHERE (state = ANY (ARRAY['running'::text, 'undoing'::text]));

CREATE INDEX job_run_incident ON public.job_run USING btree (incident_id) WHERE (incident_id IS NOT NULL);

CREATE UNIQUE INDEX job_run_key ON public.job_run USING btree (key);

CREATE INDEX job_run_of ON public.job_run USING btree (job, id DESC);

CREATE INDEX job_run_open ON public.job_run USING btree (state, id) WHERE (ended_at IS NULL);

CREATE UNIQUE INDEX keyring_one ON public.keyring USING btree (state) WHERE (state <> 'past'::text);

CREATE INDEX ledger_leaf_record ON public.ledger_leaf USING btree ("substring"(body, '"rec":"([^"]*)"'::text), seq);

CREATE INDEX login_link_person ON public.login_link USING btree (person_id, created_at);

CREATE INDEX meeting_any_path ON public.meeting USING btree (path);

CREATE UNIQUE INDEX meeting_event_once ON public.meeting_event USING btree (message_id, network) WHERE ((message_id <> ''::text) AND (kind = ANY (ARRAY['said'::text, 'did'::text])));

CREATE INDEX meeting_event_search ON public.meeting_event USING gin (search);

CREATE INDEX meeting_incident ON public.meeting USING btree (incident_id);

CREATE INDEX meeting_item_search ON public.meeting_item USING gin (search);

CREATE INDEX meeting_name ON public.meeting USING btree (name, started_at);

CREATE UNIQUE INDEX meeting_open_incident ON public.meeting USING btree (incident_id) WHERE (ended_at IS NULL);

CREATE UNIQUE INDEX meeting_open_room ON public.meeting USING btree (network, room) WHERE ((ended_at IS NULL) AND (incident_id IS NULL));

CREATE UNIQUE INDEX meeting_path ON public.meeting USING btree (path) WHERE (ended_at IS NOT NULL);

CREATE INDEX meeting_room ON public.meeting USING btree (network, room, started_at);

CREATE INDEX meeting_started ON public.meeting USING btree (started_at);

CREATE INDEX meeting_write ON public.meeting USING btree (id) WHERE write_due;

CREATE INDEX membership_person ON public.membership USING btree (person_id);

CREATE UNIQUE INDEX notice_origin ON public.notice USING btree (network, origin) WHERE (origin IS NOT NULL);

CREATE INDEX notice_waiting ON public.notice USING btree (network, id) WHERE (state = 'waiting'::text);

CREATE INDEX owner_notice_waits ON public.owner_notice USING btree (leaf) WHERE (told_at IS NULL);

CREATE INDEX page_code_open ON public.page USING btree (code) WHERE (state = 'open'::text);

CREATE INDEX page_open ON public.page USING btree (person_id) WHERE (state = 'open'::text);

CREATE INDEX page_person_rung ON public.page USING btree (person_id, rung_at);

CREATE INDEX passkey_person ON public.passkey USING btree (person_id);

CREATE INDEX pending_choice_end ON public.pending_choice USING btree (expires_at);

CREATE INDEX person_label_label ON public.person_label USING btree (label);

CREATE INDEX provider_event_at ON public.provider_event USING btree (at);

CREATE INDEX provider_event_delivery ON public.provider_event USING btree (delivery_id);

CREATE INDEX provider_event_help ON public.provider_event USING btree (split_part(event, '-'::text, 2)) WHERE (what = 'help wanted'::text);

CREATE INDEX reminder_done_of ON public.reminder_done USING btree (reminder_id, at DESC);

CREATE UNIQUE INDEX reminder_title ON public.reminder USING btree (lower(title)) WHERE (gone_at IS NULL);

CREATE INDEX responder_check ON public.responder USING btree (check_at) WHERE ((check_at IS NOT NULL) AND (left_at IS NULL));

CREATE UNIQUE INDEX responder_once ON public.responder USING btree (incident_id, role, person_id) WHERE (left_at IS NULL);

CREATE INDEX role_policy_policy ON public.role_policy USING btree (policy);

CREATE INDEX room_line_room ON public.room_line USING btree (network, room, at);

CREATE INDEX rotation_task_open ON public.rotation_task USING btree (at) WHERE (done_at IS NULL);

CREATE INDEX runbook_run_incident ON public.runbook_run USING btree (incident_id) WHERE (incident_id IS NOT NULL);

CREATE UNIQUE INDEX runbook_run_job ON public.runbook_run USING btree (job_run) WHERE (job_run IS NOT NULL);

CREATE UNIQUE INDEX runbook_run_one_incident ON public.runbook_run USING btree (incident_id, name) WHERE ((state = 'open'::text) AND (incident_id IS NOT NULL));

CREATE UNIQUE INDEX runbook_run_one_room ON public.runbook_run USING btree (network, lower(room), name) WHERE ((state = 'open'::text) AND (incident_id IS NULL) AND (room <> ''::text));

CREATE INDEX runbook_run_open ON public.runbook_run USING btree (moved_at) WHERE (state = 'open'::text);

CREATE UNIQUE INDEX runbook_step_done_once ON public.runbook_step_done USING btree (run_id, turn) WHERE (what = ANY (ARRAY['done'::text, 'chosen'::text, 'succeeded'::text, 'skipped'::text]));

CREATE INDEX schedule_member_person ON public.schedule_member USING btree (person_id);

CREATE INDEX schedule_role ON public.schedule USING btree (role) WHERE (retired_at IS NULL);

CREATE INDEX sealed_contact_epoch ON public.sealed_contact USING btree (epoch);

CREATE INDEX sealed_contact_owner ON public.sealed_contact USING btree (owner_id);

CREATE INDEX sealed_index_mac ON public.sealed_index USING btree (mac);

CREATE INDEX sealed_link_expires ON public.sealed_link USING btree (expires_at);

CREATE INDEX sealed_opening_owner ON public.sealed_opening USING btree (owner_id, opened_at);

CREATE INDEX sealed_opening_record ON public.sealed_opening USING btree (record_id, opened_at);

CREATE INDEX sealed_opening_role ON public.sealed_opening USING btree (incident_id, role, opened_at);

CREATE INDEX sealed_release_record ON public.sealed_release USING btree (record_id, at);

CREATE INDEX share_handed_of ON public.share_handed USING btree (session_id, id);

CREATE UNIQUE INDEX share_holder_number ON public.share_holder USING btree (vault, number) WHERE ((gone_at IS NULL) AND (number IS NOT NULL));

CREATE INDEX share_holder_person ON public.share_holder USING btree (person_id) WHERE (person_id IS NOT NULL);

CREATE INDEX share_parcel_run ON public.share_parcel USING btree (run_id);

CREATE INDEX share_session_open ON public.share_session USING btree (vault) WHERE (state = 'open'::text);

CREATE INDEX share_session_run ON public.share_session USING btree (run_id, id);

CREATE UNIQUE INDEX share_stamp_leads ON public.share_stamp USING btree (leads) WHERE leads;

CREATE INDEX shift_override_schedule ON public.shift_override USING btree (schedule_id, ends_at);

CREATE INDEX shift_override_time ON public.shift_override USING gist (tstzrange(starts_at, ends_at));

CREATE INDEX sign_in_attempt_end ON public.sign_in_attempt USING btree (expires_at);

CREATE UNIQUE INDEX signal_request_code ON public.signal_request USING btree (code) WHERE (state = 'waiting'::text);

CREATE INDEX signal_request_due ON public.signal_request USING btree (expires_at) WHERE (state = 'waiting'::text);

CREATE INDEX signal_use_at ON public.signal_use USING btree (at);

CREATE INDEX signal_use_person ON public.signal_use USING btree (person_id, at);

CREATE INDEX slack_event_received ON public.slack_event USING btree (received_at);

CREATE INDEX slack_event_waiting ON public.slack_event USING btree (network, received_at) WHERE (done_at IS NULL);

CREATE INDEX slack_room_channel ON public.slack_room USING btree (network, channel);

CREATE INDEX snapshot_check_of ON public.snapshot_check USING btree (snapshot_id, id);

CREATE INDEX snapshot_live ON public.snapshot USING btree (job, taken_at DESC) WHERE (state <> 'deleted'::text);

CREATE UNIQUE INDEX snapshot_run ON public.snapshot USING btree (run_id);

CREATE INDEX stint_open ON public.stint USING btree (schedule_id) WHERE (ends_at IS NULL);

CREATE INDEX stint_time ON public.stint USING gist (tstzrange(starts_at, ends_at));

CREATE INDEX timeline_incident ON public.timeline_entry USING btree (incident_id, id);

CREATE INDEX unseal_ask_code ON public.unseal_ask USING btree (code, asked_at);

CREATE INDEX unseal_ask_room ON public.unseal_ask USING btree (network, asked_at);

CREATE INDEX vault_seal_of ON public.vault_seal USING btree (vault, node, sealed_at);

CREATE UNIQUE INDEX vault_seal_open ON public.vault_seal USING btree (vault, node) WHERE (unsealed_at IS NULL);

CREATE INDEX web_session_end ON public.web_session USING btree (expires_at);

CREATE INDEX web_session_person ON public.web_session USING btree (person_id);

CREATE TRIGGER action_change_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.action_change FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER audit_entry_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.audit_entry FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER consent_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.consent FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER consent_entry_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.consent_entry FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.absence FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.account FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.ack_token FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.action_change FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.action_item FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.action_owner FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.alert FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.alert_group FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.alert_key FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.announcement FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.announcement_copy FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.api_token FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.attempt FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.audit_entry FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.baton FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.baton_move FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.batsignal_sentinel FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.command_call FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.component FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.component_alias FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.component_answer FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.component_ask FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.component_owner FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.component_source FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.consent FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.consent_entry FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.contact FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.contact_address FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.contact_proof FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.cover_request FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.coverage_check FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.coverage_gap FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.coverage_letter FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.custody_drill FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.delivery FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.edit_token FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.escalation FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.escalation_policy FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.feed_token FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.freeze_window FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.holiday FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.incident FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.incident_room FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.invitation FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.invitation_role FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.job_artifact FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.job_log FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.job_run FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.job_schedule FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.job_step FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.job_verdict FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.keyring FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.label FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.ledger_anchor FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.ledger_hash FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.ledger_head FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.ledger_leaf FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.link_code FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.login_link FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.meeting FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.meeting_event FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.meeting_item FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.membership FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.notice FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.owner_notice FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.page FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.passkey FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.pending_choice FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.person FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.person_label FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.provider_event FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.reminder FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.reminder_done FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.responder FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.retrospective FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.role FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.role_policy FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.role_preference FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.room_line FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.rotation_task FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.route_health FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.runbook_run FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.runbook_step_done FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.schedule FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.schedule_layer FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.schedule_member FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.sealed_contact FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.sealed_gone FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.sealed_index FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.sealed_link FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.sealed_opening FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.sealed_release FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.sealed_wrap FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.self_check FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.share_handed FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.share_holder FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.share_parcel FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.share_session FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.share_stamp FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.shift_notice FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.shift_override FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.sign_in_attempt FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.signal_request FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.signal_use FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.slack_event FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.slack_room FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.snapshot FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.snapshot_check FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.snapshot_copy FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.stint FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.switchboard_route FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.timeline_entry FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.unseal_ask FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.vault_node FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.vault_seal FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER fence BEFORE INSERT OR DELETE OR UPDATE ON public.web_session FOR EACH STATEMENT WHEN ((current_setting('batsignal.epoch'::text, true) <> ''::text)) EXECUTE FUNCTION public.fence();

CREATE TRIGGER gone AFTER DELETE ON public.sealed_contact FOR EACH ROW EXECUTE FUNCTION public.sealed_gone();

CREATE TRIGGER only_append BEFORE DELETE OR UPDATE OR TRUNCATE ON public.ledger_anchor FOR EACH STATEMENT EXECUTE FUNCTION public.append_only();

CREATE TRIGGER only_append BEFORE DELETE OR UPDATE OR TRUNCATE ON public.ledger_hash FOR EACH STATEMENT EXECUTE FUNCTION public.append_only();

CREATE TRIGGER only_append BEFORE DELETE OR UPDATE OR TRUNCATE ON public.ledger_head FOR EACH STATEMENT EXECUTE FUNCTION public.append_only();

CREATE TRIGGER only_append BEFORE DELETE OR UPDATE OR TRUNCATE ON public.ledger_leaf FOR EACH STATEMENT EXECUTE FUNCTION public.append_only();

CREATE TRIGGER only_sealed BEFORE DELETE ON public.contact FOR EACH ROW WHEN ((NOT old.sealed)) EXECUTE FUNCTION public.only_sealed();

CREATE TRIGGER retrospective_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.retrospective FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER signal_use_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.signal_use FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER timeline_entry_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.timeline_entry FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

ALTER TABLE ONLY public.absence
    ADD CONSTRAINT absence_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.account
    ADD CONSTRAINT account_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.ack_token
    ADD CONSTRAINT ack_token_delivery_id_fkey FOREIGN KEY (delivery_id) REFERENCES public.delivery(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.ack_token
    ADD CONSTRAINT ack_token_page_id_fkey FOREIGN KEY (page_id) REFERENCES public.page(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.action_change
    ADD CONSTRAINT action_change_action_id_fkey FOREIGN KEY (action_id) REFERENCES public.action_item(id);

ALTER TABLE ONLY public.action_item
    ADD CONSTRAINT action_item_incident_id_fkey FOREIGN KEY (incident_id) REFERENCES public.incident(id);

ALTER TABLE ONLY public.action_item
    ADD CONSTRAINT action_item_meeting_id_fkey FOREIGN KEY (meeting_id) REFERENCES public.meeting(id);

ALTER TABLE ONLY public.action_owner
    ADD CONSTRAINT action_owner_action_id_fkey FOREIGN KEY (action_id) REFERENCES public.action_item(id);

ALTER TABLE ONLY public.action_owner
    ADD CONSTRAINT action_owner_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id);

ALTER TABLE ONLY public.alert
    ADD CONSTRAINT alert_acked_by_fkey FOREIGN KEY (acked_by) REFERENCES public.person(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.alert_group
    ADD CONSTRAINT alert_group_acked_by_fkey FOREIGN KEY (acked_by) REFERENCES public.person(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.alert
    ADD CONSTRAINT alert_group_id_fkey FOREIGN KEY (group_id) REFERENCES public.alert_group(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.alert_group
    ADD CONSTRAINT alert_group_key_id_fkey FOREIGN KEY (key_id) REFERENCES public.alert_key(id);

ALTER TABLE ONLY public.alert_key
    ADD CONSTRAINT alert_key_created_by_fkey FOREIGN KEY (created_by) REFERENCES public.person(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.alert
    ADD CONSTRAINT alert_key_id_fkey FOREIGN KEY (key_id) REFERENCES public.alert_key(id);

ALTER TABLE ONLY public.alert_key
    ADD CONSTRAINT alert_key_policy_fkey FOREIGN KEY (policy) REFERENCES public.escalation_policy(name) ON UPDATE CASCADE ON DELETE SET NULL;

ALTER TABLE ONLY public.alert
    ADD CONSTRAINT alert_resolved_by_fkey FOREIGN KEY (resolved_by) REFERENCES public.person(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.announcement
    ADD CONSTRAINT announcement_approved_by_fkey FOREIGN KEY (approved_by) REFERENCES public.person(id);

ALTER TABLE ONLY public.announcement_copy
    ADD CONSTRAINT announcement_copy_announcement_id_fkey FOREIGN KEY (announcement_id) REFERENCES public.announcement(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.announcement
    ADD CONSTRAINT announcement_edited_by_fkey FOREIGN KEY (edited_by) REFERENCES public.person(id);

ALTER TABLE ONLY public.announcement
    ADD CONSTRAINT announcement_incident_id_fkey FOREIGN KEY (incident_id) REFERENCES public.incident(id);

ALTER TABLE ONLY public.announcement
    ADD CONSTRAINT announcement_made_by_fkey FOREIGN KEY (made_by) REFERENCES public.person(id);

ALTER TABLE ONLY public.announcement
    ADD CONSTRAINT announcement_run_id_fkey FOREIGN KEY (run_id) REFERENCES public.job_run(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.api_token
    ADD CONSTRAINT api_token_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.attempt
    ADD CONSTRAINT attempt_delivery_id_fkey FOREIGN KEY (delivery_id) REFERENCES public.delivery(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.baton
    ADD CONSTRAINT baton_holder_fkey FOREIGN KEY (holder) REFERENCES public.person(id);

ALTER TABLE ONLY public.baton
    ADD CONSTRAINT baton_incident_id_fkey FOREIGN KEY (incident_id) REFERENCES public.incident(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.baton_move
    ADD CONSTRAINT baton_move_from_person_fkey FOREIGN KEY (from_person) REFERENCES public.person(id);

ALTER TABLE ONLY public.baton_move
    ADD CONSTRAINT baton_move_incident_id_fkey FOREIGN KEY (incident_id) REFERENCES public.incident(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.baton_move
    ADD CONSTRAINT baton_move_to_person_fkey FOREIGN KEY (to_person) REFERENCES public.person(id);

ALTER TABLE ONLY public.command_call
    ADD CONSTRAINT command_call_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.component_alias
    ADD CONSTRAINT component_alias_component_id_fkey FOREIGN KEY (component_id) REFERENCES public.component(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.component_answer
    ADD CONSTRAINT component_answer_ask_id_fkey FOREIGN KEY (ask_id) REFERENCES public.component_ask(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.component_answer
    ADD CONSTRAINT component_answer_by_person_fkey FOREIGN KEY (by_person) REFERENCES public.person(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.component_answer
    ADD CONSTRAINT component_answer_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.component_ask
    ADD CONSTRAINT component_ask_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.component_owner
    ADD CONSTRAINT component_owner_component_id_fkey FOREIGN KEY (component_id) REFERENCES public.component(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.component_owner
    ADD CONSTRAINT component_owner_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.component_owner
    ADD CONSTRAINT component_owner_source_fkey FOREIGN KEY (source) REFERENCES public.component_source(name) ON DELETE CASCADE;

ALTER TABLE ONLY public.component
    ADD CONSTRAINT component_source_fkey FOREIGN KEY (source) REFERENCES public.component_source(name) ON DELETE SET NULL;

ALTER TABLE ONLY public.contact_address
    ADD CONSTRAINT contact_address_contact_id_fkey FOREIGN KEY (contact_id) REFERENCES public.contact(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.contact
    ADD CONSTRAINT contact_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.contact_proof
    ADD CONSTRAINT contact_proof_asked_by_fkey FOREIGN KEY (asked_by) REFERENCES public.person(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.contact_proof
    ADD CONSTRAINT contact_proof_contact_id_fkey FOREIGN KEY (contact_id) REFERENCES public.contact(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.cover_request
    ADD CONSTRAINT cover_request_asked_of_fkey FOREIGN KEY (asked_of) REFERENCES public.person(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.cover_request
    ADD CONSTRAINT cover_request_decided_by_fkey FOREIGN KEY (decided_by) REFERENCES public.person(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.cover_request
    ADD CONSTRAINT cover_request_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.cover_request
    ADD CONSTRAINT cover_request_schedule_id_fkey FOREIGN KEY (schedule_id) REFERENCES public.schedule(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.coverage_gap
    ADD CONSTRAINT coverage_gap_role_fkey FOREIGN KEY (role) REFERENCES public.role(name) ON UPDATE CASCADE;

ALTER TABLE ONLY public.coverage_letter
    ADD CONSTRAINT coverage_letter_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.custody_drill
    ADD CONSTRAINT custody_drill_epoch_fkey FOREIGN KEY (epoch) REFERENCES public.keyring(epoch);

ALTER TABLE ONLY public.delivery
    ADD CONSTRAINT delivery_contact_id_fkey FOREIGN KEY (contact_id) REFERENCES public.contact(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.delivery
    ADD CONSTRAINT delivery_page_id_fkey FOREIGN KEY (page_id) REFERENCES public.page(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.edit_token
    ADD CONSTRAINT edit_token_incident_id_fkey FOREIGN KEY (incident_id) REFERENCES public.incident(id);

ALTER TABLE ONLY public.edit_token
    ADD CONSTRAINT edit_token_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id);

ALTER TABLE ONLY public.feed_token
    ADD CONSTRAINT feed_token_of_person_fkey FOREIGN KEY (of_person) REFERENCES public.person(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.feed_token
    ADD CONSTRAINT feed_token_of_role_fkey FOREIGN KEY (of_role) REFERENCES public.role(name) ON UPDATE CASCADE;

ALTER TABLE ONLY public.feed_token
    ADD CONSTRAINT feed_token_of_schedule_fkey FOREIGN KEY (of_schedule) REFERENCES public.schedule(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.feed_token
    ADD CONSTRAINT feed_token_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.incident
    ADD CONSTRAINT incident_opened_by_fkey FOREIGN KEY (opened_by) REFERENCES public.person(id);

ALTER TABLE ONLY public.incident
    ADD CONSTRAINT incident_resolved_by_fkey FOREIGN KEY (resolved_by) REFERENCES public.person(id);

ALTER TABLE ONLY public.incident_room
    ADD CONSTRAINT incident_room_incident_id_fkey FOREIGN KEY (incident_id) REFERENCES public.incident(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.invitation
    ADD CONSTRAINT invitation_created_by_fkey FOREIGN KEY (created_by) REFERENCES public.person(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.invitation_role
    ADD CONSTRAINT invitation_role_invitation_id_fkey FOREIGN KEY (invitation_id) REFERENCES public.invitation(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.invitation_role
    ADD CONSTRAINT invitation_role_role_fkey FOREIGN KEY (role) REFERENCES public.role(name) ON UPDATE CASCADE;

ALTER TABLE ONLY public.invitation
    ADD CONSTRAINT invitation_used_by_fkey FOREIGN KEY (used_by) REFERENCES public.person(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.job_artifact
    ADD CONSTRAINT job_artifact_run_id_fkey FOREIGN KEY (run_id) REFERENCES public.job_run(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.job_log
    ADD CONSTRAINT job_log_run_id_fkey FOREIGN KEY (run_id) REFERENCES public.job_run(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.job_run
    ADD CONSTRAINT job_run_asked_by_fkey FOREIGN KEY (asked_by) REFERENCES public.person(id);

ALTER TABLE ONLY public.job_run
    ADD CONSTRAINT job_run_cancel_by_fkey FOREIGN KEY (cancel_by) REFERENCES public.person(id);

ALTER TABLE ONLY public.job_run
    ADD CONSTRAINT job_run_incident_id_fkey FOREIGN KEY (incident_id) REFERENCES public.incident(id);

ALTER TABLE ONLY public.job_step
    ADD CONSTRAINT job_step_run_id_fkey FOREIGN KEY (run_id) REFERENCES public.job_run(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.job_verdict
    ADD CONSTRAINT job_verdict_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id);

ALTER TABLE ONLY public.job_verdict
    ADD CONSTRAINT job_verdict_run_id_fkey FOREIGN KEY (run_id) REFERENCES public.job_run(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.ledger_anchor
    ADD CONSTRAINT ledger_anchor_size_fkey FOREIGN KEY (size) REFERENCES public.ledger_head(size);

ALTER TABLE ONLY public.link_code
    ADD CONSTRAINT link_code_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.login_link
    ADD CONSTRAINT login_link_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.meeting_event
    ADD CONSTRAINT meeting_event_meeting_id_fkey FOREIGN KEY (meeting_id) REFERENCES public.meeting(id);

ALTER TABLE ONLY public.meeting
    ADD CONSTRAINT meeting_incident_id_fkey FOREIGN KEY (incident_id) REFERENCES public.incident(id);

ALTER TABLE ONLY public.meeting_item
    ADD CONSTRAINT meeting_item_meeting_id_fkey FOREIGN KEY (meeting_id) REFERENCES public.meeting(id);

ALTER TABLE ONLY public.membership
    ADD CONSTRAINT membership_approved_by_fkey FOREIGN KEY (approved_by) REFERENCES public.person(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.membership
    ADD CONSTRAINT membership_asked_by_fkey FOREIGN KEY (asked_by) REFERENCES public.person(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.membership
    ADD CONSTRAINT membership_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.membership
    ADD CONSTRAINT membership_role_fkey FOREIGN KEY (role) REFERENCES public.role(name) ON UPDATE CASCADE;

ALTER TABLE ONLY public.notice
    ADD CONSTRAINT notice_incident_id_fkey FOREIGN KEY (incident_id) REFERENCES public.incident(id);

ALTER TABLE ONLY public.owner_notice
    ADD CONSTRAINT owner_notice_leaf_fkey FOREIGN KEY (leaf) REFERENCES public.ledger_leaf(seq);

ALTER TABLE ONLY public.owner_notice
    ADD CONSTRAINT owner_notice_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.page
    ADD CONSTRAINT page_escalation_id_fkey FOREIGN KEY (escalation_id) REFERENCES public.escalation(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.page
    ADD CONSTRAINT page_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id);

ALTER TABLE ONLY public.passkey
    ADD CONSTRAINT passkey_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.pending_choice
    ADD CONSTRAINT pending_choice_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.person_label
    ADD CONSTRAINT person_label_by_person_fkey FOREIGN KEY (by_person) REFERENCES public.person(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.person_label
    ADD CONSTRAINT person_label_label_fkey FOREIGN KEY (label) REFERENCES public.label(name) ON DELETE CASCADE;

ALTER TABLE ONLY public.person_label
    ADD CONSTRAINT person_label_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.provider_event
    ADD CONSTRAINT provider_event_delivery_id_fkey FOREIGN KEY (delivery_id) REFERENCES public.delivery(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.provider_event
    ADD CONSTRAINT provider_event_proof_id_fkey FOREIGN KEY (proof_id) REFERENCES public.contact_proof(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.reminder_done
    ADD CONSTRAINT reminder_done_reminder_id_fkey FOREIGN KEY (reminder_id) REFERENCES public.reminder(id);

ALTER TABLE ONLY public.responder
    ADD CONSTRAINT responder_incident_id_fkey FOREIGN KEY (incident_id) REFERENCES public.incident(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.responder
    ADD CONSTRAINT responder_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id);

ALTER TABLE ONLY public.responder
    ADD CONSTRAINT responder_role_fkey FOREIGN KEY (role) REFERENCES public.role(name) ON UPDATE CASCADE;

ALTER TABLE ONLY public.retrospective
    ADD CONSTRAINT retrospective_incident_id_fkey FOREIGN KEY (incident_id) REFERENCES public.incident(id);

ALTER TABLE ONLY public.retrospective
    ADD CONSTRAINT retrospective_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id);

ALTER TABLE ONLY public.role_policy
    ADD CONSTRAINT role_policy_policy_fkey FOREIGN KEY (policy) REFERENCES public.escalation_policy(name);

ALTER TABLE ONLY public.role_policy
    ADD CONSTRAINT role_policy_role_fkey FOREIGN KEY (role) REFERENCES public.role(name) ON UPDATE CASCADE ON DELETE CASCADE;

ALTER TABLE ONLY public.runbook_run
    ADD CONSTRAINT runbook_run_incident_id_fkey FOREIGN KEY (incident_id) REFERENCES public.incident(id);

ALTER TABLE ONLY public.runbook_run
    ADD CONSTRAINT runbook_run_job_run_fkey FOREIGN KEY (job_run) REFERENCES public.job_run(id);

ALTER TABLE ONLY public.runbook_run
    ADD CONSTRAINT runbook_run_started_by_fkey FOREIGN KEY (started_by) REFERENCES public.person(id);

ALTER TABLE ONLY public.runbook_step_done
    ADD CONSTRAINT runbook_step_done_job_run_fkey FOREIGN KEY (job_run) REFERENCES public.job_run(id);

ALTER TABLE ONLY public.runbook_step_done
    ADD CONSTRAINT runbook_step_done_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id);

ALTER TABLE ONLY public.runbook_step_done
    ADD CONSTRAINT runbook_step_done_run_id_fkey FOREIGN KEY (run_id) REFERENCES public.runbook_run(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.schedule_layer
    ADD CONSTRAINT schedule_layer_schedule_id_fkey FOREIGN KEY (schedule_id) REFERENCES public.schedule(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.schedule_member
    ADD CONSTRAINT schedule_member_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.schedule_member
    ADD CONSTRAINT schedule_member_schedule_id_layer_fkey FOREIGN KEY (schedule_id, layer) REFERENCES public.schedule_layer(schedule_id, place) ON DELETE CASCADE;

ALTER TABLE ONLY public.schedule
    ADD CONSTRAINT schedule_role_fkey FOREIGN KEY (role) REFERENCES public.role(name) ON UPDATE CASCADE;

ALTER TABLE ONLY public.sealed_contact
    ADD CONSTRAINT sealed_contact_contact_id_owner_id_fkey FOREIGN KEY (contact_id, owner_id) REFERENCES public.contact(id, person_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.sealed_contact
    ADD CONSTRAINT sealed_contact_content_epoch_fkey FOREIGN KEY (content_epoch) REFERENCES public.keyring(epoch);

ALTER TABLE ONLY public.sealed_contact
    ADD CONSTRAINT sealed_contact_epoch_fkey FOREIGN KEY (epoch) REFERENCES public.keyring(epoch);

ALTER TABLE ONLY public.sealed_index
    ADD CONSTRAINT sealed_index_record_id_fkey FOREIGN KEY (record_id) REFERENCES public.sealed_contact(record_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.sealed_link
    ADD CONSTRAINT sealed_link_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.sealed_opening
    ADD CONSTRAINT sealed_opening_dialled_fkey FOREIGN KEY (dialled) REFERENCES public.ledger_leaf(seq);

ALTER TABLE ONLY public.sealed_opening
    ADD CONSTRAINT sealed_opening_incident_id_fkey FOREIGN KEY (incident_id) REFERENCES public.incident(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.sealed_opening
    ADD CONSTRAINT sealed_opening_intent_fkey FOREIGN KEY (intent) REFERENCES public.ledger_leaf(seq);

ALTER TABLE ONLY public.sealed_opening
    ADD CONSTRAINT sealed_opening_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES public.person(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.sealed_wrap
    ADD CONSTRAINT sealed_wrap_epoch_fkey FOREIGN KEY (epoch) REFERENCES public.keyring(epoch);

ALTER TABLE ONLY public.sealed_wrap
    ADD CONSTRAINT sealed_wrap_record_id_fkey FOREIGN KEY (record_id) REFERENCES public.sealed_contact(record_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.share_handed
    ADD CONSTRAINT share_handed_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id);

ALTER TABLE ONLY public.share_handed
    ADD CONSTRAINT share_handed_session_id_fkey FOREIGN KEY (session_id) REFERENCES public.share_session(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.share_holder
    ADD CONSTRAINT share_holder_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id);

ALTER TABLE ONLY public.share_holder
    ADD CONSTRAINT share_holder_registered_by_fkey FOREIGN KEY (registered_by) REFERENCES public.person(id);

ALTER TABLE ONLY public.share_parcel
    ADD CONSTRAINT share_parcel_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id);

ALTER TABLE ONLY public.share_parcel
    ADD CONSTRAINT share_parcel_run_id_fkey FOREIGN KEY (run_id) REFERENCES public.job_run(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.share_session
    ADD CONSTRAINT share_session_run_id_fkey FOREIGN KEY (run_id) REFERENCES public.job_run(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.shift_notice
    ADD CONSTRAINT shift_notice_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.shift_notice
    ADD CONSTRAINT shift_notice_schedule_id_fkey FOREIGN KEY (schedule_id) REFERENCES public.schedule(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.shift_override
    ADD CONSTRAINT shift_override_cover_id_fkey FOREIGN KEY (cover_id) REFERENCES public.cover_request(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.shift_override
    ADD CONSTRAINT shift_override_created_by_fkey FOREIGN KEY (created_by) REFERENCES public.person(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.shift_override
    ADD CONSTRAINT shift_override_instead_of_fkey FOREIGN KEY (instead_of) REFERENCES public.person(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.shift_override
    ADD CONSTRAINT shift_override_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.shift_override
    ADD CONSTRAINT shift_override_schedule_id_fkey FOREIGN KEY (schedule_id) REFERENCES public.schedule(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.sign_in_attempt
    ADD CONSTRAINT sign_in_attempt_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.signal_request
    ADD CONSTRAINT signal_request_asked_by_fkey FOREIGN KEY (asked_by) REFERENCES public.person(id);

ALTER TABLE ONLY public.signal_request
    ADD CONSTRAINT signal_request_decided_by_fkey FOREIGN KEY (decided_by) REFERENCES public.person(id);

ALTER TABLE ONLY public.signal_request
    ADD CONSTRAINT signal_request_incident_id_fkey FOREIGN KEY (incident_id) REFERENCES public.incident(id);

ALTER TABLE ONLY public.signal_use
    ADD CONSTRAINT signal_use_incident_id_fkey FOREIGN KEY (incident_id) REFERENCES public.incident(id);

ALTER TABLE ONLY public.signal_use
    ADD CONSTRAINT signal_use_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id);

ALTER TABLE ONLY public.signal_use
    ADD CONSTRAINT signal_use_request_id_fkey FOREIGN KEY (request_id) REFERENCES public.signal_request(id);

ALTER TABLE ONLY public.snapshot_check
    ADD CONSTRAINT snapshot_check_run_id_fkey FOREIGN KEY (run_id) REFERENCES public.job_run(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.snapshot_check
    ADD CONSTRAINT snapshot_check_snapshot_id_fkey FOREIGN KEY (snapshot_id) REFERENCES public.snapshot(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.snapshot_copy
    ADD CONSTRAINT snapshot_copy_snapshot_id_fkey FOREIGN KEY (snapshot_id) REFERENCES public.snapshot(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.snapshot
    ADD CONSTRAINT snapshot_run_id_fkey FOREIGN KEY (run_id) REFERENCES public.job_run(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.stint
    ADD CONSTRAINT stint_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.stint
    ADD CONSTRAINT stint_schedule_id_fkey FOREIGN KEY (schedule_id) REFERENCES public.schedule(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.timeline_entry
    ADD CONSTRAINT timeline_entry_incident_id_fkey FOREIGN KEY (incident_id) REFERENCES public.incident(id);

ALTER TABLE ONLY public.timeline_entry
    ADD CONSTRAINT timeline_entry_meeting_id_fkey FOREIGN KEY (meeting_id) REFERENCES public.meeting(id);

ALTER TABLE ONLY public.timeline_entry
    ADD CONSTRAINT timeline_entry_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id);

ALTER TABLE ONLY public.unseal_ask
    ADD CONSTRAINT unseal_ask_asked_by_fkey FOREIGN KEY (asked_by) REFERENCES public.person(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.unseal_ask
    ADD CONSTRAINT unseal_ask_incident_id_fkey FOREIGN KEY (incident_id) REFERENCES public.incident(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.web_session
    ADD CONSTRAINT web_session_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id) ON DELETE CASCADE;

GRANT USAGE ON SCHEMA public TO batsignal_app;
GRANT USAGE ON SCHEMA public TO batsignal_switchboard;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.absence TO batsignal_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.account TO batsignal_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.ack_token TO batsignal_app;

GRANT SELECT,INSERT ON TABLE public.action_change TO batsignal_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.action_item TO batsignal_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.action_owner TO batsignal_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.alert TO batsignal_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.alert_group TO batsignal_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.alert_key TO batsignal_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.announcement TO batsignal_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.announcement_copy TO batsignal_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.api_token TO batsignal_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.attempt TO batsignal_app;

GRANT SELECT,INSERT ON TABLE public.audit_entry TO batsignal_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.baton TO batsignal_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.baton_move TO batsignal_app;

GRANT SELECT,INSERT,DELETE ON TABLE public.batsignal_sentinel TO batsignal_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.command_call TO batsignal_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.component TO batsignal_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.component_alias TO batsignal_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.component_answer TO batsignal_app;

GRANT SELECT,INSERT ON TABLE public.component_ask TO batsignal_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.component_owner TO batsignal_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.person TO batsignal_app;
GRANT SELECT ON TABLE public.person TO batsignal_switchboard;

GRANT SELECT ON TABLE public.component_owner_person TO batsignal_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.component_source TO batsignal_app;

GRANT SELECT,INSERT ON TABLE public.consent TO batsignal_app;

GRANT SELECT,INSERT ON TABLE public.consent_entry TO batsignal_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.contact TO batsignal_app;
GRANT SELECT,DELETE ON TABLE public.contact TO batsignal_switchboard;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.contact_address TO batsignal_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.contact_proof TO batsignal_app;
GRANT SELECT ON TABLE public.contact_proof TO batsignal_switchboard;

GRANT SELECT,INSERT,UPDATE ON TABLE public.cover_request TO batsignal_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.coverage_check TO batsignal_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.coverage_gap TO batsignal_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.coverage_letter TO batsignal_app;

GRANT SELECT,INSERT ON TABLE public.custody_drill TO batsignal_app;
GRANT SELECT ON TABLE public.custody_drill TO batsignal_switchboard;

GRANT SELECT,INSERT,UPDATE ON TABLE public.delivery TO batsignal_app;
GRANT SELECT ON TABLE public.delivery TO batsignal_switchboard;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.edit_token TO batsignal_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.escalation TO batsignal_app;
GRANT SELECT ON TABLE public.escalation TO batsignal_switchboard;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.escalation_policy TO batsignal_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.feed_token TO batsignal_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.freeze_window TO batsignal_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.holiday TO batsignal_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.incident TO batsignal_app;
GRANT SELECT ON TABLE public.incident TO batsignal_switchboard;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.incident_room TO batsignal_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.invitation TO batsignal_app;

GRANT SELECT,INSERT ON TABLE public.invitation_role TO batsignal_app;

GRANT SELECT,INSERT ON TABLE public.job_artifact TO batsignal_app;

GRANT SELECT,INSERT ON TABLE public.job_log TO batsignal_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.job_run TO batsignal_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.job_schedule TO batsignal_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.job_step TO batsignal_app;

GRANT SELECT,INSERT ON TABLE public.job_verdict TO batsignal_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.keyring TO batsignal_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.keyring TO batsignal_switchboard;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.label TO batsignal_app;

GRANT SELECT,UPDATE ON TABLE public.leadership TO batsignal_app;

GRANT SELECT ON TABLE public.ledger_anchor TO batsignal_app;
GRANT SELECT,INSERT ON TABLE public.ledger_anchor TO batsignal_switchboard;

GRANT SELECT ON TABLE public.ledger_hash TO batsignal_app;
GRANT SELECT,INSERT ON TABLE public.ledger_hash TO batsignal_switchboard;

GRANT SELECT ON TABLE public.ledger_head TO batsignal_app;
GRANT SELECT,INSERT ON TABLE public.ledger_head TO batsignal_switchboard;

GRANT SELECT ON TABLE public.ledger_leaf TO batsignal_app;
GRANT SELECT,INSERT ON TABLE public.ledger_leaf TO batsignal_switchboard;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.link_code TO batsignal_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.login_link TO batsignal_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.meeting TO batsignal_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.meeting_event TO batsignal_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.meeting_item TO batsignal_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.membership TO batsignal_app;
GRANT SELECT ON TABLE public.membership TO batsignal_switchboard;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.notice TO batsignal_app;

GRANT SELECT ON TABLE public.owner_notice TO batsignal_app;
GRANT SELECT,INSERT ON TABLE public.owner_notice TO batsignal_switchboard;

GRANT UPDATE(told_at) ON TABLE public.owner_notice TO batsignal_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.page TO batsignal_app;
GRANT SELECT ON TABLE public.page TO batsignal_switchboard;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.passkey TO batsignal_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.pending_choice TO batsignal_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.person_label TO batsignal_app;

GRANT SELECT,INSERT,DELETE ON TABLE public.provider_event TO batsignal_app;
GRANT SELECT ON TABLE public.provider_event TO batsignal_switchboard;

GRANT SELECT,INSERT,UPDATE ON TABLE public.reminder TO batsignal_app;

GRANT SELECT,INSERT ON TABLE public.reminder_done TO batsignal_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.responder TO batsignal_app;

GRANT SELECT,INSERT ON TABLE public.retrospective TO batsignal_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.role TO batsignal_app;
GRANT SELECT ON TABLE public.role TO batsignal_switchboard;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.role_policy TO batsignal_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.role_preference TO batsignal_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.room_line TO batsignal_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.rotation_task TO batsignal_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.route_health TO batsignal_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.runbook_run TO batsignal_app;

GRANT SELECT,INSERT ON TABLE public.runbook_step_done TO batsignal_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.schedule TO batsignal_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.schedule_layer TO batsignal_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.schedule_member TO batsignal_app;

GRANT SELECT,INSERT,DELETE ON TABLE public.sealed_contact TO batsignal_app;
GRANT SELECT,DELETE ON TABLE public.sealed_contact TO batsignal_switchboard;

GRANT UPDATE(epoch) ON TABLE public.sealed_contact TO batsignal_app;
GRANT UPDATE(epoch) ON TABLE public.sealed_contact TO batsignal_switchboard;

GRANT SELECT ON TABLE public.sealed_gone TO batsignal_app;
GRANT SELECT ON TABLE public.sealed_gone TO batsignal_switchboard;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.sealed_index TO batsignal_switchboard;

GRANT SELECT,INSERT,DELETE ON TABLE public.sealed_link TO batsignal_app;
GRANT SELECT ON TABLE public.sealed_link TO batsignal_switchboard;

GRANT UPDATE(used_at) ON TABLE public.sealed_link TO batsignal_switchboard;

GRANT SELECT ON TABLE public.sealed_opening TO batsignal_app;
GRANT SELECT,INSERT ON TABLE public.sealed_opening TO batsignal_switchboard;

GRANT UPDATE(dialled) ON TABLE public.sealed_opening TO batsignal_switchboard;

GRANT UPDATE(dialled_at) ON TABLE public.sealed_opening TO batsignal_switchboard;

GRANT UPDATE(result) ON TABLE public.sealed_opening TO batsignal_switchboard;

GRANT UPDATE(ref) ON TABLE public.sealed_opening TO batsignal_switchboard;

GRANT SELECT,INSERT ON TABLE public.sealed_release TO batsignal_app;
GRANT SELECT ON TABLE public.sealed_release TO batsignal_switchboard;

GRANT SELECT,INSERT,DELETE ON TABLE public.sealed_wrap TO batsignal_app;
GRANT SELECT,INSERT,DELETE ON TABLE public.sealed_wrap TO batsignal_switchboard;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.self_check TO batsignal_app;

GRANT SELECT,INSERT,DELETE ON TABLE public.share_handed TO batsignal_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.share_holder TO batsignal_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.share_parcel TO batsignal_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.share_session TO batsignal_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.share_stamp TO batsignal_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.shift_notice TO batsignal_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.shift_override TO batsignal_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.sign_in_attempt TO batsignal_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.signal_request TO batsignal_app;

GRANT SELECT,INSERT ON TABLE public.signal_use TO batsignal_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.slack_event TO batsignal_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.slack_room TO batsignal_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.snapshot TO batsignal_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.snapshot_check TO batsignal_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.snapshot_copy TO batsignal_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.stint TO batsignal_app;

GRANT SELECT ON TABLE public.switchboard_route TO batsignal_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.switchboard_route TO batsignal_switchboard;

GRANT SELECT,INSERT ON TABLE public.timeline_entry TO batsignal_app;

GRANT SELECT,INSERT ON TABLE public.unseal_ask TO batsignal_app;

GRANT UPDATE(line) ON TABLE public.unseal_ask TO batsignal_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.vault_node TO batsignal_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.vault_seal TO batsignal_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.web_session TO batsignal_app;
