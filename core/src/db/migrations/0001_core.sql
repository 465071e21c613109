-- The core's first schema. Time decisions use now(); open rows and settled rows never share a table; device-facing tables begin with the channel.

-- keys and configuration ------------------------------------------------------------------------------------------
create table data_key (
  no integer primary key, wrapped bytea not null, master_id text not null, created timestamptz not null default now()
);
create table configuration (
  key text primary key, value jsonb not null, revision integer not null default 1, changed timestamptz not null default now(), changed_by text not null
);
create table licence (
  no bigint generated always as identity primary key, platform text not null, language text not null, version text not null, text text not null,
  created timestamptz not null default now(), unique (platform, language, version)
);
create table installation (one boolean primary key default true check (one), id uuid not null, created timestamptz not null default now());

-- events and audit ------------------------------------------------------------------------------------------------
create table outbox (
  xid xid8 not null default pg_current_xact_id(), no bigint generated always as identity, at timestamptz not null default now(),
  type text not null, data jsonb not null, primary key (xid, no)
);
create index outbox_at on outbox using brin (at);
create table audit (
  no bigint generated always as identity primary key, xid xid8 not null default pg_current_xact_id(), at timestamptz not null default clock_timestamp(),
  actor text not null, act text not null, subject text, detail jsonb not null default '{}', remote text, seq bigint unique, chain bytea
);
create index audit_unsealed on audit (xid, no) where seq is null;
create index audit_actor on audit (actor, no);
create index audit_subject on audit (subject, no);
create table audit_head (seq bigint primary key, chain bytea not null, signature bytea not null, at timestamptz not null default now());
create function audit_guard() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' or old.seq is not null
     or (new.no, new.xid, new.at, new.actor, new.act, new.subject, new.detail, new.remote) is distinct from (old.no, old.xid, old.at, old.actor, old.act, old.subject, old.detail, old.remote)
  then raise exception 'audit entries are never changed' using errcode = 'MU001'; end if;
  return new;
end $$;
create trigger audit_guard before update or delete on audit for each row execute function audit_guard();

-- access ----------------------------------------------------------------------------------------------------------
create table app_user (
  no bigint generated always as identity primary key, name text not null, email text, display_name text not null default '', password text, store text not null default 'local',
  disabled boolean not null default false, revision integer not null default 1, created timestamptz not null default now(), last_sign_in timestamptz
);
create unique index app_user_name on app_user (lower(name));
create table role (
  no bigint generated always as identity primary key, name text not null unique, title text not null default '', permissions text[] not null, builtin boolean not null default false,
  own boolean not null default false, -- holds only for the devices its user owns
  revision integer not null default 1
);
create table user_role (
  user_no bigint not null references app_user on delete cascade, role_no bigint not null references role on delete cascade,
  group_no bigint -- null: everywhere; else only devices of this group
);
create unique index user_role_one on user_role (user_no, role_no, coalesce(group_no, 0));
create table session (
  hash bytea primary key, user_no bigint not null references app_user on delete cascade, created timestamptz not null default now(), expires timestamptz not null, last_used timestamptz not null default now(), remote text, agent text
);
create index session_user_no on session (user_no);
-- OAuth2: clients of administrators, developers and devices, and whatever the key manager must remember. Token ids and secrets are stored hashed.
create table oauth_client (
  id text primary key, name text not null, secret_hash bytea, metadata jsonb not null, scopes text[] not null default '{}', channel bigint, owner bigint references app_user on delete set null,
  created timestamptz not null default now(), rotated timestamptz not null default now(), revoked timestamptz,
  previous_hash bytea, previous_until timestamptz -- the secret before the last rotation, in case the answer with the new one was lost
);
create unique index oauth_client_channel on oauth_client (channel) where channel is not null and revoked is null;
create table oauth_item (
  kind text not null, hash bytea not null, payload jsonb not null, client text, user_no bigint, grant_id text, uid text, user_code text, consumed timestamptz, expires timestamptz not null,
  revoked timestamptz, -- access tokens only: kept until they expire, so that a refusal can say why
  primary key (kind, hash)
);
create index oauth_item_grant on oauth_item (grant_id) where grant_id is not null;
create index oauth_item_client on oauth_item (client);
create index oauth_item_uid on oauth_item (uid) where uid is not null;
create unique index oauth_item_user_code on oauth_item (user_code) where user_code is not null;
create index oauth_item_expires on oauth_item (expires);
create index oauth_item_user on oauth_item (user_no) where user_no is not null;
-- Keys of the key manager: 'sign' (JWKS) and 'cookie'. Sealed; shared by all nodes.
create table oauth_key (kid text primary key, use text not null check (use in ('sign', 'cookie')), sealed bytea not null, created timestamptz not null default now(), retired timestamptz);

