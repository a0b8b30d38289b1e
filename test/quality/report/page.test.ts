import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { reportOfResults } from '../../../quality/report/render-report.js';
import type { ResultDocument } from '../../../quality/results/result-document.js';
import { chromiumPath, startBrowser } from './browser.js';
import { hostile, madeResults } from './made-results.js';

if (chromiumPath === undefined) {
  console.warn('The scorecard is not tested in a browser: install chromium, or name one by CHROMIUM_PATH.');
}

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const results = [...new Map(madeResults().map((result) => [result.resultId, result])).values()];

/** What stands in the page, read as people do: texts of the elements. */
async function readPage(page: Page): Promise<{ summary: Record<string, string>; tables: Record<string, string[][]> }> {
  const texts = (selector: string): Promise<string[]> => page.locator(selector).allTextContents();
  const rows = (id: string): Promise<string[][]> =>
    page
      .locator(`#${id} tbody tr`)
      .evaluateAll((found) => found.map((row) => Array.from(row.children, ({ textContent }) => textContent ?? '')));
  const [names, values] = [await texts('#summary dt'), await texts('#summary dd')];
  const tables: Record<string, string[][]> = {};
  for (const id of ['score-table', 'outcomes-table', 'days-table', 'rows-table', 'pivot', 'failing']) {
    tables[id] = await rows(id);
  }
  return { summary: Object.fromEntries(names.map((name, at) => [name, values[at] ?? ''])), tables };
}

const total = (of: readonly ResultDocument[], field: keyof ResultDocument): number =>
  of.reduce((sum, result) => sum + Number(result[field] ?? 0), 0);
const shown = (value: number): string => value.toLocaleString('en-US');
const percent = (value: number): string =>
  value.toLocaleString('en-US', { style: 'percent', maximumFractionDigits: 1 });

/** Compares every figure with the stored results that a filter leaves. */
async function expectFigures(page: Page, of: readonly ResultDocument[]): Promise<void> {
  const { summary, tables } = await readPage(page);
  const errors = of.flatMap(({ resultrun }) => resultrun.filter(({ Result }) => Result === 'ERROR')).length;
  const failed = total(of, 'numRulesFailed') - errors;
  const telling = of.filter(({ totalRows }) => totalRows !== undefined);
  const clean = total(telling, 'passedRows');
  expect(summary).toEqual({
    'Mean score': percent(total(of, 'score') / of.length),
    Results: shown(of.length),
    'Rules passed': shown(total(of, 'numRulesSucceeded')),
    'Rules failed': shown(failed),
    'Rules with an error': shown(errors),
    'Clean rows': telling.length === 0 ? '–' : percent(clean / total(telling, 'totalRows')),
  });
  expect(tables['outcomes-table']!.map(([name, count]) => [name, count])).toEqual([
    ['Passed', shown(total(of, 'numRulesSucceeded'))],
    ['Failed', shown(failed)],
    ['Error', shown(errors)],
    ['Skipped', shown(total(of, 'numRulesSkipped'))],
  ]);
  const days = [...new Set(of.map(({ completedOn }) => completedOn.slice(0, 10)))].sort();
  const onDay = (day: string): ResultDocument[] => of.filter(({ completedOn }) => completedOn.startsWith(day));
  expect(tables['days-table']!.map(([day, count, passed]) => [day, count, passed])).toEqual(
    days.map((day) => [day, shown(onDay(day).length), shown(total(onDay(day), 'numRulesSucceeded'))])
  );
  expect(tables['score-table']!.map(([day, score]) => [day, score])).toEqual(
    days.map((day) => [day, percent(total(onDay(day), 'score') / onDay(day).length)])
  );
  const cleared = telling.filter(({ state }) => state === 'SUCCEEDED');
  expect(tables['rows-table']!.map(([, count]) => count)).toEqual(
    [total(telling, 'totalRows'), clean, total(cleared, 'passedRows')].map(shown)
  );
  const names = new Set(of.map(({ databaseName, tableName }) => `${databaseName}.${tableName}`));
  expect(tables['pivot']!.map(([name]) => name)).toEqual([...names].sort());
  expect(tables['failing']).toHaveLength(Math.min(50, failed + errors));
}

