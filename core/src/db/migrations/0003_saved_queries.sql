-- Saved queries, and what lists over many thousand devices are read by.

-- saved queries: a named filter of the device list; somebody's own, or shared (nobody's) -------------------------
create table saved_query (
  no bigint generated always as identity primary key, name text not null, filter jsonb not null,
  user_no bigint references app_user on delete cascade, client text references oauth_client on delete cascade, -- whose it is; both null: everybody's
  revision integer not null default 1, created timestamptz not null default now(), created_by text not null, check (num_nonnulls(user_no, client) <= 1)
);
create unique index saved_query_name on saved_query (coalesce(user_no, 0), coalesce(client, ''), lower(name));
create index saved_query_client on saved_query (client) where client is not null;
create index saved_query_user on saved_query (user_no) where user_no is not null;

-- What a device is found by, in small letters, so that a search need not open every device's facts.
alter table device add column search text generated always as (
  lower(name || chr(10) || coalesce(serial, '') || chr(10) || coalesce(model, '') || chr(10) || coalesce(os_name, '') || chr(10) || coalesce(left(facts ->> 'network.hostname', 255), ''))
) stored;

-- The few that are gone, and the few that do not comply: lists and counts look at them and need not look at all others.
create index device_removed on device (no) where lifecycle = 'removed';
create index compliance_open on compliance (device, state) where state <> 'compliant';