-- certificates ----------------------------------------------------------------------------------------------------
create table authority (
  no integer generated always as identity primary key, role text not null, subject text not null, certificate bytea not null, key_sealed bytea not null, serial text not null,
  not_before timestamptz not null, not_after timestamptz not null, retired timestamptz,
  crl bytea, crl_number bigint not null default 0, crl_next timestamptz -- the revocation list it signed last; crl null: sign anew
);
create unique index authority_active on authority (role) where retired is null;
create table certificate (
  serial text primary key, fingerprint bytea not null unique, authority integer not null references authority, channel bigint, subject text not null, certificate bytea not null,
  not_before timestamptz not null, not_after timestamptz not null, revoked timestamptz, reason text
);
create index certificate_channel on certificate (channel);
create index certificate_not_after on certificate (not_after);
create index certificate_issued on certificate (not_before, serial);
create index certificate_revoked on certificate (authority, revoked) where revoked is not null;
-- The server's own TLS certificate, one for each set of host names, shared by all nodes.
create table server_certificate (
  hosts text primary key, key_sealed bytea not null, chain text not null, serial text not null, not_after timestamptz not null, created timestamptz not null default now()
);

-- platforms and devices -------------------------------------------------------------------------------------------
create table platform (id text primary key, title text not null, installed boolean not null, descriptors jsonb not null, settings jsonb not null default '{}', seen timestamptz not null default now());
create sequence activity_no; -- also numbers settings deliveries: one wire id space per channel
create table device (
  no bigint generated always as identity primary key, id uuid not null unique, platform text not null references platform (id), owner bigint references app_user on delete set null,
  name text not null default '', ownership text not null, form_factor text not null default 'other', manufacturer text, model text, os_name text, os_version text, serial text,
  encrypted boolean, rooted boolean, agent_version text, facts jsonb not null default '{}', facts_at timestamptz, variables jsonb not null default '{}',
  lifecycle text not null default 'created', blocked boolean not null default false, created timestamptz not null default now(), removed timestamptz, revision integer not null default 1
);
create index device_owner on device (owner);
create index device_platform on device (platform, no);
create index device_facts on device using gin (facts jsonb_path_ops);
create table identifier (kind text not null, value text not null, device bigint not null references device on delete cascade, since timestamptz not null default now(), until timestamptz);
create unique index identifier_one on identifier (kind, value) where until is null;
create index identifier_device on identifier (device);
create table invitation (
  no bigint generated always as identity primary key, hash bytea not null unique, platform text not null references platform (id), ownership text not null, user_no bigint references app_user on delete cascade,
  created timestamptz not null default now(), created_by text not null, expires timestamptz not null, used timestamptz, used_by bigint, revoked timestamptz -- used_by: the device that it enrolled
);
create table enrolment (
  no bigint generated always as identity primary key, device bigint not null references device, epoch integer not null, ownership text not null, state text not null default 'created'
    check (state in ('created', 'active', 'disenrolling', 'removed')),
  blocked boolean not null default false, invitation bigint references invitation on delete set null, licence bigint references licence, licence_accepted timestamptz,
  created timestamptz not null default now(), activated timestamptz, deadline timestamptz, ended timestamptz, reason text, unique (device, epoch)
);
create unique index enrolment_open on enrolment (device) where state <> 'removed';
create index enrolment_deadline on enrolment (deadline) where state in ('created', 'disenrolling');
create table channel (
  no bigint generated always as identity primary key, enrolment bigint not null references enrolment, device bigint not null references device, epoch integer not null, name text not null,
  push jsonb, state jsonb, closed timestamptz, unique (enrolment, name)
);
create index channel_device on channel (device);
create table credential (
  hash bytea primary key, channel bigint not null references channel, kind text not null check (kind in ('client', 'certificate', 'key')), created timestamptz not null default now(), expires timestamptz, revoked timestamptz
);
create index credential_channel on credential (channel);
create table seen (channel bigint primary key, at timestamptz not null, expect_s integer not null default 0) with (fillfactor = 70);
create table escrow (channel bigint not null, name text not null, sealed bytea not null, at timestamptz not null default now(), primary key (channel, name));

