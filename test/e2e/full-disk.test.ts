import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lastLine } from '../client/sluice.js';
import { makeScene } from './scene.js';
import type { Scene } from './scene.js';

/** A small disk needs root and the right to mount, which containers may lack. */
function mayMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-mount-'));
  try {
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder]).status !== 0) return false;
    return spawnSync('umount', [folder]).status === 0;
  } finally {
    rmdirSync(folder);
  }
}

describe.skipIf(!mayMount())('a demo whose disk is full', () => {
  let scene: Scene;
  let small: string;
  beforeEach(async () => {
    scene = await makeScene('disk');
    small = join(scene.folder, 'small');
    await mkdir(small);
  });
  afterEach(async () => {
    spawnSync('umount', [small]);
    await scene.remove();
  });

  it.each([
    { size: '20m', where: 'before PostgreSQL is set up' },
    { size: '68m', where: 'while the table is loaded' },
  ])('$where says so, exits with 1 and leaves nothing', async ({ size }) => {
    expect(spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', small]).status).toBe(0);
    const demo = scene.start(['demo', '--scale', '60000', '--json'], { TMPDIR: small });
    await demo.seen('Start the local AWS');
    scene.note();
    expect(await demo.ended, demo.stderr()).toBe(1);
    const { error } = lastLine(demo.stdout()) as { error: { message: string } };
    expect(error.message).toMatch(/^The disk that holds .*small.* is full\. Free some space there/);
    expect((await scene.leftovers()).processes).toEqual([]);
  });
});
