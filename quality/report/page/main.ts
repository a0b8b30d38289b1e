import { choices, everything, figures } from '../figures.js';
import type { Figures, ReportFilter } from '../figures.js';
import type { ReportData } from '../report-data.js';
import { drawCharts, resizeCharts } from './charts.js';
import { byId, element } from './elements.js';
import { drawFailingRules } from './failing-rules.js';
import { drawChartTables, drawPivot } from './tables.js';
import { count, counted, share } from './texts.js';
import { followTheme } from './theme.js';

const data = JSON.parse(byId('data').textContent) as ReportData;
const days = data.cells.map(([, day]) => day);
const fields = ['database', 'table', 'ruleset'] as const;
const field = (name: keyof ReportFilter): HTMLSelectElement | HTMLInputElement => byId<HTMLSelectElement>(name);

let shown: Figures = figures(data, everything);

function readFilter(): ReportFilter {
  return {
    database: field('database').value,
    table: field('table').value,
    ruleset: field('ruleset').value,
    from: field('from').value,
    to: field('to').value,
  };
}

/** Offers what there is under the choices made before; a choice that is no longer there becomes all. */
function offer(): void {
  for (const name of fields) {
    const select = field(name) as HTMLSelectElement;
    const options = choices(data, readFilter())[`${name}s`];
    const chosen = options.includes(select.value) ? select.value : '';
    // A text alone would be its own value: '' stands for all, also where a name is empty.
    select.replaceChildren(
      element('option', { value: '' }, 'All'),
      ...options.filter((option) => option !== '').map((option) => element('option', { value: option }, option))
    );
    select.value = chosen;
  }
}

function drawSummary({ results, score, rules, rows }: Figures): void {
  const entries = [
    ['Mean score', share(score)],
    ['Results', count(results)],
    ['Rules passed', count(rules.passed)],
    ['Rules failed', count(rules.failed)],
    ['Rules with an error', count(rules.error)],
    ['Clean rows', share(rows.evaluated === 0 ? undefined : rows.clean / rows.evaluated)],
  ] as const;
  byId('summary').replaceChildren(
    ...entries.map(([name, value]) => element('div', {}, element('dt', {}, name), element('dd', {}, value)))
  );
}

function statusText({ results, days: of, rules }: Figures, { from, to }: ReportFilter): string {
  if (data.cells.length === 0) {
    return 'There are no results to show. Evaluate a ruleset, or widen what the report reads with --from, --to and --results.';
  }
  if (from !== '' && to !== '' && from > to) return 'The first day is after the last one: nothing is chosen.';
  if (results === 0) return 'No result matches the filters.';
  const span = of.length === 1 ? of[0]!.day : `${of[0]!.day} to ${of.at(-1)!.day}`;
  const total = rules.passed + rules.failed + rules.error + rules.skipped;
  return `${counted(results, 'result')} with ${counted(total, 'rule')}, ${span}.`;
}

function draw(): void {
  offer();
  const filter = readFilter();
  shown = figures(data, filter);
  byId('status').textContent = statusText(shown, filter);
  byId('figures').hidden = shown.results === 0;
  if (shown.results === 0) return;
  drawSummary(shown);
  drawCharts(shown);
  drawChartTables(shown);
  drawPivot(shown);
  drawFailingRules(data, shown);
  const { results, rows } = shown;
  byId('rows-note').textContent =
    rows.results === results
      ? 'A row is clean that fails no rule on rows.'
      : `A row is clean that fails no rule on rows. ${count(rows.results)} of ${counted(results, 'result')} tell of rows.`;
}

function leftOut(): string[] {
  const { results, undated } = data.leftOut;
  const notes: string[] = [];
  if (results > 0) {
    const early = `${counted(results, 'result')} from before ${days[0]} left out to keep the page small`;
    notes.push(`${early}: make a report of that time with --from and --to.`);
  }
  if (undated > 0) notes.push(`${counted(undated, 'result')} left out for want of a time of completion.`);
  return notes;
}

function begin(): void {
  byId('made').textContent = `As of ${data.generatedOn.slice(0, 16).replace('T', ' ')} UTC`;
  const notes = leftOut().map((text) => element('li', {}, text));
  byId('notes').hidden = notes.length === 0;
  byId('notes').append(...notes);
  for (const name of ['from', 'to'] as const) {
    field(name).setAttribute('min', days[0] ?? '');
    field(name).setAttribute('max', days.at(-1) ?? '');
  }
  const form = byId<HTMLFormElement>('filters');
  form.hidden = data.cells.length === 0;
  form.addEventListener('change', draw);
  form.addEventListener('submit', (event) => event.preventDefault());
  form.addEventListener('reset', () => setTimeout(draw)); // the fields are reset after the event
  draw();
  followTheme(() => shown.results > 0 && drawCharts(shown));
  new ResizeObserver(resizeCharts).observe(document.body);
}

begin();
