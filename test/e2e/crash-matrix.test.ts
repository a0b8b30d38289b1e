import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SluiceProcess } from '../client/sluice.js';
import { startTestAws } from '../workflows/stack.js';
import type { TestAws } from '../workflows/stack.js';
import { Checkpoints } from './crash/checkpoints.js';
import { checkpointsOf, spread } from './crash/choose-checkpoints.js';
import type { Checkpoint } from './crash/checkpoints.js';
import { evidenceOf } from './crash/evidence.js';
import type { Evidence } from './crash/evidence.js';
import { openShop } from './crash/fleet.js';
import type { Shop } from './crash/fleet.js';
import { RestartableTemporal } from './crash/restartable-temporal.js';
import { makeScene } from './scene.js';
import type { Scene } from './scene.js';

/** `SLUICE_CRASH_MATRIX=full` tries every checkpoint there is; else all changes and a spread of the others. */
const isFull = process.env['SLUICE_CRASH_MATRIX'] === 'full';

describe('a run', () => {
  const checkpoints = new Checkpoints();
  let scene: Scene;
  let aws: TestAws;
  let temporal: RestartableTemporal;
  let worker: SluiceProcess;
  let shops = 0;
  let undisturbed: Evidence;
  let all: readonly Checkpoint[];

  const startWorker = (): SluiceProcess =>
    scene.start(['worker'], { ...aws.env, ...temporal.env } as Record<string, string>);
  const open = async (): Promise<Shop> => openShop(aws, shops++);

  /**
   * Runs as many shops at once as there are checkpoints in a round. Every round holds each run at a checkpoint of its
   * own and disturbs them all at this moment. In the end each must have left what an undisturbed run leaves.
   */
  const disturb = async (
    what: string,
    { points, rounds = 1 }: { readonly points: readonly Checkpoint[]; readonly rounds?: number },
    disturbance: (release: () => void) => Promise<void>
  ): Promise<number> => {
    const size = Math.ceil(points.length / rounds);
    const fleet = await Promise.all(Array.from({ length: size }, open));
    fleet.forEach(({ suffix }) => checkpoints.begin(suffix));
    const arm = () =>
      fleet.map(({ suffix }, index) => {
        const own = points.filter((_point, at) => at % size === index);
        return checkpoints.arm(suffix, own);
      });
    let armed = arm();
    const handles = await Promise.all(fleet.map((shop) => shop.start(temporal.client)));
    let tried = 0;
    for (let round = 1; round <= rounds; round += 1) {
      const held = armed;
      const ended = handles.map((handle) => handle.result().then(() => false));
      ended.forEach((one) => one.catch(() => undefined));
      const reached = await Promise.all(
        held.map(async (one, index) => one !== undefined && Promise.race([one.reached.then(() => true), ended[index]]))
      );
      tried += reached.filter(Boolean).length;
      if (round < rounds) armed = arm();
      await disturbance(() => held.forEach((one) => one?.release()));
    }
    console.log(`${what}: ${tried} points tried; a run has ${all.length}`);
    await Promise.all(handles.map((handle) => handle.result()));
    for (const { plan } of fleet) expect(await evidenceOf(aws, plan), plan.name).toEqual(undisturbed);
    return tried;
  };

  beforeAll(async () => {
    scene = await makeScene('crash');
    aws = await startTestAws({ intercept: [checkpoints.intercept] });
    temporal = await RestartableTemporal.start(scene.folder);
    worker = startWorker();
    const shop = await open();
    checkpoints.begin(shop.suffix);
    await (await shop.start(temporal.client)).result();
    all = checkpointsOf(checkpoints.labels(shop.suffix));
    undisturbed = await evidenceOf(aws, shop.plan);
  });
  afterAll(async () => {
    worker?.child.kill('SIGKILL');
    await temporal?.stop();
    await aws?.stop();
    await scene?.remove();
  });

  it('starts each remote job once', () => {
    expect(Object.keys(undisturbed.warehouse).length).toBeGreaterThan(10);
    expect(new Set(Object.values(undisturbed.starts))).toEqual(new Set([1]));
  });

  it('whose worker is killed by SIGKILL at any point is carried on by the next worker', async () => {
    const points = isFull ? all : spread(all, 48);
    const tried = await disturb('SIGKILL', { points, rounds: isFull ? 4 : 2 }, async () => {
      worker.child.kill('SIGKILL');
      await worker.ended;
      worker = startWorker();
    });
    expect(tried).toBeGreaterThanOrEqual(30);
  }, 600_000);

  it('whose worker is drained by SIGTERM goes on under the next, and no remote job is stopped', async () => {
    const points = isFull ? all : spread(all, 12, { changes: false });
    const tried = await disturb('SIGTERM', { points, rounds: isFull ? 4 : 1 }, async (release) => {
      const draining = worker;
      draining.child.kill('SIGTERM');
      await draining.seen('draining');
      worker = startWorker();
      release();
      expect(await draining.ended, draining.stderr()).toBe(0);
    });
    expect(tried).toBeGreaterThanOrEqual(8);
    expect(aws.calls()).not.toHaveProperty(['glue.BatchStopJobRun']);
    expect(aws.calls()).not.toHaveProperty(['redshift-data.CancelStatement']);
  }, 600_000);

  it('goes on when the Temporal server has been killed and is back', async () => {
    const points = isFull ? all : spread(all, 12, { changes: false });
    const tried = await disturb('Temporal restart', { points, rounds: isFull ? 4 : 1 }, async (release) => {
      await temporal.restart();
      release();
    });
    expect(tried).toBeGreaterThanOrEqual(8);
  }, 600_000);
});
