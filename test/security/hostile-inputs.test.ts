import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGzip, gzipSync } from 'node:zlib';
import { createWriteStream, existsSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { validateItemsFile } from '../../client/items/items-file.js';
import { UsageError } from '../../client/errors.js';
import { parseFaultScript, FaultScriptError } from '../../local/faults/index.js';
import { ConfigurationError, loadConfiguration } from '../../model/configuration.js';
import { ModelError, parseModel } from '../../model/index.js';
import { parse } from '../../quality/index.js';
import { sluice } from '../client/sluice.js';
import { startLocalS3 } from '../local/s3/local-s3.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice hostile '));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('YAML whose aliases stand for a billion texts', () => {
  const levels = ['a: &a [x, x, x, x, x, x, x, x, x, x]'];
  for (const [level, before] of ['b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'].entries()) {
    const of = 'abcdefgh'[level]!;
    levels.push(`${before}: &${before} [${Array.from({ length: 10 }, () => `*${of}`).join(', ')}]`);
  }
  const bomb = `${levels.join('\n')}\n`;

  it('is refused as a model, a configuration and a fault script', async () => {
    const file = join(folder, 'bomb.yaml');
    await writeFile(file, bomb);
    expect(() => parseModel(bomb, 'bomb.yaml')).toThrow(ModelError);
    expect(() => loadConfiguration({ file, env: {} })).toThrow(ConfigurationError);
    expect(() => loadConfiguration({ file, env: {} })).toThrow(/alias/i);
    expect(() => parseFaultScript(bomb, 'bomb.yaml')).toThrow(FaultScriptError);
  });

  it('ends a command with 2', async () => {
    const { code, stderr } = await sluice(['plan', '--config', join(folder, 'bomb.yaml')], { cwd: folder });
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/alias/i) });
  });
});

describe('a gzip file', () => {
  const keys = { keys: [{ name: 'PK', type: 'S', role: 'HASH' }], indexes: [] } as const;

  it('with a line of half a gigabyte in half a megabyte is refused without being held in memory', async () => {
    const file = join(folder, 'bomb.jsonl.gz');
    const chunk = Buffer.alloc(1024 * 1024, 'a');
    const lots = Readable.from(
      (function* () {
        for (let index = 0; index < 512; index += 1) yield chunk;
      })()
    );
    await pipeline(lots, createGzip(), createWriteStream(file));
    const before = process.memoryUsage.rss();
    const error: unknown = await validateItemsFile(file, keys).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UsageError);
    expect((error as UsageError).problems?.join()).toMatch(/more than 16777216 bytes/);
    expect(process.memoryUsage.rss() - before).toBeLessThan(256 * 1024 * 1024);
  });

  it('within a gzip file is no items', async () => {
    const file = join(folder, 'twice.jsonl.gz');
    await writeFile(file, gzipSync(gzipSync('{"Item": {"PK": {"S": "a"}}}\n')));
    await expect(validateItemsFile(file, keys)).rejects.toThrow(UsageError);
  });
});

it('keeps S3 objects in its folder, whatever their keys say, and gives them back', async () => {
  const s3 = await startLocalS3();
  try {
    await s3.client.send(new CreateBucketCommand({ Bucket: 'hostile' }));
    const outside = `sluice-outside-${process.pid}`;
    const hostile = [
      `../../../../../../../../tmp/${outside}`,
      `/tmp/${outside}`,
      `a/../../../${outside}`,
      `..\\${outside}`,
    ];
    for (const Key of hostile) await s3.client.send(new PutObjectCommand({ Bucket: 'hostile', Key, Body: Key }));
    for (const Key of hostile) {
      const { Body } = await s3.client.send(new GetObjectCommand({ Bucket: 'hostile', Key }));
      expect(await Body?.transformToString()).toBe(Key);
    }
    expect(existsSync(join('/tmp', outside))).toBe(false);
    expect(existsSync(join(tmpdir(), outside))).toBe(false);
  } finally {
    await s3.close();
  }
});

describe('rulesets', () => {
  it('of a hundred thousand brackets are refused with a position, not by running out of stack', () => {
    const deep = `Rules = [ ${'('.repeat(100_000)}`;
    expect(() => parse(deep)).toThrow(expect.objectContaining({ name: 'DqdlSyntaxError' }));
  });

  it('whose pattern would take for ever elsewhere end: the engine matches in linear time', async () => {
    const data = join(folder, 'words.csv');
    await writeFile(data, `word\n${'a'.repeat(5_000)}!\n`);
    const ruleset = join(folder, 'patterns.dqdl');
    await writeFile(ruleset, 'Rules = [ ColumnValues "word" matches "(a+)+$" ]');
    const { code, stderr } = await sluice(['dq', 'evaluate', '--data', data, '--ruleset', ruleset, '--json'], {
      cwd: folder,
    });
    expect({ code, stderr }).toMatchObject({ code: 3 });
  });

  it('are not evaluated over a file that is no table, and none of it is shown', async () => {
    const { code, stderr } = await sluice(
      ['dq', 'evaluate', '--data', '../../../../etc/passwd', '--ruleset', 'none.dqdl'],
      {
        cwd: folder,
      }
    );
    expect(code).toBe(2);
    expect(stderr).not.toContain('root:');
  });
});
