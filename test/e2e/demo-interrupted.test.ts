import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findTemporalServer, startTemporalServer } from '../../local/temporal/index.js';
import { searchAttributes } from '../../model/elt-run.js';
import { lastLine } from '../client/sluice.js';
import { hasProc } from './process-tree.js';
import { makeScene } from './scene.js';
import type { Scene } from './scene.js';

let scene: Scene;
beforeEach(async () => {
  scene = await makeScene('interrupted');
});
afterEach(async () => {
  await scene.remove();
});

const nothing = { processes: [], files: [] };

describe('a demo that is interrupted', () => {
  it.each([
    ['SIGINT', 'Start the local AWS'],
    ['SIGINT', 'Load the table'],
    ['SIGINT', 'Export the table'],
    ['SIGTERM', 'Check the source'],
  ] as const)('by %s at "%s" stops everything and exits with 130', async (signal, moment) => {
    const demo = scene.start(['demo', '--scale', '2000', '--json']);
    await demo.seen(moment);
    scene.note();
    demo.child.kill(signal);
    expect(await demo.ended, demo.stderr()).toBe(130);
    expect(lastLine(demo.stdout())).toEqual({ error: { message: 'Interrupted.' } });
    expect(await scene.leftovers()).toEqual(nothing);
  });

  it.runIf(hasProc)('twice ends at once, and its servers end with it', async () => {
    const demo = scene.start(['demo', '--scale', '2000']);
    await demo.seen('Export the table');
    scene.note();
    demo.child.kill('SIGINT');
    await demo.seen('a second one ends at once');
    demo.child.kill('SIGINT');
    expect(await demo.ended).toBe(130);
    expect((await scene.leftovers()).processes).toEqual([]);
  });

  it.runIf(hasProc)('even by SIGKILL leaves no process, and the next command sweeps its files', async () => {
    const demo = scene.start(['demo', '--scale', '2000']);
    await demo.seen('Export the table');
    scene.note();
    demo.child.kill('SIGKILL');
    await demo.ended;
    expect((await scene.leftovers()).processes).toEqual([]);
    const down = scene.start(['down', '--json']);
    expect(await down.ended).toBe(0);
    expect(await scene.leftovers()).toEqual(nothing);
  });
});

describe('a demo that loses a server', () => {
  it.runIf(hasProc).each([
    ['Temporal', 'server start-dev', 'The Temporal server ended unexpectedly'],
    ['PostgreSQL', '/postgres ', "The warehouse's PostgreSQL ended unexpectedly"],
  ])('%s fails with its name, and stops the rest', async (_, command, message) => {
    const demo = scene.start(['demo', '--scale', '3000', '--json']);
    await demo.seen('Check the source');
    const server = scene.note(command).find((found) => !found.command.startsWith('/bin/sh'));
    expect(server).toBeDefined();
    process.kill(server?.pid ?? 0, 'SIGKILL');
    expect(await demo.ended, demo.stderr()).toBe(1);
    expect(demo.stderr()).toContain(`sluice: ${message}`);
    expect(JSON.stringify(lastLine(demo.stdout()))).toContain(message);
    expect(await scene.leftovers()).toEqual(nothing);
  });

  it("of the user's own, by TEMPORAL_ADDRESS, gives up after half a minute without an answer", async () => {
    const temporal = await startTemporalServer({
      executable: await findTemporalServer({ onEvent: () => undefined }),
      namespace: 'default',
      searchAttributes: Object.fromEntries(searchAttributes.map((name) => [name, 'Keyword' as const])),
      onEvent: () => undefined,
    });
    try {
      const demo = scene.start(['demo', '--scale', '3000'], { TEMPORAL_ADDRESS: temporal.address });
      await demo.seen('Check the source');
      scene.note();
      await temporal.stop();
      expect(await demo.ended, demo.stderr()).toBe(1);
      expect(demo.stderr()).toMatch(
        new RegExp(`sluice: .*${temporal.address.replaceAll('.', '\\.')} has not answered for`)
      );
      expect(await scene.leftovers()).toEqual(nothing);
    } finally {
      await temporal.stop();
    }
  });
});

describe('a demo whose run fails', () => {
  it('tells the reason, exits with 1 and stops everything', async () => {
    const model = join(scene.folder, 'warehouse.yaml');
    const example = await readFile(join(import.meta.dirname, '../../examples/ecommerce/warehouse.yaml'), 'utf8');
    await writeFile(model, example.replace('rejects: reject', 'rejects: fail'));
    const items = join(scene.folder, 'items.jsonl');
    const line = { PK: { S: 'PROD#a' }, SK: { S: 'ORD#1' }, type: { S: 'product' }, price: { S: 'secret-price' } };
    await writeFile(items, `${JSON.stringify({ Item: line })}\n`);
    const demo = scene.start(['demo', '--model', model, '--items', items, '--json']);
    await demo.seen('Export the table');
    scene.note();
    expect(await demo.ended, demo.stderr()).toBe(1);
    expect(demo.stderr()).toMatch(/sluice: The run failed: .*price/);
    expect(demo.stderr()).not.toContain('secret-price');
    expect(lastLine(demo.stdout())).toMatchObject({ error: { message: expect.stringContaining('price') as string } });
    expect(await scene.leftovers()).toEqual(nothing);
  });
});