-- groups ----------------------------------------------------------------------------------------------------------
create table device_group (
  no bigint generated always as identity primary key, name text not null unique, description text not null default '', query jsonb, revision integer not null default 1, created timestamptz not null default now()
);
alter table user_role add foreign key (group_no) references device_group on delete cascade;
create table group_member (group_no bigint not null references device_group on delete cascade, device bigint not null references device on delete cascade, primary key (group_no, device));
create index group_member_device on group_member (device);

-- operations ------------------------------------------------------------------------------------------------------
create table activity (
  no bigint primary key default nextval('activity_no'), kind text not null default 'operation' check (kind in ('operation', 'errand')), operation text not null, platform text, params jsonb not null, secret_params bytea,
  actor text not null, idem text, idem_hash bytea, target jsonb not null, targets integer not null default 0, refused jsonb not null default '[]', urgent boolean not null default false,
  created timestamptz not null default now(), deadline timestamptz not null, cancelled timestamptz
);
create unique index activity_idem on activity (actor, idem) where idem is not null;
create index activity_created on activity (created desc, no desc);
-- Open rows only. Settled ones move to history in the same statement.
create table pending (
  channel bigint not null, activity bigint not null, epoch integer not null, ownership text not null, operation text not null, effect text,
  state text not null check (state in ('held', 'pending', 'sent', 'acknowledged', 'deferred')), safe boolean not null default false, urgent boolean not null default false, cancelling boolean not null default false,
  collapse text, created timestamptz not null default now(), due timestamptz, lease timestamptz, deadline timestamptz not null, updated timestamptz not null default now(),
  attempts smallint not null default 0, agains smallint not null default 0, unreadable smallint not null default 0, kept jsonb, ref text, reason jsonb, envelope text,
  primary key (channel, activity), check (not (effect = 'wipe' and ownership = 'byod'))
) with (fillfactor = 80);
create index pending_due on pending (due) where due is not null;
create index pending_lease on pending (lease) where state = 'sent';
create index pending_deadline on pending (deadline);
create index pending_activity on pending (activity);
create index pending_ref on pending (ref) where ref is not null;
create index pending_collapse on pending (channel, collapse) where collapse is not null;
create table history (
  channel bigint not null, activity bigint not null, epoch integer not null, operation text not null, state text not null check (state in ('completed', 'failed', 'cancelled', 'expired', 'superseded')),
  reason jsonb, result jsonb, attempts smallint not null, created timestamptz not null, at timestamptz not null default now()
) partition by range (at);
create index history_channel on history (channel, activity);
create index history_activity on history (activity);
create table history_default partition of history default;
create table tally (activity bigint not null, state text not null, n integer not null);
create index tally_activity on tally (activity);
-- Every message in and out, sealed. Idle polls are counted, not stored.
create table message (
  at timestamptz not null default now(), no bigint generated always as identity, channel bigint not null, outbound boolean not null, outcome text not null default '', size integer not null, sealed bytea not null
) partition by range (at);
create index message_channel on message (channel, at);
create table message_default partition of message default;
create table device_event (at timestamptz not null, no bigint generated always as identity, device bigint not null, type text not null, severity text not null default 'info', data jsonb not null) partition by range (at);
create index device_event_device on device_event (device, at);
create table device_event_default partition of device_event default;
create table unmatched (no bigint generated always as identity primary key, at timestamptz not null default now(), channel bigint not null, ref text not null, said jsonb not null, why text not null);
create index unmatched_channel on unmatched (channel, no);

