import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fullExportAsOf, planExports, windowsDue } from '../../model/windows.js';
import type { ExportState } from '../../model/windows.js';

const minute = 60_000;
const day = 24 * 60 * minute;
const moment = fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2040, 0, 1) });

describe('windowsDue', () => {
  it('abuts windows of 15 minutes to 24 hours, none in the future, and leaves less than 15 minutes', () => {
    fc.assert(
      fc.property(moment, fc.integer({ min: -day, max: 40 * day }), (from, length) => {
        const now = from + length;
        const windows = windowsDue(from, now).map(({ from, to }) => ({ from: Date.parse(from), to: Date.parse(to) }));
        let reached = from;
        for (const { from: start, to } of windows) {
          expect(start).toBe(reached);
          expect(to - start).toBeGreaterThanOrEqual(15 * minute);
          expect(to - start).toBeLessThanOrEqual(day);
          expect(to).toBeLessThanOrEqual(now);
          reached = to;
        }
        expect(now - reached).toBeLessThan(15 * minute + 1000);
      })
    );
  });

  it('comes to the same end in many runs as in one, but for what waits', () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 3 * day }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(moment, gaps, (begin, pauses) => {
        let now = begin;
        let reached = begin;
        for (const pause of pauses) {
          now += pause;
          for (const { from, to } of windowsDue(reached, now)) {
            expect(Date.parse(from)).toBe(reached);
            reached = Date.parse(to);
          }
        }
        expect(reached).toBeLessThanOrEqual(now);
        expect(now - reached).toBeLessThan(15 * minute + 1000);
      })
    );
  });

  it('knows no daylight saving: a day in March has one window', () => {
    const from = Date.parse('2026-03-28T23:00:00Z');
    expect(windowsDue(from, from + day)).toEqual([
      { from: '2026-03-28T23:00:00.000Z', to: '2026-03-29T23:00:00.000Z' },
    ]);
  });
});

describe('planExports', () => {
  const state: ExportState = {
    now: '2026-03-03T00:00:00.000Z',
    source: { tableId: 't1', earliest: '2026-02-01T00:00:00.000Z' },
    lake: { asOf: '2026-03-02T00:00:00.000Z', tableId: 't1' },
    watermark: { loadedTo: '2026-03-02T00:00:00.000Z', tableId: 't1' },
  };

  it('begins where the lake ends, be the warehouse ahead or behind', () => {
    const lake = { asOf: '2026-03-01T12:00:00.000Z', tableId: 't1' };
    for (const loadedTo of ['2026-03-01T00:00:00.000000Z', '2026-03-02T00:00:00.000000Z']) {
      expect(planExports({ ...state, lake, watermark: { loadedTo, tableId: 't1' } })).toEqual({
        kind: 'windows',
        from: '2026-03-01T12:00:00.000Z',
        windows: [
          { from: '2026-03-01T12:00:00.000Z', to: '2026-03-02T12:00:00.000Z' },
          { from: '2026-03-02T12:00:00.000Z', to: '2026-03-03T00:00:00.000Z' },
        ],
      });
    }
  });

  it('looks twice at the first window after a full export: from before it, and from its own time', () => {
    const full = { asOf: '2026-03-02T12:00:00.000Z', exportTime: '2026-03-02T12:01:00.000Z', tableId: 't1' };
    const plan = planExports({ ...state, lake: full });
    expect(plan).toMatchObject({
      windows: [
        { from: full.asOf, to: '2026-03-03T00:00:00.000Z' },
        { from: full.exportTime, to: '2026-03-03T00:00:00.000Z' },
      ],
    });
    expect(planExports({ ...state, lake: full, now: '2026-03-02T12:15:30.000Z' })).toMatchObject({ windows: [] });
  });

  it('has no window when less than 15 minutes are due', () => {
    const plan = planExports({ ...state, now: '2026-03-02T00:14:59.999Z' });
    expect(plan).toMatchObject({ kind: 'windows', windows: [] });
  });

  it.each([
    ['a warehouse that was never loaded', { watermark: undefined }],
    ['a lake without a base', { lake: undefined }],
  ])('takes the whole table for %s', (_what, missing) => {
    expect(planExports({ ...state, ...missing })).toMatchObject({ kind: 'baseline' });
  });

  it.each([
    ['history that begins after it', { source: { tableId: 't1', earliest: '2026-03-02T00:00:00.001Z' } }],
    ['a table that was made again', { source: { tableId: 't2', earliest: '2026-02-01T00:00:00.000Z' } }],
    ['a warehouse of an earlier table', { watermark: { loadedTo: '2026-03-02T00:00:00.000Z', tableId: 't0' } }],
  ])('names a gap for %s', (_what, change) => {
    expect(planExports({ ...state, ...change })).toMatchObject({ kind: 'gap', from: '2026-03-02T00:00:00.000Z' });
  });
});

it('takes a full export to be complete a minute before its time, unless its history is younger', () => {
  const time = '2026-03-02T00:00:30.000Z';
  expect(fullExportAsOf(time, '2026-02-01T00:00:00.000Z')).toBe('2026-03-01T23:59:30.000Z');
  expect(fullExportAsOf(time, '2026-03-02T00:00:10.000Z')).toBe('2026-03-02T00:00:10.000Z');
  expect(fullExportAsOf(time, '2026-03-02T00:00:31.000Z')).toBe('2026-03-01T23:59:30.000Z');
});
