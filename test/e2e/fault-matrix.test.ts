import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FaultInjector } from '../../local/faults/index.js';
import type { FaultInput } from '../../local/faults/index.js';
import type { InterceptedCall, JobFault } from '../../local/gateway/index.js';
import { startWorker } from '../../workers/index.js';
import type { SluiceWorker } from '../../workers/index.js';
import { startTestAws, startTestTemporal } from '../workflows/stack.js';
import type { TestAws, TestTemporal } from '../workflows/stack.js';
import { CallLog } from './crash/call-log.js';
import { evidenceOf } from './crash/evidence.js';
import type { Evidence } from './crash/evidence.js';
import { openShop } from './crash/fleet.js';

/** `SLUICE_FAULT_MATRIX=full` makes a run of its own for every operation and kind; else only for starts of jobs. */
const isFull = process.env['SLUICE_FAULT_MATRIX'] === 'full';

const kinds = ['throttle', 'server-error', 'timeout', 'drop-reply'] as const;
type Kind = (typeof kinds)[number];

const fault = (operation: string, kind: Kind): FaultInput =>
  // A call that is never answered may or may not have been carried out: the worse of the two.
  kind === 'timeout' ? { operation, calls: 1, fault: kind, carriedOut: true } : { operation, calls: 1, fault: kind };

describe('a run on an AWS that misbehaves', () => {
  const log = new CallLog();
  const injectors = new Map<string, FaultInjector>();
  const operations = new Set<string>();
  let aws: TestAws;
  let temporal: TestTemporal;
  let worker: SluiceWorker;
  let working: Promise<void>;
  let shops = 0;
  let recording = false;
  let undisturbed: Evidence;

  const intercept = async (call: InterceptedCall): Promise<JobFault | undefined> => {
    log.note(call);
    const shop = log.shopOf(call);
    if (recording) operations.add(`${call.service}.${call.operation}`);
    // A call that is for all shops belongs to the one that runs, when it runs alone.
    const alone = injectors.size === 1 ? [...injectors.values()][0] : undefined;
    return await (shop === undefined ? alone : injectors.get(shop))?.intercept(call);
  };

  /** Runs a shop of its own under the faults; it must leave what an undisturbed run leaves. Returns what was injected. */
  const runUnder = async (...faults: FaultInput[]) => {
    const { suffix, plan, start } = await openShop(aws, shops++);
    const injector = new FaultInjector();
    injector.set(faults);
    injectors.set(suffix, injector);
    try {
      await (await start(temporal.client)).result();
    } finally {
      injectors.delete(suffix);
    }
    expect(await evidenceOf(aws, plan), JSON.stringify(faults)).toEqual(undisturbed);
    return injector.injected();
  };

  beforeAll(async () => {
    [aws, temporal] = await Promise.all([startTestAws({ intercept: [intercept] }), startTestTemporal()]);
    const env = { ...aws.env, ...temporal.env };
    const configuration = { taskQueue: 'sluice' };
    worker = await startWorker({ configuration, env, logLevel: 'silent', requestTimeout: 3_000 });
    working = worker.run();
    const shop = await openShop(aws, shops++);
    recording = true;
    await (await shop.start(temporal.client)).result();
    recording = false;
    undisturbed = await evidenceOf(aws, shop.plan);
  });
  afterAll(async () => {
    worker?.shutdown();
    await working;
    await temporal?.stop();
    await aws?.stop();
  });

  it.each(kinds)(
    'ends right under a %s of every operation at once',
    async (kind) => {
      const injected = await runUnder(fault('*', kind));
      const hit = new Set(injected.map(({ operation }) => operation));
      console.log(`${kind}: ${hit.size} operations hit in one run`);
      expect([...operations].filter((operation) => !hit.has(operation))).toEqual([]);
    },
    300_000
  );

  it('ends right under each fault by itself', async () => {
    const isStart = (operation: string): boolean => /\.(Start|Execute|BatchExecute|Export)/.test(operation);
    const chosen = [...operations].filter((operation) => isFull || isStart(operation));
    const cases = chosen.flatMap((operation) => kinds.map((kind) => ({ operation, kind })));
    const injected = await Promise.all(cases.map(({ operation, kind }) => runUnder(fault(operation, kind))));
    for (const [index, { operation, kind }] of cases.entries()) {
      expect(injected[index], `${kind} ${operation}`).toEqual([{ operation, fault: kind, count: 1 }]);
    }
    const counts = kinds.map((kind) => `${cases.filter((one) => one.kind === kind).length} × ${kind}`);
    console.log(`by themselves, of ${operations.size} operations: ${counts.join(', ')}`);
  }, 600_000);
});
