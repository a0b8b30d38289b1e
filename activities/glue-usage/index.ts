import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { GlueClient } from '@aws-sdk/client-glue';
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import type { SESv2Client } from '@aws-sdk/client-sesv2';
import { SendEmailCommand } from '@aws-sdk/client-sesv2';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { log } from '@temporalio/activity';
import type { Deployment } from '../../model/configuration.js';
import { pricesIn } from '../../model/cost/prices.js';
import type { GlueRunRecord } from '../../model/glue-usage/record.js';
import { glueUsageReport } from '../../model/glue-usage/report.js';
import type { GlueUsageReport } from '../../model/glue-usage/report.js';
import { reportHtml, reportSubject, reportText } from '../../model/glue-usage/report-html.js';
import type { UsageGuard } from '../../model/glue-usage/settings.js';
import { splitS3Uri } from '../../model/s3-uri.js';
import { onResource } from '../failures.js';
import { keepHeartbeating } from '../heartbeat.js';
import type { NotifierOptions } from '../notifier.js';
import { createNotifier } from '../notifier.js';
import type { PollClock } from '../poll-clock.js';
import { systemClock } from '../poll-clock.js';
import type { StepInput } from '../run-scope.js';
import { withoutValues } from '../without-values.js';
import { glueRunAlert } from './alert.js';
import { GlueRuns } from './glue-runs.js';
import { recordOfEvent, recordOfRun } from './record-runs.js';
import { drainEvents } from './state-events.js';
import { UsageTable } from './usage-table.js';

/** Input of the activities on Glue usage. */
export interface GlueUsageInput extends StepInput {
  readonly guard: UsageGuard;
  readonly deployment: Pick<Deployment, 'buckets' | 'notifications' | 'cost'>;
}

/** What a look at the account's Glue runs gave. */
export interface GlueUsagePass {
  /** Jobs that were looked at. */
  readonly jobs: number;
  /** Runs recorded that were not before. */
  readonly recorded: number;
  /** Runs that people were told of. */
  readonly alerted: number;
  /** Messages of the queue: of runs, and of something else. */
  readonly events: number;
  readonly ignored: number;
  /** Python shell and streaming jobs, which are not watched; the first fifty. */
  readonly unsupported: readonly string[];
}

/** A report that was written. */
export interface WrittenGlueUsageReport {
  /** S3 URIs of the page and of its figures. */
  readonly uri: string;
  readonly dataUri: string;
  readonly runs: number;
  /** US dollars; null when no run's cost is known. */
  readonly cost: number | null;
}

/** Activities on the usage of Glue in the account and Region. */
export interface GlueUsageActivities {
  /**
   * Records every run of a Spark or Ray job that has ended, those that events on the queue tell of first and then those
   * that Glue lists, each once; and tells people, once, of those that failed, timed out or passed a limit.
   */
  recordGlueRuns(input: GlueUsageInput): Promise<GlueUsagePass>;
  /** Sums up the recorded runs that ended in a span, and writes page and figures to the quality bucket. */
  writeGlueUsageReport(
    input: GlueUsageInput & { readonly from: string; readonly to: string }
  ): Promise<WrittenGlueUsageReport>;
  /** Sends a written report by e-mail, once, and says to how many; to none when nobody is to get it. */
  sendGlueUsageReport(input: GlueUsageInput & { readonly report: WrittenGlueUsageReport }): Promise<number>;
}

const firstLook = 7 * 86_400_000;

/** What ended longer ago than this before the first look is recorded, but told to nobody. */
const firstAlerts = 86_400_000;

