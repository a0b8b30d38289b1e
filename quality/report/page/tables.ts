import type { Figures } from '../figures.js';
import { byId, element } from './elements.js';
import type { Content } from './elements.js';
import { count, share } from './texts.js';

const headRow = (columns: readonly string[]): HTMLElement =>
  element('thead', {}, element('tr', {}, ...columns.map((name) => element('th', { scope: 'col' }, name))));

/** A table whose first column names the rows. */
export function table(caption: string, columns: readonly string[], rows: readonly (readonly Content[])[]): HTMLElement {
  const body = rows.map(([name = '', ...cells]) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row' }, name),
      ...cells.map((cell) => (cell instanceof HTMLTableCellElement ? cell : element('td', { class: 'number' }, cell)))
    )
  );
  return element('table', {}, element('caption', {}, caption), headRow(columns), element('tbody', {}, ...body));
}

/** Puts the text alternative of a chart below it, folded; it stays unfolded while filters change. */
function beside(id: string, label: string, content: HTMLElement): void {
  const place = byId(id);
  const open = place.querySelector('details')?.open === true;
  const details = element(
    'details',
    {},
    element('summary', {}, `${label} as a table`),
    element('div', { class: 'scroll', role: 'region', 'aria-label': `${label} as a table`, tabindex: '0' }, content)
  );
  details.open = open;
  place.replaceChildren(details);
}

/** Lines of the funnel: what is counted, and how many. */
export const funnelStages = ({ rows }: Figures): readonly (readonly [name: string, rows: number])[] => [
  ['Evaluated', rows.evaluated],
  ['Clean', rows.clean],
  ['Clean, all rules passed', rows.cleared],
];

/** Draws the tables that say what the charts show. */
export function drawChartTables(figures: Figures): void {
  const { days, tables, rules } = figures;
  beside(
    'score-table',
    'Scores',
    table(
      'Mean score of the results of each day',
      ['Day', 'All', ...tables.map(({ name }) => name)],
      days.map(({ day, score }, at) => [day, share(score), ...tables.map(({ scores }) => share(scores[at]))])
    )
  );
  const total = rules.passed + rules.failed + rules.error + rules.skipped;
  const outcome = (name: string, value: number): string[] => [
    name,
    count(value),
    share(total === 0 ? undefined : value / total),
  ];
  beside(
    'outcomes-table',
    'Outcomes',
    table(
      'Rules of the results',
      ['Outcome', 'Rules', 'Share'],
      [
        outcome('Passed', rules.passed),
        outcome('Failed', rules.failed),
        outcome('Error', rules.error),
        outcome('Skipped', rules.skipped),
      ]
    )
  );
  beside(
    'days-table',
    'Rules by day',
    table(
      'Rules of the results of each day',
      ['Day', 'Results', 'Passed', 'Failed', 'Error', 'Skipped'],
      days.map(({ day, results, rules: of }) => [
        day,
        ...[results, of.passed, of.failed, of.error, of.skipped].map(count),
      ])
    )
  );
  const evaluated = figures.rows.evaluated;
  beside(
    'rows-table',
    'Rows',
    table(
      'Rows of the results that tell of rows',
      ['Rows', 'Count', 'Share'],
      funnelStages(figures).map(([name, rows]) => [
        name,
        count(rows),
        share(evaluated === 0 ? undefined : rows / evaluated),
      ])
    )
  );
}

/** Draws the pivot: tables down, rule types across, rules passed of rules evaluated in each cell. */
export function drawPivot({ pivot }: Figures): void {
  const cell = (entry: (typeof pivot.rows)[number]['entries'][number]): HTMLTableCellElement => {
    if (entry === undefined) return element('td', {}, '–');
    const { passed, evaluated } = entry;
    const of = element('small', {}, `${count(passed)} of ${count(evaluated)}`);
    const made = element(
      'td',
      { class: `share${passed === evaluated ? ' whole' : ''}` },
      share(passed / evaluated),
      of
    );
    if (passed < evaluated) made.style.setProperty('--of', `${Math.round(12 + 30 * (1 - passed / evaluated))}%`);
    return made;
  };
  const rows = pivot.rows.map(({ table: name, entries }) => [name, ...entries.map(cell)]);
  byId('pivot').replaceChildren(table('Share of rules passed', ['Table', ...pivot.ruleTypes], rows));
}
