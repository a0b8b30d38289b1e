import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engines } from './small-pipeline.js';
import type { RunOptions } from './small-pipeline.js';
import { expected } from './small-shop.js';
import type { Kind } from './small-shop.js';

const minute = 60_000;
const id = fc.integer({ min: 1, max: 6 });
const kind = fc.constantFrom<Kind>('customer', 'customer', 'order', 'order', 'unfit', 'alien');
const view = fc.constantFrom<'NEW_IMAGE' | 'NEW_AND_OLD_IMAGES'>('NEW_IMAGE', 'NEW_AND_OLD_IMAGES');

const minutes = (min: number, max: number) => fc.integer({ min, max });
const pause = (min: number, max: number) =>
  fc.record({ op: fc.constant('pause' as const), minutes: minutes(min, max) });

/** One step of a history. Pauses are in minutes; a run that ends after the lake is one that crashes there. */
const step = fc.oneof(
  { weight: 20, arbitrary: fc.record({ op: fc.constant('put' as const), id, kind, value: fc.nat(9999) }) },
  { weight: 10, arbitrary: fc.record({ op: fc.constant('delete' as const), id }) },
  { weight: 2, arbitrary: pause(1, 20) },
  { weight: 1, arbitrary: pause(60, 4000) },
  {
    weight: 9,
    arbitrary: fc.record({ op: fc.constant('run' as const), view, toLake: fc.boolean(), minutes: minutes(5, 60) }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('full' as const) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('interrupt' as const) }) }
);

/** A hundred histories of their own, in a file of their own, so that two files share the work of two hundred. */
export function describeHundredHistories(seed: number): void {
  describe('random histories of writes and runs', () => {
    let engines: Engines;
    beforeAll(async () => {
      engines = await Engines.start();
    });
    afterAll(async () => {
      await engines.close();
    });

    it('leave lake and warehouse as a plain model has them, in 100 histories', { timeout: 1_200_000 }, async () => {
      const seen = { histories: 0, windows: 0, baseline: 0, gap: 0, merges: 0 };
      const history = fc.asyncProperty(fc.array(step, { minLength: 6, maxLength: 18 }), async (steps) => {
        seen.histories += 1;
        const pipeline = await engines.newHistory();
        const table = new Map<number, { kind: Kind; value: number }>();
        const run = async (options: RunOptions) => {
          const plan = await pipeline.run(options);
          seen[plan.kind] += 1;
          if (plan.kind === 'windows') seen.merges += plan.windows.length;
          return plan;
        };
        engines.time.now += minute;
        await run({ incremental: true });
        for (const one of steps) {
          engines.time.now += 1 + Math.floor(engines.time.now % 7);
          if (one.op === 'put') {
            await pipeline.put(one.id, one.kind, one.value);
            table.set(one.id, one);
          } else if (one.op === 'delete') {
            await pipeline.delete(one.id);
            table.delete(one.id);
          } else if (one.op === 'pause') engines.time.now += one.minutes * minute;
          else if (one.op === 'interrupt') await pipeline.interruptRecovery();
          else if (one.op === 'full') await run({ incremental: false });
          else {
            engines.time.now += one.minutes * minute;
            await run({ incremental: true, toLake: one.toLake, view: one.view });
          }
        }
        engines.time.now += 20 * minute;
        const last = await run({ incremental: true });
        expect(last).not.toMatchObject({ windows: [] });
        expect(await pipeline.held()).toEqual(expected(table));
      });
      await fc.assert(history, { numRuns: 100, seed, endOnFailure: true });
      console.log(JSON.stringify(seen));
      expect(seen.histories).toBeGreaterThanOrEqual(100);
      for (const many of [seen.windows, seen.baseline, seen.gap]) expect(many).toBeGreaterThan(10);
    });
  });
}