/** Makes the activities over their clients. */
export function createGlueUsageActivities({
  dynamodb,
  glue,
  sqs,
  ses,
  clock = systemClock,
  ...options
}: NotifierOptions & {
  readonly dynamodb: DynamoDBClient;
  readonly glue: GlueClient;
  readonly sqs: SQSClient;
  readonly ses: SESv2Client;
  readonly clock?: PollClock;
}): GlueUsageActivities {
  const notifier = createNotifier(options);
  const { s3 } = options;

  const readJson = async (uri: string): Promise<unknown> => {
    const { Body } = await onResource(uri, () =>
      s3.send(new GetObjectCommand(splitS3Uri(uri) ?? { Bucket: '', Key: '' }))
    );
    return JSON.parse((await Body?.transformToString('utf8')) ?? '');
  };

  return {
    async recordGlueRuns({ guard, deployment }) {
      const began = clock.now();
      const table = new UsageTable(dynamodb, guard.table);
      const runs = new GlueRuns(glue, clock);
      const region = await glue.config.region();
      const prices = pricesIn(region, deployment.cost?.prices);
      const target = { topicArn: deployment.notifications?.topicArn, bucket: deployment.buckets.quality };
      const done = { recorded: 0, alerted: 0 };
      const stopHeartbeats = keepHeartbeating(() => done);
      try {
        const watermark = await table.watermark();
        const since = watermark === undefined ? began - firstLook : Date.parse(watermark);
        const alertsFrom = watermark === undefined ? began - firstAlerts : -Infinity;
        const jobs = await runs.jobs();

        const keep = async (record: GlueRunRecord, message?: string): Promise<void> => {
          const earlier = await table.find(record.id);
          if (earlier === undefined && (await table.add(record))) done.recorded += 1;
          const { verdict, optedOut, alertedAt } = earlier ?? record;
          if (verdict === 'within' || optedOut || alertedAt !== undefined || !notifier.reaches(target)) return;
          if (Date.parse(record.endedAt) < alertsFrom) return;
          const alert = glueRunAlert(record, region, message && withoutValues(message));
          if (alert === undefined) return;
          await notifier.publish(alert, target);
          await table.markAlerted(record.id, new Date(clock.now()).toISOString());
          done.alerted += 1;
        };

        const unwatched = new Set(jobs.unsupported);
        const drained =
          guard.queueUrl === undefined
            ? { events: 0, ignored: 0 }
            : await drainEvents(sqs, guard.queueUrl, async (event) => {
                if (unwatched.has(event.job)) return;
                const run = await runs.run(event.job, event.runId);
                if (run !== undefined) {
                  const ended = { ...run, JobRunState: event.state as typeof run.JobRunState };
                  const optedOut = jobs.optedOut.has(event.job);
                  await keep(recordOfRun(ended, guard, prices, optedOut), run.ErrorMessage ?? event.message);
                } else if (!(await table.knows(event.runId))) {
                  await keep(recordOfEvent(event, guard), event.message);
                }
              });
        for (const job of jobs.watched) {
          for (const run of await runs.endedSince(job, since)) {
            await keep(recordOfRun(run, guard, prices, jobs.optedOut.has(job)), run.ErrorMessage);
          }
        }
        await table.setWatermark(new Date(began).toISOString());
        return { jobs: jobs.watched.length, ...done, ...drained, unsupported: jobs.unsupported.slice(0, 50) };
      } finally {
        stopHeartbeats();
      }
    },

    async writeGlueUsageReport({ guard, deployment, from, to }) {
      const records: GlueRunRecord[] = [];
      const stopHeartbeats = keepHeartbeating(() => records.length);
      try {
        for await (const record of new UsageTable(dynamodb, guard.table).records()) records.push(record);
        const report = glueUsageReport(records, { from, to });
        const stem = `s3://${deployment.buckets.quality}/_sluice/glue-usage/${from}_${to}`.replaceAll(
          /(?<=\d):(?=\d)/g,
          '-'
        );
        const write = async (uri: string, Body: string, ContentType: string): Promise<void> => {
          const at = splitS3Uri(uri) ?? { Bucket: '', Key: '' };
          await onResource(uri, () => s3.send(new PutObjectCommand({ ...at, Body, ContentType })));
        };
        await write(`${stem}.html`, reportHtml(report), 'text/html; charset=utf-8');
        await write(`${stem}.json`, JSON.stringify(report), 'application/json');
        return { uri: `${stem}.html`, dataUri: `${stem}.json`, runs: report.runs, cost: report.cost };
      } finally {
        stopHeartbeats();
      }
    },

    async sendGlueUsageReport({ guard: { emails, from }, report: { dataUri } }) {
      if (emails.length === 0 || from === undefined) return 0;
      const at = splitS3Uri(dataUri.replace(/\.json$/, '.sent.json')) ?? { Bucket: '', Key: '' };
      const sent = await s3.send(new HeadObjectCommand(at)).then(
        () => true,
        () => false
      );
      if (sent) return emails.length;
      const report = (await readJson(dataUri)) as GlueUsageReport;
      const text = (Data: string) => ({ Data, Charset: 'UTF-8' });
      await onResource(`SES e-mail from ${from}`, () =>
        ses.send(
          new SendEmailCommand({
            FromEmailAddress: from,
            Destination: { ToAddresses: [...emails] },
            Content: {
              Simple: {
                Subject: text(reportSubject(report)),
                Body: { Html: text(reportHtml(report)), Text: text(reportText(report)) },
              },
            },
          })
        )
      );
      const Body = JSON.stringify({
        version: 1,
        recipients: emails.length,
        sentAt: new Date(clock.now()).toISOString(),
      });
      // The mark only keeps from sending twice: that it cannot be written is no reason to send again.
      await s3.send(new PutObjectCommand({ ...at, Body, ContentType: 'application/json' })).catch((error: unknown) => {
        log.warn('The mark of a sent report was not written', { error, ...at });
      });
      return emails.length;
    },
  };
}
