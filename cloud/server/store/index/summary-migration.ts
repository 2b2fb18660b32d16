/**
 * What the slices of a channel come to, for every six hours in which slices start: how many, their bytes, and the time
 * that they cover. Triggers keep it, so that it holds whatever statement changes slices, in the same transaction.
 *
 * `spans` is the union of [start_ms, end_ms + 500): recordings that lie at most 500 ms apart are one span. Those of new rows
 * are added; where rows have gone or shrunk, the hull of what they covered is taken out and what is left in it put back.
 * Two transactions that change the same six hours: a row of the summary is locked before slices are read, and each statement
 * of a function sees what was committed before it, so the later one works on what the earlier one left. Rows are locked
 * in the order of their keys.
 *
 * The numbers are those of `slice-summary.ts` (a released step is never edited) and SLICE_MAX_MS.
 */
export const SLICE_SUMMARY: readonly string[] = [
  `create table slice_summaries (
    device_id integer not null references devices (id) on delete cascade,
    channel smallint not null,
    bucket integer not null,
    slices integer not null,
    bytes bigint not null,
    spans int8multirange not null,
    primary key (device_id, channel, bucket)
  )`,
  `create function summary_cut(device integer, ch smallint, at integer, from_ms bigint, to_ms bigint)
  returns void language plpgsql as $$
  begin
    perform 1 from slice_summaries where device_id = device and channel = ch and bucket = at for update;
    update slice_summaries set spans = spans - int8multirange(int8range(from_ms, to_ms)) + coalesce(
      (select range_agg(int8range(s.start_ms, s.end_ms + 500)) from slices s
        where s.device_id = device and s.channel = ch and s.start_ms > from_ms - 600500 and s.start_ms < to_ms
          and s.start_ms / 21600000 = at and s.end_ms > s.start_ms and s.end_ms + 500 > from_ms),
      int8multirange())
    where device_id = device and channel = ch and bucket = at;
  end $$`,
  `create function summary_insert() returns trigger language plpgsql as $$
  begin
    insert into slice_summaries
    select device_id, channel, start_ms / 21600000, count(*), sum(bytes), coalesce(
      range_agg(int8range(start_ms, end_ms + 500)) filter (where end_ms > start_ms), int8multirange())
    from added group by 1, 2, 3 order by 1, 2, 3
    on conflict (device_id, channel, bucket) do update set
      slices = slice_summaries.slices + excluded.slices,
      bytes = slice_summaries.bytes + excluded.bytes,
      spans = slice_summaries.spans + excluded.spans;
    return null;
  end $$`,
  `create function summary_update() returns trigger language plpgsql as $$
  declare
    hull record;
  begin
    insert into slice_summaries
    select device_id, channel, start_ms / 21600000, sum(slices), sum(bytes), coalesce(
      range_agg(int8range(start_ms, end_ms + 500)) filter (where slices = 1 and end_ms > start_ms), int8multirange())
    from (
      select device_id, channel, start_ms, end_ms, bytes, 1 as slices from added
      union all
      select device_id, channel, start_ms, end_ms, -bytes, -1 from removed
    ) as changed
    group by 1, 2, 3 order by 1, 2, 3
    on conflict (device_id, channel, bucket) do update set
      slices = slice_summaries.slices + excluded.slices,
      bytes = slice_summaries.bytes + excluded.bytes,
      spans = slice_summaries.spans + excluded.spans;
    for hull in
      select r.device_id, r.channel, (r.start_ms / 21600000)::integer as bucket,
        min(r.start_ms) as from_ms, max(r.end_ms) + 500 as to_ms
      from removed r left join added a using (device_id, channel, id)
      where r.end_ms > r.start_ms and (
        a.start_ms <= r.start_ms and a.end_ms >= r.end_ms and a.start_ms / 21600000 = r.start_ms / 21600000
      ) is not true
      group by 1, 2, 3 order by 1, 2, 3
    loop
      perform summary_cut(hull.device_id, hull.channel, hull.bucket, hull.from_ms, hull.to_ms);
      delete from slice_summaries s
      where s.device_id = hull.device_id and s.channel = hull.channel and s.bucket = hull.bucket and s.slices = 0;
    end loop;
    return null;
  end $$`,
  `create function summary_delete() returns trigger language plpgsql as $$
  declare
    hull record;
  begin
    for hull in
      select device_id, channel, (start_ms / 21600000)::integer as bucket, count(*) as slices, sum(bytes) as bytes,
        min(start_ms) filter (where end_ms > start_ms) as from_ms, max(end_ms) filter (where end_ms > start_ms) + 500 as to_ms
      from removed group by 1, 2, 3 order by 1, 2, 3
    loop
      update slice_summaries s set slices = s.slices - hull.slices, bytes = s.bytes - hull.bytes
      where s.device_id = hull.device_id and s.channel = hull.channel and s.bucket = hull.bucket;
      if hull.from_ms is not null then
        perform summary_cut(hull.device_id, hull.channel, hull.bucket, hull.from_ms, hull.to_ms);
      end if;
      delete from slice_summaries s
      where s.device_id = hull.device_id and s.channel = hull.channel and s.bucket = hull.bucket and s.slices = 0;
    end loop;
    return null;
  end $$`,
  // from here on nothing changes slices until the steps are committed: what is filled in below misses nothing
  `create trigger summary_insert after insert on slices
    referencing new table as added for each statement execute function summary_insert()`,
  `create trigger summary_update after update on slices
    referencing old table as removed new table as added for each statement execute function summary_update()`,
  `create trigger summary_delete after delete on slices
    referencing old table as removed for each statement execute function summary_delete()`,
  `insert into slice_summaries
    select device_id, channel, start_ms / 21600000, count(*), sum(bytes), coalesce(
      range_agg(int8range(start_ms, end_ms + 500)) filter (where end_ms > start_ms), int8multirange())
    from slices group by 1, 2, 3`,
]
