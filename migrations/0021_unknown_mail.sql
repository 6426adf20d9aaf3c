-- +goose Up

-- Whoever mailed an announcement may die in the last try: nobody knows then whether it went out.
alter table announcement_copy drop constraint announcement_copy_state_check;
alter table announcement_copy add constraint announcement_copy_state_check check (state in ('waiting', 'sent', 'failed', 'unknown'));
comment on column announcement_copy.state is 'unknown: whoever mailed it died in the last try';