describe.skipIf(chromiumPath === undefined)('the scorecard in a browser', () => {
  let browser: Browser;
  let folder: string;
  let address: string;
  const problems: string[] = [];

  async function open(colorScheme: 'light' | 'dark' = 'light', url = address): Promise<Page> {
    const page = await browser.newPage({ colorScheme, viewport: { width: 1280, height: 900 } });
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) problems.push(message.text());
    });
    page.on('pageerror', (error) => problems.push(String(error)));
    page.on('request', (request) => {
      if (!/^(file|data):/.test(request.url())) problems.push(`request to ${request.url()}`);
    });
    await page.goto(url);
    return page;
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-report-'));
    const file = join(folder, 'report.html');
    await writeFile(file, await reportOfResults(madeResults(), new Date('2026-03-09T00:00:00Z')));
    address = pathToFileURL(file).href;
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });
  // Errors of the console, of scripts and of the page's policy, and whatever it would load.
  afterEach(() => expect(problems.splice(0)).toEqual([]));

  it('shows the figures of the stored results, before and after filtering', async () => {
    const page = await open();
    await expectFigures(page, results);
    for (const id of ['score-chart', 'outcomes-chart', 'days-chart', 'rows-chart']) {
      expect(await page.locator(`#${id} svg path`).count()).toBeGreaterThan(2);
    }

    await page.selectOption('#database', 'shop');
    const inShop = results.filter(({ databaseName }) => databaseName === 'shop');
    await expectFigures(page, inShop);
    expect(await page.locator('#table option').allTextContents()).toEqual(['All', 'items', 'orders']);

    await page.selectOption('#table', 'orders');
    await page.fill('#from', '2026-03-02');
    await page.fill('#to', '2026-03-06');
    await page.dispatchEvent('#to', 'change');
    const few = inShop.filter(
      ({ tableName, completedOn }) =>
        tableName === 'orders' && completedOn >= '2026-03-02' && completedOn < '2026-03-07'
    );
    expect(few).toHaveLength(5);
    await expectFigures(page, few);

    await page.click('button[type=reset]');
    await page.selectOption('#ruleset', hostile.ruleset);
    await expectFigures(
      page,
      results.filter(({ ruleset_name: name }) => name === hostile.ruleset)
    );
    await page.close();
  });

  it('takes nothing of the results for markup', async () => {
    const page = await open();
    expect(await page.evaluate(`'hacked' in window`)).toBe(false);
    const failing = (await page.locator('#failing').textContent()) ?? '';
    for (const text of [hostile.table, hostile.ruleset, hostile.message, hostile.key]) expect(failing).toContain(text);
    expect(await page.locator('main img, main script').count()).toBe(0);
    await page.hover('#score-chart'); // the tooltip names tables
    expect(await page.evaluate(`'hacked' in window`)).toBe(false);
    await page.close();
  });

  it.each(['light', 'dark'] as const)(
    'has no violations of accessibility in %s, of its own or by the button',
    async (scheme) => {
      const page = await open(scheme);
      const violations = async (): Promise<unknown[]> => {
        // As an isolated script: the page's policy lets no other run.
        const session = await page.context().newCDPSession(page);
        const evaluate = async (expression: string): Promise<unknown> => {
          const { result, exceptionDetails } = await session.send('Runtime.evaluate', {
            expression,
            awaitPromise: true,
            returnByValue: true,
          });
          if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
          return result.value;
        };
        await evaluate(await readFile(axe, 'utf8'));
        const found = await evaluate(
          'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join()}`))'
        );
        await session.detach();
        return found as unknown[];
      };
      const theme = (): Promise<string | null> => page.getAttribute('html', 'data-theme');
      expect(await theme()).toBe(scheme);
      for (const details of await page.locator('details').all()) await details.locator('summary').click();
      expect(await violations()).toEqual([]);
      await page.click('#theme');
      expect(await theme()).toBe(scheme === 'dark' ? 'light' : 'dark');
      expect(await violations()).toEqual([]);
      await page.close();
    }
  );

  it('is operated by keys alone', async () => {
    const page = await open();
    const focused = (): Promise<string> =>
      page.evaluate('document.activeElement.id || document.activeElement.textContent');
    const order: string[] = [];
    for (let press = 0; press < 7; press += 1) {
      await page.keyboard.press('Tab');
      order.push(await focused());
    }
    expect(order).toEqual(['Skip to the figures', 'theme', 'database', 'table', 'ruleset', 'from', 'from']);
    const outline = await page.evaluate('getComputedStyle(document.activeElement).outlineStyle');
    expect(outline).toBe('solid');
    await page.focus('#theme');
    await page.keyboard.press('Space');
    expect(await page.getAttribute('#theme', 'aria-pressed')).toBe('true');
    await page.keyboard.press('Tab');
    await page.keyboard.press('ArrowDown');
    expect(await page.inputValue('#database')).toBe('shop');
    await expectFigures(
      page,
      results.filter(({ databaseName }) => databaseName === 'shop')
    );
    await page.focus('#days-table summary');
    await page.keyboard.press('Enter');
    expect(await page.isVisible('#days-table table')).toBe(true);
    await page.close();
  });

  it('prints in light, with its tables unfolded', async () => {
    const page = await open('dark');
    await page.evaluate(`dispatchEvent(new Event('beforeprint'))`);
    expect(await page.getAttribute('html', 'data-theme')).toBe('light');
    expect(await page.locator('details:not([open])').count()).toBe(0);
    await page.evaluate(`dispatchEvent(new Event('afterprint'))`);
    expect(await page.getAttribute('html', 'data-theme')).toBe('dark');
    expect(await page.locator('details[open]').count()).toBe(0);
    expect((await page.pdf()).length).toBeGreaterThan(10_000);
    await page.close();
  });

  it('says so when there are no results', async () => {
    const file = join(folder, 'empty.html');
    await writeFile(file, await reportOfResults([], new Date()));
    const page = await open('light', pathToFileURL(file).href);
    expect(await page.textContent('#status')).toContain('There are no results to show.');
    expect(await page.isVisible('#figures')).toBe(false);
    expect(await page.isVisible('#filters')).toBe(false);
    await page.close();
  });
});
