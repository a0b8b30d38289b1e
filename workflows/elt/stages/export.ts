import { isCancellation } from '@temporalio/workflow';
import type { CompletedExport, SourceTable } from '../../../activities/dynamodb.js';
import type { VerifiedExport } from '../../../activities/s3.js';
import type { ExportWindow } from '../../../model/windows.js';
import type { StepHandle } from '../../run-sheet.js';
import { allEnded, failureType, startThenWait } from '../../remote-job.js';
import { startExport, verifyExport, waitExport } from '../activities.js';
import type { EltRun } from '../run.js';

/** What was exported and verified. */
export interface Exported {
  /** Of the whole table, or of a window each, the oldest first. */
  readonly exports: readonly VerifiedExport[];
  readonly itemCount: number;
  /** Σ size of the files, compressed. */
  readonly bytes: number;
  /** All changes before this time are in it, or in the lake already. ISO 8601; absent in runs that 0.1.0 began. */
  readonly asOf?: string;
  /** ISO 8601: of an export of the whole table. */
  readonly exportTime?: string;
}

const windowsAtOnce = 5;

async function runExport(
  run: EltRun,
  { tableArn, earliest }: SourceTable,
  name: string,
  step: StepHandle,
  window?: ExportWindow
): Promise<CompletedExport> {
  const { plan, deployment } = run.input;
  const at = run.at('export', name);
  const what = window === undefined ? plan.source.table : `${plan.source.table} ${name}`;
  return await startThenWait({
    start: async () => {
      const input = { ...at, tableArn, bucket: deployment.buckets.raw, prefix: plan.source.table };
      const started = await startExport.executeWithOptions({ summary: `start export of ${what}` }, [
        window === undefined ? input : { ...input, window },
      ]);
      step.remote(started.exportArn);
      return started;
    },
    wait: ({ exportArn }) =>
      waitExport
        .executeWithOptions({ summary: `export of ${what}` }, [{ ...at, exportArn, earliest }])
        .catch((error: unknown) => {
          if (isCancellation(error))
            step.note('DynamoDB cannot cancel an export: it goes on, for a resumed run to use.');
          throw error;
        }),
  });
}

/** Holds an export against its manifest; one that does not hold is not used again. */
async function verify(
  run: EltRun,
  [name, exportName]: readonly [string, string],
  step: StepHandle,
  completed: CompletedExport
): Promise<VerifiedExport> {
  const verified = await verifyExport
    .executeWithOptions({ summary: 'verify the manifest' }, [{ ...run.at('export', name), ...completed }])
    .catch((error: unknown) => {
      if (failureType(error) === 'Permanent') run.discard('export', exportName);
      throw error;
    });
  step.counts({ items: verified.itemCount, files: verified.files, bytes: verified.bytes });
  return verified;
}

/** Exports the whole table to the raw bucket, and holds what arrived against its manifest. */
export async function exportTable(run: EltRun, table: SourceTable): Promise<Exported> {
  const { asOf, exportTime, ...completed } = await run.sheet.step('export', 'export', (step) =>
    runExport(run, table, 'export', step)
  );
  const verified = await run.sheet.step('export', 'verify', (step) =>
    verify(run, ['verify', 'export'], step, completed)
  );
  return {
    exports: [verified],
    itemCount: verified.itemCount,
    bytes: verified.bytes,
    ...(run.durable && { asOf, exportTime }),
  };
}

/** Exports the changes of abutting windows, five at a time, each a step of the stage. */
export async function exportWindows(
  run: EltRun,
  table: SourceTable,
  windows: readonly ExportWindow[]
): Promise<Exported> {
  const nameOf = ({ from, to }: ExportWindow): string => `${from}/${to}`; // an interval of ISO 8601
  run.sheet.plan('export', windows.map(nameOf));
  const exports: VerifiedExport[] = [];
  const waiting = [...windows.entries()];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, window] = next;
      const name = nameOf(window);
      try {
        exports[index] = await run.sheet.step('export', name, async (step) => {
          const completed = await runExport(run, table, name, step, window);
          return await verify(run, [name, name], step, completed);
        });
      } catch (error) {
        waiting.length = 0; // the run fails once those under way have ended
        throw error;
      }
    }
  };
  await allEnded(Array.from({ length: Math.min(windowsAtOnce, windows.length) }, worker));
  const sum = (of: (one: VerifiedExport) => number): number => exports.reduce((total, one) => total + of(one), 0);
  return {
    exports,
    itemCount: sum(({ itemCount }) => itemCount),
    bytes: sum(({ bytes }) => bytes),
    asOf: windows.at(-1)?.to,
  };
}
