import type { Figures } from '../figures.js';
import { tableName } from '../figures.js';
import type { FailingRule, ReportData } from '../report-data.js';
import { byId, element } from './elements.js';
import { count, counted } from './texts.js';

/** Rules that are shown at first, and that each press of the button adds. */
const step = 50;
const keysAtFirst = 3;

/** Draws the rules that did not pass, the newest first, as far as the page holds them. */
export function drawFailingRules(data: ReportData, { failingRules, rules }: Figures): void {
  const all = rules.failed + rules.error;
  byId('failing-note').textContent =
    all === 0
      ? 'Every rule passed.'
      : `${counted(all, 'rule')} failed or had an error` +
        (failingRules.length < all ? `; the page holds the newest ${count(failingRules.length)} of them.` : '.');
  const body = element('tbody');
  const columns = ['Completed (UTC)', 'Table and ruleset', 'Rule', 'Outcome', 'Message', 'Failing rows', 'Sample keys'];
  const head = element('tr', {}, ...columns.map((name) => element('th', { scope: 'col' }, name)));
  const place = byId('failing');
  place.hidden = failingRules.length === 0;
  place.replaceChildren(element('table', {}, element('thead', {}, head), body));
  const more = byId<HTMLButtonElement>('more');
  const add = (): void => {
    const from = body.rows.length;
    body.append(...failingRules.slice(from, from + step).map((rule) => row(data, rule)));
    const left = failingRules.length - body.rows.length;
    more.hidden = left === 0;
    more.textContent = `Show ${count(Math.min(step, left))} more of ${count(left)}`;
  };
  more.onclick = add;
  add();
}

function row(data: ReportData, rule: FailingRule): HTMLTableRowElement {
  const scope = data.scopes[rule.scope]!;
  const outcome = element('span', { class: `outcome ${rule.result.toLowerCase()}` }, rule.result);
  return element(
    'tr',
    {},
    element('td', { class: 'nowrap' }, rule.completedOn.slice(0, 16).replace('T', ' ')),
    element('td', { class: 'long' }, tableName(scope), element('small', {}, scope.ruleset)),
    element('td', { class: 'long' }, element('code', {}, rule.rule)),
    element('td', {}, outcome),
    element('td', { class: 'long' }, rule.message),
    element('td', { class: 'number' }, rule.failedRows === undefined ? '–' : count(rule.failedRows)),
    element('td', { class: 'long' }, ...keys(rule.sampleKeys))
  );
}

function keys(sample: readonly string[]): HTMLElement[] {
  const list = (of: readonly string[]): HTMLElement =>
    element('ul', {}, ...of.map((key) => element('li', {}, element('code', {}, key))));
  if (sample.length === 0) return [];
  const rest = sample.slice(keysAtFirst);
  const first = list(sample.slice(0, keysAtFirst));
  if (rest.length === 0) return [first];
  return [first, element('details', {}, element('summary', {}, `${rest.length} more`), list(rest))];
}
