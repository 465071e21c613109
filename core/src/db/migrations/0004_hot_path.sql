-- The road of operations made narrower: handing one over rewrites one row and no index, and a batch seals its messages once.

-- What was handed over, by the batch, and when its leases end. `pending.lease` stays the truth; this is where time looks. With no index on what
-- handing over changes, the new version of a row stays on its page and the other indexes are not written.
create table handed (until timestamptz not null, channels bigint[] not null, activities bigint[] not null);
create index handed_until on handed (until);
insert into handed (until, channels, activities)
  select coalesce(max(lease), now()), array_agg(channel), array_agg(activity) from pending where state = 'sent' having count(*) > 0;
drop index pending_lease;

-- A kept plan may look for a row by either index, whatever it was made for: both lead to that row alone.
drop index pending_activity;
create index pending_activity on pending (activity, channel);

-- Messages of a batch are sealed as one. One of them carries the bytes of all; the others name its channel (it has their very time) and their
-- place in it. Sealed bytes do not compress.
alter table message alter column sealed drop not null, alter column sealed set storage external, add column carrier bigint, add column place integer;
