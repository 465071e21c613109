/** What an office of this size has after some months of work, put straight into the database: facts in full, owners, groups, history, alerts, logs. */
import type { Db } from '@muster/core'

/** Each statement is one set; numbers follow from the device's own, so that every run is the same. */
const statements: readonly string[] = [
  // Facts as agents report them: 150 packages, disks, networks. Variants are built once; each device keeps its own copy.
  `create temporary table variant on commit drop as
     select v, jsonb_build_object('os.name', 'Debian GNU/Linux', 'os.version', (11 + v % 3)::text, 'os.kernel', '6.12.' || v, 'linux.architecture', 'x86_64', 'agent.version', '0.1.' || v % 4,
       'hardware.cpu', 'Intel(R) Core(TM) i7-1370P', 'hardware.cores', 14, 'hardware.memoryBytes', 34359738368, 'security.encrypted', v % 5 > 0, 'security.rooted', v = 7,
       'hardware.disks', '[{"name": "nvme0n1", "bytes": 1024209543168, "model": "SAMSUNG MZVL21T0"}]'::jsonb, 'network.listening', '[{"port": 22, "process": "sshd"}, {"port": 631, "process": "cupsd"}]'::jsonb,
       'software.packageCount', 150, 'software.packages', (select jsonb_agg(jsonb_build_object('name', 'lib-example-' || p, 'version', p % 17 || '.' || v || '.' || p % 5 || '-1+deb12u' || v % 9)) from generate_series(1, 150) p)) as facts
     from generate_series(0, 49) v`,
  `update device d set facts = v.facts || jsonb_build_object('device.name', 'ws-' || d.no, 'network.hostname', 'ws-' || d.no || '.office.example', 'device.serial', 'SN' || lpad(d.no::text, 8, '0'),
       'network.interfaces', jsonb_build_array(jsonb_build_object('name', 'enp0s31f6', 'mac', lpad(to_hex(d.no), 12, '0'), 'addresses', jsonb_build_array('10.0.' || d.no / 250 % 250 || '.' || d.no % 250)))),
     facts_at = now(), name = 'ws-' || d.no, serial = 'SN' || lpad(d.no::text, 8, '0'), manufacturer = (array['LENOVO', 'Dell Inc.', 'HP', 'Framework'])[1 + d.no % 4], model = 'Model ' || d.no % 40,
     os_name = 'Debian GNU/Linux', os_version = (11 + d.no % 50 % 3)::text, encrypted = d.no % 50 % 5 > 0, rooted = d.no % 50 = 7, agent_version = '0.1.' || d.no % 50 % 4,
     form_factor = (array['laptop', 'laptop', 'desktop', 'server'])[1 + d.no % 4]
   from variant v where v.v = d.no % 50`,
  `insert into app_user (name, display_name, email) select 'person-' || n, 'Person ' || n, 'person-' || n || '@office.example' from generate_series(1, greatest(10, (select count(*) from device) / 10)) n`,
  `update device d set owner = u.no from (select no, row_number() over (order by no) - 1 as n, count(*) over () as all_of_them from app_user where name like 'person-%') u where u.n = d.no % u.all_of_them and d.no % 10 > 0`,
  `insert into identifier (kind, value, device) select 'serial', serial, no from device where serial is not null on conflict do nothing`,
  `insert into identifier (kind, value, device) select 'mac', lpad(to_hex(no), 12, '0'), no from device on conflict do nothing`,
  `insert into device_group (name) select 'Group ' || n from generate_series(1, 60) n`,
  `insert into group_member (group_no, device) select g.no, d.no from device_group g join device d on (d.no + g.no) % 40 = 0 on conflict do nothing`,
  // Some have been silent for a day, a few for a month.
  `update seen set at = now() - case when channel % 100 = 0 then interval '30 days' else interval '1 day' end where channel % 20 = 0`,
  // Acts and their outcome: each tenth act was for everybody.
  `insert into activity (operation, params, actor, target, targets, created, deadline)
     select (array['device.inventory', 'device.message', 'device.restart'])[1 + n % 3], '{}', 'user:person-' || n % 20, '{"all": true}', 10, now() - (500 - n) * interval '1 hour', now() + interval '30 days' from generate_series(1, 500) n`,
  `insert into history (channel, activity, epoch, operation, state, result, attempts, created, at)
     select c.no, a.no, 1, a.operation, case when (c.no + a.n) % 25 = 0 then 'failed' else 'completed' end, '{"done": true}', 1, a.created, a.created + interval '1 minute'
     from (select no, operation, created, row_number() over (order by no) as n from activity where operation like 'device.%') a join channel c on c.closed is null and case when a.n % 25 = 0 then true else (c.no + a.n) % 200 = 0 end`,
  `insert into pending (channel, activity, epoch, ownership, operation, state, deadline)
     select c.no, a.no, 1, 'cope', a.operation, 'pending', a.deadline from channel c join (select no, operation, deadline from activity order by no desc limit 2) a on c.no % 5 = 0 where c.closed is null`,
  `insert into tally (activity, state, n) select activity, state, count(*) from (select activity, state from history union all select activity, state from pending) x group by 1, 2`,
  `insert into device_event (at, device, type, severity, data)
     select now() - n * interval '9 hours' - d.no * interval '1 second', d.no, (array['agent.started', 'device.compliance-violated', 'device.silent', 'os.updated'])[1 + n], (array['info', 'warning', 'warning', 'info'])[1 + n], '{"feature": "passcode"}'
     from device d, generate_series(0, 3) n where n in (0, 3) or d.no % 10 = 0`,
  `insert into message (channel, outbound, outcome, size, sealed) select c.no, n % 2 = 0, 'ok', 400, decode(repeat('ab', 400), 'hex') from channel c, generate_series(1, 6) n`,
  `insert into audit (actor, act, subject, detail) select 'user:person-' || n % 20, 'device.changed', 'device:' || n, '{"what": ["name"]}' from generate_series(1, greatest(100, (select count(*) from device))) n`,
  `insert into certificate (serial, fingerprint, authority, channel, subject, certificate, not_before, not_after)
     select lpad(to_hex(c.no), 32, '0'), decode(lpad(to_hex(c.no), 64, '0'), 'hex'), a.no, c.no, 'CN=' || c.no, decode(repeat('30', 600), 'hex'), now() - c.no * interval '1 second', now() + interval '1 year'
     from channel c cross join (select min(no) as no from authority having min(no) is not null) a on conflict do nothing`,
  `insert into invitation (hash, platform, ownership, created_by, expires, used, used_by)
     select decode(md5('old' || d.no) || md5('old' || d.no), 'hex'), 'linux', 'cope', 'user:person-1', now() - interval '1 day', now() - interval '2 days', d.no from device d on conflict do nothing`,
]
/** After policies are published: what devices made of them. */
const settled: readonly string[] = [
  `insert into feature_state (channel, feature, verb, hash, set_no, state, placed, verified_at)
     select cs.channel, f.feature, 'put', f.hash, f.set_no, case when (cs.channel + length(f.feature)) % 40 = 0 then 'drifted' else 'verified' end, true, now() from channel_set cs join set_feature f on f.set_no = cs.desired on conflict do nothing`,
  `update channel_set set applied = desired where channel % 50 > 0`,
  `insert into compliance (device, feature, state, action)
     select c.device, f.feature, case when (cs.channel + length(f.feature)) % 40 = 0 then 'violated' when cs.channel % 33 = 0 then 'unknown' else 'compliant' end, 'enforce'
     from channel_set cs join channel c on c.no = cs.channel join set_feature f on f.set_no = cs.desired on conflict do nothing`,
]

export async function putOffice(db: Db): Promise<void> {
  await db.tx(async (tx) => {
    await tx.query({ text: `set local enable_nestloop = off` })
    for (const text of statements) await tx.query({ text })
  })
  await db.query({ text: 'vacuum analyze' })
}

export async function settleOffice(db: Db): Promise<void> {
  await db.tx(async (tx) => {
    for (const text of settled) await tx.query({ text })
  })
  await db.query({ text: 'vacuum analyze' })
}
