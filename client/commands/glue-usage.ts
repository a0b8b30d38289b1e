import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { loadConfiguration } from '../../model/configuration.js';
import type { GlueRunRecord } from '../../model/glue-usage/record.js';
import { reportHtml, reportText } from '../../model/glue-usage/report-html.js';
import { glueUsageReport } from '../../model/glue-usage/report.js';
import { usageGuardSchema } from '../../model/glue-usage/settings.js';
import { consoleLink } from '../../model/glue-usage/verdict.js';
import { awsSettings } from '../../workers/aws-settings.js';
import { UsageTable } from '../../workers/glue-usage-table.js';
import type { CommandContext } from '../command-context.js';
import { dollars } from '../draw-cost.js';
import { UsageError, messageOf } from '../errors.js';
import { duration, table } from '../output/table.js';

/** The recorded Glue runs, and the Region they ran in. */
async function readRecords({ configFile, env }: CommandContext): Promise<{ records: GlueRunRecord[]; region: string }> {
  const { usageGuard = usageGuardSchema.parse({}) } = loadConfiguration({ file: configFile, env });
  const dynamodb = new DynamoDBClient(awsSettings(env));
  try {
    const records: GlueRunRecord[] = [];
    for await (const record of new UsageTable(dynamodb, usageGuard.table).records()) records.push(record);
    return { records, region: await dynamodb.config.region() };
  } catch (error) {
    throw new UsageError(
      `The recorded Glue runs cannot be read: ${messageOf(error)}`,
      [`They are in the DynamoDB table ${usageGuard.table}; docs/usage-guard.md says how it is made and filled.`],
      { cause: error }
    );
  } finally {
    dynamodb.destroy();
  }
}

/** `sluice glue-usage runs`: recorded Glue runs, the latest first. The document is `{"runs": [GlueRunRecord]}`. */
export async function glueUsageRuns(
  context: CommandContext,
  options: { readonly job?: string; readonly flagged?: boolean; readonly limit: number }
): Promise<void> {
  const { records, region } = await readRecords(context);
  const runs = records
    .filter(({ job }) => options.job === undefined || job === options.job)
    .filter(({ verdict }) => !options.flagged || verdict !== 'within')
    .sort((a, b) => (a.endedAt < b.endedAt ? 1 : -1))
    .slice(0, options.limit)
    .map((run) => ({ ...run, link: consoleLink(region, run.job, run.runId) }));
  const rows = runs.map((run) => [
    run.endedAt,
    run.job,
    run.runId,
    run.state,
    run.executionSeconds === undefined ? 'n/a' : duration(run.executionSeconds),
    run.workers === undefined ? 'n/a' : `${run.workers} ${run.workerType ?? ''}`.trim(),
    dollars(run.cost ?? null),
    [...run.reasons, ...(run.optedOut ? ['opted out'] : []), ...(run.alertedAt ? ['told'] : [])].join('; '),
  ]);
  const head = ['ended', 'job', 'run', 'state', 'ran for', 'workers', 'USD', 'note'];
  context.console.print(rows.length === 0 ? 'No Glue run is recorded.' : table(head, rows));
  context.console.document({ runs });
}

/**
 * `sluice glue-usage report`: sums up the runs of the last days and writes them as a page. The document is the report,
 * with `file`.
 */
export async function glueUsagePage(
  context: CommandContext,
  options: { readonly days: number; readonly out: string }
): Promise<void> {
  const { records } = await readRecords(context);
  const now = Date.now();
  const [from, to] = [now - options.days * 86_400_000, now + 1].map((time) => new Date(time).toISOString());
  const report = glueUsageReport(records, { from: from ?? '', to: to ?? '' });
  const file = resolve(options.out);
  await writeFile(file, reportHtml(report));
  context.console.print(`${reportText(report)}\n\nWritten to ${file}`);
  context.console.document({ ...report, file });
}
