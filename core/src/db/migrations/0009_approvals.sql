-- The guard against destruction: what each person let go alone is counted, and what goes beyond their budget waits for a second one.

-- What was let go without a second person: the budget counts it, whatever became of it afterwards. An API client spends the budget of whose it is.
create table destruction (
  person text not null, kind text not null check (kind in ('wipe', 'removal')), devices integer not null check (devices > 0), activity bigint, at timestamptz not null default now()
);
create index destruction_person on destruction (person, kind, at);
-- Its operations stand (held, and due at no time) until it is decided.
create table approval (
  activity bigint primary key, kind text not null check (kind in ('wipe', 'removal')), actor text not null, person text not null, devices integer not null check (devices > 0),
  state text not null default 'waiting' check (state in ('waiting', 'approved', 'declined', 'withdrawn', 'expired')),
  asked timestamptz not null default now(), expires timestamptz not null, decided timestamptz, decided_by text, note text not null default '',
  check ((state = 'waiting') = (decided is null)), check (state <> 'approved' or (decided_by is not null and decided_by not in (actor, person)))
);
create index approval_waiting on approval (expires) where state = 'waiting';
create index approval_person on approval (person) where state = 'waiting';
create index approval_asked on approval (asked desc, activity desc);
-- A guard that was weakened holds as it was for a while: the strictest of these and the present one counts.
create table guard_before (value jsonb not null, until timestamptz not null);
-- Whose account or role was lately taken away: the guard holds for a while yet, though nobody else is left to approve.
create index audit_people on audit (at) where act in ('user.remove', 'user.disable', 'user.roles', 'role.update', 'role.remove');
