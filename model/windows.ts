/** A span of time that one incremental export shows: from `from` on, up to but without `to`. ISO 8601, UTC. */
export interface ExportWindow {
  readonly from: string;
  readonly to: string;
}

/** What is known before a run's exports are planned; times are ISO 8601, UTC. */
export interface ExportState {
  /** The workflow's time. */
  readonly now: string;
  readonly source: {
    /** DynamoDB's id of the table: another one is another table of the same name. */
    readonly tableId: string;
    /** `EarliestRestorableDateTime`: where the history of point-in-time recovery begins. */
    readonly earliest: string;
  };
  /** The newest complete lake generation that was made by the model's present item types. */
  readonly lake?: { readonly asOf: string; readonly exportTime?: string; readonly tableId: string };
  /** What the warehouse has loaded; left out while a target of the pipeline has never been loaded. */
  readonly watermark?: { readonly loadedTo: string; readonly tableId: string };
}

/** What a run with `incremental` exports. */
export type ExportPlan =
  /**
   * Abutting windows, the oldest first; none when less than 15 minutes are due. After a full export the second one
   * overlaps the first, see {@link planExports}. `behind`: nothing is due, but an earlier run ended between the lake and
   * the warehouse, which is to be loaded from the lake as it is.
   */
  | {
      readonly kind: 'windows';
      readonly from: string;
      readonly windows: readonly ExportWindow[];
      readonly behind?: boolean;
    }
  /** The whole table, because there is nothing to add changes to. */
  | { readonly kind: 'baseline'; readonly reason: string }
  /** Changes are lost to point-in-time recovery: only an export of the whole table closes the gap. */
  | { readonly kind: 'gap'; readonly from: string; readonly reason: string };

// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport_Requesting.html
const shortest = 15 * 60_000;
const longest = 24 * 3_600_000;

/**
 * Cuts what is due into windows of 15 minutes to 24 hours that abut; what is left and shorter waits for the next run.
 * Times are milliseconds since the epoch; no window ends after `now`, which counts in whole seconds, as exports do.
 */
export function windowsDue(from: number, now: number): ExportWindow[] {
  const end = Math.floor(now / 1000) * 1000;
  const windows: ExportWindow[] = [];
  for (let start = from; end - start >= shortest;) {
    const to = Math.min(start + longest, end);
    windows.push({ from: new Date(start).toISOString(), to: new Date(to).toISOString() });
    start = to;
  }
  return windows;
}

/**
 * Says what a run with `incremental` has to export. Pure: the workflow and `sluice plan` come to the same answer.
 *
 * Windows begin where the lake generation ends that they are merged into, also when the warehouse is behind it: an item
 * that comes and goes within one window leaves no record in its export, so a window must not begin before a lake that
 * has the item already. A full export holds more than its `asOf` says, up to its own time; a further window from there
 * shows the deletes of what came in between.
 */
export function planExports({ now, source, lake, watermark }: ExportState): ExportPlan {
  if (watermark === undefined) {
    return { kind: 'baseline', reason: 'the warehouse has not been loaded completely before' };
  }
  if (lake === undefined) {
    return { kind: 'baseline', reason: 'there is no complete lake generation of the model’s present item types' };
  }
  const { asOf: from, exportTime } = lake;
  if (lake.tableId !== source.tableId || watermark.tableId !== source.tableId) {
    return { kind: 'gap', from, reason: 'the table was deleted and made again since the last load' };
  }
  if (Date.parse(source.earliest) > Date.parse(from)) {
    const reason =
      `point-in-time recovery reaches back to ${source.earliest} only, but the changes since ${from} are needed: ` +
      'it was switched off meanwhile, or the last run is longer ago than it keeps history';
    return { kind: 'gap', from, reason };
  }
  const windows = windowsDue(Date.parse(from), Date.parse(now));
  const [first, ...rest] = windows;
  const tooShort = first && exportTime && Date.parse(first.to) - Date.parse(exportTime) < shortest;
  if (first === undefined || tooShort) {
    const behind = Date.parse(watermark.loadedTo) < Date.parse(from);
    return { kind: 'windows', from, windows: [], ...(behind && { behind }) };
  }
  if (exportTime === undefined) return { kind: 'windows', from, windows };
  return { kind: 'windows', from, windows: [first, { from: exportTime, to: first.to }, ...rest] };
}

/**
 * The time up to which a full export is taken to be complete: 60 s before its own, since its cut is exact to a minute
 * only, but not before the history that it was made from. ISO 8601.
 */
export function fullExportAsOf(exportTime: string, earliest: string): string {
  const [time, begin] = [Date.parse(exportTime), Date.parse(earliest)];
  // History that begins after the export is another than the one it was made from.
  return new Date(begin > time ? time - 60_000 : Math.max(time - 60_000, begin)).toISOString();
}
