-- What a subscription adds to the operator's plan, and what else plans count.
alter table org_limits
  add column subscribed_plan text,
  add column integrations int check (integrations >= 0),
  add column seats int check (seats >= 0),
  -- Of an organisation that was closed: nothing more is given to it.
  add column closed boolean not null default false;

-- Knows who is given what in a month.
create policy org_limits_keeper on org_limits for select to tenon_keeper using (true);
grant select on org_limits to tenon_keeper;

-- How often the undoing of an onboarding has failed, and which person it was begun by.
alter table onboardings
  add column tries int not null default 0,
  add column person text collate "C";
create index onboardings_by_person on onboardings (person, created_at) where person is not null;

-- A closed organisation is not found any more; its row stays until the house-keeping deletes it, with all that it has.
alter table organizations add column closed_at timestamptz;
create policy organizations_change on organizations for update to tenon_app
  using (org_id = (select current_setting('app.org_id', true)))
  with check (org_id = (select current_setting('app.org_id', true)));
grant update (name, closed_at) on organizations to tenon_app;
create policy organizations_keeper_delete on organizations for delete to tenon_keeper using (closed_at is not null);
grant delete on organizations to tenon_keeper;

create function tenon_keep_closed() returns trigger
language plpgsql set search_path = pg_catalog, public as $$
begin
  raise exception 'a closed organisation can not be changed';
end
$$;
create trigger organizations_stay_closed before update on organizations
  for each row when (old.closed_at is not null) execute function tenon_keep_closed();

-- What has to be done in other systems after an organisation was closed, until it is.
create table organization_closings (
  org_id text collate "C" primary key references organizations (org_id) on delete cascade,
  done jsonb not null default '[]',
  owner text,
  ready_at timestamptz not null default clock_timestamp(),
  tries int not null default 0,
  ended_at timestamptz
);
alter table organization_closings enable row level security;
alter table organization_closings force row level security;
create policy organization_closings_tenant on organization_closings to tenon_app
  using (org_id = (select current_setting('app.org_id', true)))
  with check (org_id = (select current_setting('app.org_id', true)));
create policy organization_closings_auth on organization_closings to tenon_auth using (true) with check (true);
create policy organization_closings_keeper on organization_closings for select to tenon_keeper using (true);
grant insert on organization_closings to tenon_app;
grant select, update on organization_closings to tenon_auth;
grant select on organization_closings to tenon_keeper;