-- policies --------------------------------------------------------------------------------------------------------
create table policy (
  no bigint generated always as identity primary key, name text not null unique, description text not null default '', platform text not null references platform (id), priority integer not null,
  state text not null default 'inactive' check (state in ('active', 'inactive')), draft jsonb, draft_revision integer not null default 1, version integer not null default 0,
  created timestamptz not null default now(), created_by text not null, unique (platform, priority) deferrable initially deferred
);
create table policy_version (
  policy bigint not null references policy on delete cascade, version integer not null, assignment jsonb not null, features jsonb not null, compliance jsonb not null, author text not null, at timestamptz not null default now(),
  primary key (policy, version)
);
-- hash: everything, also whose settings they are; content: what a device sees of it. Moving a channel between sets of one content delivers nothing.
create table settings_set (no bigint generated always as identity primary key, hash bytea not null unique, content text not null, platform text not null, created timestamptz not null default now());
create table set_feature (
  set_no bigint not null references settings_set on delete cascade, feature text not null, settings jsonb not null, hash text not null, policy bigint not null, version integer not null, action text not null, grace_s integer not null default 0,
  origins jsonb not null default '{}', variables text[] not null default '{}', primary key (set_no, feature)
);
create table channel_set (channel bigint primary key, desired bigint, applied bigint, vars_hash text, redo text[] not null default '{}', due timestamptz, changed timestamptz not null default now()) with (fillfactor = 80);
create index channel_set_desired on channel_set (desired);
create index channel_set_due on channel_set (due) where due is not null; -- earliest lease end or retry of the channel: what the tick looks at
create index channel_set_waiting on channel_set (channel) where desired is distinct from applied or redo <> '{}';
create table feature_state (
  channel bigint not null, feature text not null, delivery bigint not null default nextval('activity_no'), verb text not null check (verb in ('put', 'drop')), hash text not null, set_no bigint,
  state text not null check (state in ('pending', 'sent', 'acknowledged', 'verified', 'drifted', 'failed', 'not-applicable')), reason jsonb, evidence jsonb, attempts smallint not null default 0, unreadable smallint not null default 0,
  lost smallint not null default 0, agains smallint not null default 0, tries smallint not null default 0, -- answers that never came; extra wire messages; deliveries made to correct drift since it was last right
  placed boolean not null default false, -- it may be on the device, so it must be dropped when no policy wants it
  lease timestamptz, due timestamptz, ref text, kept jsonb, since timestamptz not null default now(), verified_at timestamptz, primary key (channel, feature)
) with (fillfactor = 80);
create unique index feature_state_delivery on feature_state (channel, delivery);
create index feature_state_ref on feature_state (ref) where ref is not null;
-- compliance ------------------------------------------------------------------------------------------------------
create table compliance (
  device bigint not null, feature text not null, state text not null check (state in ('compliant', 'violated', 'unknown')), action text not null, reason jsonb, evidence jsonb,
  since timestamptz not null default now(), at timestamptz not null default now(), grace_until timestamptz, escalated timestamptz, primary key (device, feature)
);
create index compliance_violated on compliance (grace_until) where state = 'violated';
