import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { clinicPlan, patient, visit } from './clinic.js';
import type { PatientFields } from './clinic.js';
import { MemberHistory } from './version-oracle.js';
import { Warehouse } from './warehouse.js';
import type { Item, Row } from './warehouse.js';

/** A day of January 2024, as the lake writes times. */
const day = (number: number): string => new Date(Date.UTC(2024, 0, number)).toISOString();
const at = (number: number | undefined): string | undefined => (number === undefined ? undefined : day(number));
const text = (time: number): string => new Date(time).toISOString();

const versionsSql = `
SELECT id, name, city, age, TO_CHAR(valid_from, 'YYYY-MM-DD') AS "from", TO_CHAR(valid_to, 'YYYY-MM-DD') AS "to", is_current
FROM dwh.patient WHERE patientkey <> 0 ORDER BY id, valid_from`;
const visitsSql = `
SELECT k.visit, p.id, p.name, p.city FROM dwh.visit v
JOIN staging.visitkey k ON k.visitkey = v.visitkey JOIN dwh.patient p ON p.patientkey = v.patientkey ORDER BY 1`;

let warehouse: Warehouse;
let runs = 0;
beforeAll(async () => {
  warehouse = await Warehouse.start();
});
afterAll(() => warehouse.close());

describe.each(['keep', 'delete'] as const)('a type 2 dimension with deletes: %s', (deletes) => {
  const plan = clinicPlan(deletes);
  const procedures = [...plan.staging, ...plan.dimensions, ...plan.facts].flat().map(({ procedure }) => procedure);

  beforeAll(() => warehouse.setUp(plan));
  beforeEach(() => warehouse.empty(plan));

  const run = (loadedTo: string | undefined, ...items: Item[]): Promise<void> =>
    warehouse.run(plan, items, `run-${(runs += 1)}`, loadedTo);
  const versions = async (): Promise<unknown[][]> =>
    (await warehouse.redshift(versionsSql)).map((row) => [row['name'], row['city'], row['from'], row['to']]);
  const visits = async (): Promise<unknown[][]> =>
    (await warehouse.redshift(visitsSql)).map((row) => [row['visit'], row['name'], row['city']]);

  it('has valid_from, valid_to and is_current, and keys in order of member and version', async () => {
    await run(day(2), patient('b', { name: 'Bo' }, day(1)), patient('a', { name: 'Al' }, day(1)));
    await run(day(4), patient('b', { name: 'Bob' }, day(3)), patient('a', { name: 'Al' }, day(1)));
    expect(await warehouse.redshift('SELECT * FROM dwh.patient ORDER BY patientkey')).toEqual([
      { ...{ patientkey: '1', id: 'a', name: 'Al', city: null, age: null }, ...open('1900-01-01') },
      { ...{ patientkey: '2', id: 'b', name: 'Bo', city: null, age: null }, ...closed('1900-01-01', day(3)) },
      { ...{ patientkey: '3', id: 'b', name: 'Bob', city: null, age: null }, ...open(day(3)) },
    ]);
    expect((await warehouse.counts(plan))['dwh.patient']).toBe(3);
  });
  const open = (from: string): Row => ({ valid_from: new Date(from), valid_to: null, is_current: true });
  const closed = (from: string, to: string): Row => ({
    ...{ valid_from: new Date(from), valid_to: new Date(to), is_current: false },
  });

  it('gives a fact the version of its time, also one from before the first, and one without time the current', async () => {
    const all = [
      ...[visit('1', 'a', '1850-01-01'), visit('2', 'a', day(1)), visit('3', 'a', day(4)), visit('4', 'a', day(5))],
      ...[visit('5', 'a', day(9)), visit('6', 'a'), visit('7', 'nobody', day(1))],
    ];
    await run(day(3), patient('a', { city: 'Rome' }, day(2)), ...all);
    await run(day(6), patient('a', { city: 'Oslo' }, day(5)), ...all);
    expect(await versions()).toEqual([
      [null, 'Rome', '1900-01-01', '2024-01-05'],
      [null, 'Oslo', '2024-01-05', null],
    ]);
    const cities = ['Rome', 'Rome', 'Rome', 'Oslo', 'Oslo', 'Oslo'];
    expect(await visits()).toEqual([
      ...cities.map((city, index) => [String(index + 1), null, city]),
      ['7', 'nobody', null],
    ]);
    expect(await warehouse.unknown(plan)).toEqual({ 'visit.patient': 1, 'visit.day': 1 });
  });

  it('takes NULL for a value: to it and from it is a change, from NULL to NULL is none', async () => {
    await run(day(1), patient('a', { name: 'Ä', city: null }, day(1)));
    await run(day(2), patient('a', { name: 'Ä', city: null }, day(2)));
    await run(day(3), patient('a', { name: 'Ä', city: '' }, day(3)));
    await run(day(4), patient('a', { name: null, city: '' }, day(4)));
    await run(day(5), patient('a', { name: '名前 🙂', city: '' }, day(5)));
    await run(day(6), patient('a', { name: '名前 🙂', city: '', age: '7' }, day(6)));
    expect(await versions()).toEqual([
      ['Ä', null, '1900-01-01', '2024-01-03'],
      ['Ä', '', '2024-01-03', '2024-01-04'],
      [null, '', '2024-01-04', '2024-01-05'],
      ['名前 🙂', '', '2024-01-05', '2024-01-06'],
      ['名前 🙂', '', '2024-01-06', null],
    ]);
  });

  it('takes the time of the load where a lake does not know when an item was written', async () => {
    await run(day(1), patient('a', { city: 'Rome' }));
    await run(day(3), patient('a', { city: 'Oslo' }));
    expect(await versions()).toEqual([
      [null, 'Rome', '1900-01-01', '2024-01-03'],
      [null, 'Oslo', '2024-01-03', null],
    ]);
  });

  it('takes the time of the first attempt where nothing else is known, and keeps to it', async () => {
    await run(undefined, patient('a', { city: 'Rome' }));
    await run(undefined, patient('a', { city: 'Oslo' }));
    const before = await warehouse.dump(plan);
    await warehouse.run(plan, [patient('a', { city: 'Oslo' })], `run-${runs}`);
    expect(await warehouse.dump(plan)).toEqual(before);
    const [rome, oslo] = await warehouse.redshift('SELECT valid_from, valid_to FROM dwh.patient ORDER BY valid_from');
    expect(rome!['valid_to']).toEqual(oslo!['valid_from']);
  });

  it('overwrites a version by what comes with the same time', async () => {
    await run(day(1), patient('a', { city: 'Rome' }, day(1)));
    await run(day(1), patient('a', { city: 'Roma' }, day(1)));
    expect(await versions()).toEqual([[null, 'Roma', '1900-01-01', null]]);
    await run(day(3), patient('a', { city: 'Oslo' }, day(3)));
    await run(day(3), patient('a', { city: 'Bergen' }, day(3)));
    expect(await versions()).toEqual([
      [null, 'Roma', '1900-01-01', '2024-01-03'],
      [null, 'Bergen', '2024-01-03', null],
    ]);
  });

  it('is not moved by a state from before what it knows, replayed late', async () => {
    const old = [patient('a', { city: 'Rome' }, day(1)), patient('b', { city: 'Bonn' }, day(1))];
    const visits = [visit('1', 'a', day(2)), visit('2', 'a', day(4))];
    await run(day(1), ...old, ...visits);
    await run(day(5), patient('a', { city: 'Oslo' }, day(3)), ...visits);
    const before = await warehouse.dump(plan);
    await run(day(1), ...old, ...visits);
    expect(await warehouse.dump(plan)).toEqual(before);
    await run(day(4), ...visits);
    expect(await warehouse.dump(plan)).toEqual(before);
  });

  it(`${deletes === 'keep' ? 'leaves a member current' : 'closes the version of a member'} that is gone`, async () => {
    const seen = [visit('1', 'a', day(2)), visit('2', 'a', day(4)), visit('3', 'a', day(7))];
    await run(day(1), patient('a', { city: 'Rome' }, day(1)), ...seen);
    await run(day(3), ...seen);
    expect(await versions()).toEqual([[null, 'Rome', '1900-01-01', deletes === 'keep' ? null : '2024-01-03']]);
    const gone = deletes === 'keep' ? [null, 'Rome'] : ['nobody', null];
    expect(await visits()).toEqual([
      ['1', null, 'Rome'],
      ['2', ...gone],
      ['3', ...gone],
    ]);
    await run(day(6), patient('a', { city: 'Rome' }, day(5)), ...seen);
    expect(await versions()).toEqual(
      deletes === 'keep'
        ? [[null, 'Rome', '1900-01-01', null]]
        : [
            [null, 'Rome', '1900-01-01', '2024-01-03'],
            [null, 'Rome', '2024-01-05', null],
          ]
    );
    expect((await visits())[2]).toEqual(['3', null, 'Rome']);
  });

  it('fails rather than lose its history with staging, or overwrite that of dwh', async () => {
    await run(day(1), patient('a', { city: 'Rome' }, day(1)));
    await run(day(2), patient('a', { city: 'Oslo' }, day(2)));
    const before = await warehouse.dump(plan);
    await warehouse.client.query('DELETE FROM staging.patient WHERE NOT is_current');
    await expect(run(day(3), patient('a', { city: 'Oslo' }, day(2)))).rejects.toThrow(
      'staging.patient, the history of the dimension, has 1 versions, but its last load recorded 2; restore it'
    );
    await warehouse.client.query('TRUNCATE staging.patient, staging.patientkey, sluice.loads_patient');
    await expect(run(day(3), patient('a', { city: 'Oslo' }, day(2)))).rejects.toThrow(
      'dwh.patient has 2 versions that staging.patient and staging.patientkey do not know; restore them'
    );
    expect(await warehouse.dump(plan)).toEqual(before);
  });

  it('loads nothing at all without complaint', async () => {
    await run(undefined);
    await run(day(1));
    expect(new Set(Object.values(await warehouse.counts(plan)))).toEqual(new Set([0]));
  });

  it('keeps what an oracle keeps, of any loads in any order, however often a step is called or a run cut short', async () => {
    const members = Array.from({ length: 12 }, (_, index) => `p${index}`);
    const time = fc.integer({ min: 1, max: 7 });
    const state = fc.record({
      fields: fc.option(fc.record({ name: fc.constantFrom(null, 'x', 'é'), city: fc.constantFrom(null, 'y') }), {
        nil: undefined,
        freq: 4,
      }),
      written: fc.option(time, { nil: undefined, freq: 6 }),
    });
    const load = fc.record({
      loadedTo: fc.option(time, { nil: undefined, freq: 5 }),
      states: fc.array(state, { minLength: members.length, maxLength: members.length }),
      calls: fc.option(fc.integer({ min: 0, max: procedures.length - 1 }), { nil: procedures.length, freq: 3 }),
      again: fc.integer({ min: 0, max: procedures.length }),
    });
    const facts = members.flatMap((id) =>
      [undefined, 1, 3, 4, 6, 9].map((seen) => ({ visit: `${id} ${seen ?? 'never'}`, id, seen }))
    );
    const stateText = ({ name = null, city = null }: PatientFields): string => JSON.stringify([name, city]);

    await fc.assert(
      fc.asyncProperty(fc.array(load, { minLength: 2, maxLength: 6 }), async (loads) => {
        await warehouse.empty(plan);
        const histories = new Map(members.map((id) => [id, new MemberHistory(deletes)]));
        // The last run is not cut short, so that there is something to compare.
        const complete = { ...loads.at(-1)!, calls: procedures.length };
        for (const { loadedTo, states, calls, again } of [...loads.slice(0, -1), complete]) {
          const runKey = `run-${(runs += 1)}`;
          const items = [
            ...states.flatMap(({ fields, written }, index) =>
              fields === undefined ? [] : [patient(members[index]!, fields, at(written))]
            ),
            ...facts.map(({ visit: name, id, seen }) => visit(name, id, at(seen))),
          ];
          await warehouse.landAll(plan, items, runKey, at(loadedTo));
          for (const [index, procedure] of procedures.slice(0, calls).entries()) {
            await warehouse.call(procedure, runKey);
            if (index < again) await warehouse.call(procedure, runKey);
          }
          if (!procedures.slice(0, calls).includes('staging.load_patient')) continue;
          const [first] = await warehouse.redshift(`SELECT loaded_to FROM sluice.loads_patient WHERE layer = 'begin'`);
          for (const [index, { fields, written }] of states.entries()) {
            histories.get(members[index]!)!.load({
              state: fields && stateText(fields),
              written: written && Date.parse(day(written)),
              loadedTo: loadedTo && Date.parse(day(loadedTo)),
              now: (first!['loaded_to'] as Date).getTime(),
            });
          }
        }
        const kept = await warehouse.redshift(
          'SELECT id, name, city, valid_from, valid_to, is_current FROM dwh.patient WHERE patientkey <> 0 ORDER BY id, valid_from'
        );
        const since = (from: number): string => (from === -Infinity ? text(Date.UTC(1900, 0, 1)) : text(from));
        expect(
          kept.map(({ id, name, city, valid_from, valid_to, is_current }) => [
            ...[id, stateText({ name: name as string, city: city as string }), (valid_from as Date).toISOString()],
            ...[(valid_to as Date | null)?.toISOString() ?? null, is_current],
          ])
        ).toEqual(
          [...members]
            .sort()
            .flatMap((id) =>
              histories
                .get(id)!
                .versions.map(({ from, to, state: held }) => [
                  ...[id, held, since(from)],
                  ...(to === Infinity ? [null, true] : [text(to), false]),
                ])
            )
        );
        const taken = await warehouse.redshift(
          `SELECT k.visit, p.valid_from, p.patientkey FROM dwh.visit v
JOIN staging.visitkey k ON k.visitkey = v.visitkey JOIN dwh.patient p ON p.patientkey = v.patientkey`
        );
        expect(
          new Map(
            taken.map((row) => [
              row['visit'],
              row['patientkey'] === '0' ? null : (row['valid_from'] as Date).toISOString(),
            ])
          )
        ).toEqual(
          new Map(
            facts.map(({ visit: name, id, seen }) => {
              const version = histories.get(id)!.at(seen && Date.parse(day(seen)));
              return [name, version === undefined ? null : since(version.from)];
            })
          )
        );
      }),
      { numRuns: 25 }
    );
  });
});
