import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Pair, Scalar, isScalar, parseDocument, visit } from 'yaml';
import { tokenize } from '../../local/redshift/dialect/tokens.js';
import { ConfigurationError, loadConfiguration } from '../../model/configuration.js';
import { ModelError, compile, parseModel } from '../../model/index.js';
import { root, sluice } from '../client/sluice.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice identifiers '));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Ways out of an identifier, a string, a comment, a line, a dollar quote; each would leave the bare word `evil`. */
const payloads = [
  `x"; DROP TABLE evil; --`,
  `x'; DROP TABLE evil; --`,
  `x\\'; DROP TABLE evil; --`,
  `x*/ DROP TABLE evil /*`,
  `x\n; DROP TABLE evil`,
  `$$; DROP TABLE evil; $$`,
  `$procedure$; DROP TABLE evil; $procedure$`,
  `x) AS evil`,
  `evil:run_key`,
];

/** The bare words of a statement, and of the procedure bodies in it. */
function bareWords(sql: string): string[] {
  return tokenize(sql).flatMap(({ kind, text }) => {
    if (kind === 'dollar') return bareWords(text.replace(/^\$\w*\$|\$\w*\$$/g, ''));
    return kind === 'word' || kind === 'comment' || kind === 'parameter' ? [text] : [];
  });
}

/** Copies of a document, each with one name or one text replaced. */
function* mutations(text: string, payload: string): Generator<{ where: string; text: string }> {
  const places: string[] = [];
  visit(parseDocument(text), {
    Scalar(key, node) {
      if (typeof node.value === 'string') places.push(`${String(key)} ${places.length}`);
    },
  });
  for (let index = 0; index < places.length; index += 1) {
    const document = parseDocument(text);
    let count = 0;
    let where = '';
    visit(document, {
      Scalar(key, node, path) {
        if (typeof node.value !== 'string') return;
        if (count++ !== index) return;
        const names = path.flatMap((one) => (one instanceof Pair && isScalar(one.key) ? [String(one.key.value)] : []));
        where = `${key === 'key' ? 'key' : 'value'} ${names.join('.')}`;
        const changed = new Scalar(payload);
        changed.type = Scalar.QUOTE_DOUBLE;
        const parent = path.at(-1);
        if (parent instanceof Pair) {
          if (key === 'key') parent.key = changed;
          else parent.value = changed;
        } else node.value = payload;
        return visit.BREAK;
      },
    });
    yield { where, text: String(document) };
  }
}

describe.each(['ecommerce', 'game'])('the model %s with a hostile name or text', (name) => {
  const text = readFileSync(join(root, 'examples', name, 'warehouse.yaml'), 'utf8');

  it.each(name === 'ecommerce' ? payloads : payloads.slice(0, 3))(
    '%j is refused, or stands in a string or a quoted identifier only',
    (payload) => {
      let [refused, compiled] = [0, 0];
      for (const one of mutations(text, payload)) {
        let plan;
        try {
          plan = compile(parseModel(one.text, join(root, 'examples', name, 'warehouse.yaml')));
        } catch (error) {
          expect(error, one.where).toBeInstanceOf(ModelError);
          refused += 1;
          continue;
        }
        compiled += 1;
        const statements: string[] = [];
        JSON.stringify(plan, (key, value: unknown) => {
          if (key === 'sql') statements.push(String(value));
          return value;
        });
        expect(statements.length).toBeGreaterThan(30);
        const touched = statements.filter((sql) => /evil/i.test(sql));
        const loose = touched.flatMap(bareWords).filter((word) => /evil/i.test(word));
        expect(loose, one.where).toEqual([]);
        for (const { jobName } of plan.entities) expect(jobName).toMatch(/^land_[a-z0-9_]+_job$/);
      }
      expect(refused).toBeGreaterThan(60);
      expect(compiled).toBeLessThan(refused / 2);
    }
  );
});

it('sees a statement that gets out of its quotes', () => {
  expect(bareWords(`SELECT "x"; DROP TABLE evil; --"`)).toContain('evil');
  expect(bareWords(`CREATE PROCEDURE p() AS $$ BEGIN DROP TABLE evil; END $$ LANGUAGE plpgsql`)).toContain('evil');
  expect(bareWords(`SELECT "evil", 'evil'`)).not.toContain('evil');
});

const configured = {
  buckets: { raw: 'a-bucket', lake: 'b-bucket', rawArchive: 'c-bucket', lakeArchive: 'd-bucket', quality: 'e-bucket' },
  redshift: { workgroup: 'group', database: 'sales' },
  glue: { catalogDatabase: 'lake', resultsDatabase: 'results' },
  notifications: { topicArn: 'arn:aws:sns:us-east-1:000000000000:topic' },
};

it('takes names of a configuration as AWS takes them, and no others', async () => {
  const file = join(folder, 'sluice.yaml');
  await writeFile(file, JSON.stringify(configured));
  expect(loadConfiguration({ file, env: {} }).deployment.buckets.raw).toBe('a-bucket');
  for (const [section, settings] of Object.entries(configured)) {
    for (const setting of Object.keys(settings)) {
      for (const payload of [...payloads, '../../other', '', ' ', 'a'.repeat(1000)]) {
        await writeFile(file, JSON.stringify({ ...configured, [section]: { ...settings, [setting]: payload } }));
        const refused = `${section}.${setting} ${payload}`;
        expect(() => loadConfiguration({ file, env: {} }), refused).toThrow(ConfigurationError);
      }
    }
  }
});

it('ends a command with 2 that is given such a name, before anything starts', async () => {
  const model = join(folder, 'model.yaml');
  const text = readFileSync(join(root, 'examples/ecommerce/warehouse.yaml'), 'utf8');
  await writeFile(model, text.replace('table: ecommerce', `table: 'x"; DROP TABLE evil; --'`));
  const commands = [
    { args: ['plan', '--model', model], told: /source\.table/ },
    { args: ['run', 'elt', '--run-key', `x'; DROP TABLE evil; --`], told: /a run key has/ },
    { args: ['plan', '--config', join(folder, 'sluice.yaml')], told: /topicArn: not the ARN/ },
  ];
  for (const { args, told } of commands) {
    const { code, stderr } = await sluice(args);
    expect({ args, code, stderr }).toMatchObject({ code: 2, stderr: expect.stringMatching(told) });
  }
});
