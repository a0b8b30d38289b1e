import type { S3Client } from '@aws-sdk/client-s3';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { z } from 'zod';
import type { RunUsage } from '../../model/cost/usage.js';
import type { RunRecord, StepRecord } from '../../model/run-record.js';
import { splitS3Uri } from '../../model/s3-uri.js';
import { jobReportUri } from '../run-scope.js';

/** Manifest, summary, their checksums, and the mark of an export that has begun. */
const objectsOfAnExport = 5;

const report = z.looseObject({ runKey: z.string(), files: z.array(z.looseObject({ bytes: z.number() })) });

/** Files that a job has written, by its report: `{"files": [{"uri", "rows", "bytes"}]}`, see docs/glue-jobs.md. */
async function writtenFiles(s3: S3Client, uri: string, runKey: string): Promise<{ bytes: number }[]> {
  const { Body } = await s3.send(new GetObjectCommand(splitS3Uri(uri) ?? { Bucket: '', Key: '' }));
  const found = report.parse(JSON.parse((await Body?.transformToString('utf8')) ?? ''));
  if (found.runKey !== runKey) throw new Error(`${uri} is of run ${found.runKey}`);
  return found.files;
}

const sum = (values: readonly (number | undefined)[]): number =>
  values.reduce<number>((all, one) => all + (one ?? 0), 0);

/**
 * Requests and bytes of S3 as the run's steps and the reports of its jobs tell them. Null where a step that wrote has
 * not come to tell.
 */
export async function measureS3(s3: S3Client, lakeBucket: string, run: RunRecord): Promise<RunUsage['s3']> {
  const done = (stage: string): readonly StepRecord[] =>
    run.stages.find(({ name }) => name === stage)?.steps.filter((step) => step.state !== 'pending' && !step.reused) ??
    [];
  const archived = done('archive').map(({ counts }) => counts);
  const exported = done('export').filter(({ counts, remoteId }) => counts !== undefined || remoteId !== undefined);
  const files = sum(exported.map(({ counts }) => counts?.files));
  const exports = exported.filter(({ remoteId }) => remoteId !== undefined);
  const jobs = [...done('lake'), ...done('landing')];
  const ended = [
    ...exported.filter(({ name }) => name === 'verify' || name.includes('/')),
    ...jobs,
    ...done('archive'),
  ];
  const told = ended.every(({ state }) => state === 'done');
  const lake = told
    ? (
        await Promise.all(
          done('lake').map(({ name }) =>
            writtenFiles(s3, jobReportUri(lakeBucket, run.table, run.runKey, name), run.runKey)
          )
        )
      ).flat()
    : [];
  const objects = sum(archived.map((counts) => counts?.objects));
  if (!told) return { puts: null, copies: null, gets: null, bytes: null, archivedBytes: null };
  return {
    // A lake job also writes its state, and every job its report.
    puts: files + exports.length * objectsOfAnExport + lake.length + done('lake').length + jobs.length,
    copies: objects,
    gets: files + lake.length + objects,
    bytes: sum(exported.map(({ counts }) => counts?.bytes)) + sum(lake.map(({ bytes }) => bytes)),
    archivedBytes: sum(archived.map((counts) => counts?.bytes)),
  };
}
