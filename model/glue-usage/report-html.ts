import type { GlueUsageReport, KindUsage, KnownCost } from './report.js';

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A text as it may stand in HTML, in elements and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

const unknown = 'n/a';

const dollars = ({ cost, runsWithoutCost }: KnownCost): string =>
  cost === null ? unknown : `$${cost.toFixed(2)}${runsWithoutCost > 0 ? ' *' : ''}`;

function time(seconds: number): string {
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  if (hours > 0) return `${hours} h ${String(minutes).padStart(2, '0')} min`;
  return minutes > 0 ? `${minutes} min ${String(whole % 60).padStart(2, '0')} s` : `${whole} s`;
}

interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const share = (part: number, whole: number): string => `${Math.round((100 * part) / whole)} %`;

function kindTable(title: string, what: string, kinds: readonly KindUsage[], runs: number): Table {
  return {
    title,
    head: [what, 'Runs', 'Share', 'Run time', 'Cost'],
    rows: kinds.map((one) => [one.kind, String(one.runs), share(one.runs, runs), time(one.seconds), dollars(one)]),
  };
}

/** The five tables, the same for HTML and for text. */
function tables(report: GlueUsageReport): Table[] {
  return [
    {
      title: 'Jobs, the longest running first',
      head: ['Job', 'Runs', 'Run time', 'Retries', 'Workers', 'Cost'],
      rows: report.jobs.map((one) => [
        one.job,
        String(one.runs),
        time(one.seconds),
        String(one.retries),
        one.averageWorkers === null ? unknown : String(Math.round(one.averageWorkers * 10) / 10),
        dollars(one),
      ]),
    },
    {
      title: 'How runs ended',
      head: ['Job', 'Succeeded', 'Failed', 'Timed out', 'Stopped'],
      rows: report.statuses.map((one) => [
        one.job,
        ...[one.succeeded, one.failed, one.timedOut, one.stopped].map(String),
      ]),
    },
    kindTable('Worker types', 'Worker type', report.workerTypes, report.runs),
    kindTable('Standard and Flex', 'Execution class', report.executionClasses, report.runs),
    kindTable('Glue versions', 'Glue version', report.glueVersions, report.runs),
  ];
}

const day = (iso: string): string => iso.slice(0, 16).replace('T', ' ');

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`;

function summary(report: GlueUsageReport): string {
  const { runs, jobs, from, to } = report;
  return `${count(runs, 'run')} of ${count(jobs.length, 'job')} ended from ${day(from)} to ${day(to)} UTC.`;
}

function footnotes(report: GlueUsageReport): string[] {
  return [
    ...(report.runsWithoutCost > 0
      ? [`* without ${count(report.runsWithoutCost, 'run')} whose cost is not known`]
      : []),
    'An estimate at list prices, not a bill: discounts, taxes and other charges of Glue are not in it. ' +
      'What you pay is in the AWS Cost and Usage Report.',
    'Python shell and streaming jobs are not covered.',
  ];
}

/** Subject of the report's e-mail. */
export function reportSubject(report: GlueUsageReport): string {
  return `Glue usage ${report.from.slice(0, 10)} to ${report.to.slice(0, 10)}: ${report.runs} runs, ${dollars(report)}`;
}

/** The report for mail clients that show no HTML. */
export function reportText(report: GlueUsageReport): string {
  const blocks = tables(report).map(({ title, head, rows }) => {
    const widths = head.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)));
    const line = (cells: readonly string[]): string =>
      cells
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join('  ');
    return [title, line(head), ...rows.map(line)].join('\n');
  });
  return [summary(report), `Cost: ${dollars(report)}`, ...blocks, footnotes(report).join('\n')].join('\n\n');
}

const font = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";
const cell = `${font};font-size:13px;line-height:18px;padding:8px 3px;vertical-align:top;border-bottom:1px solid #e3e6ea`;

function tableHtml({ title, head, rows }: Table): string {
  const align = (column: number): string => (column === 0 ? 'left' : 'right');
  const header = head
    .map(
      (name, column) =>
        `<th scope="col" align="${align(column)}" style="${cell};color:#57606a;font-weight:600;text-align:${align(column)}">${escapeHtml(name)}</th>`
    )
    .join('');
  const body = rows.map((row) => {
    const cells = row.map((text, column) => {
      const style = `${cell};color:#1f2328;text-align:${align(column)}${column === 0 ? ';min-width:84px;word-break:break-word' : ''}`;
      return `<td align="${align(column)}" style="${style}">${escapeHtml(text)}</td>`;
    });
    return `<tr>${cells.join('')}</tr>`;
  });
  const none = `<tr><td colspan="${head.length}" style="${cell};color:#57606a">No run has ended.</td></tr>`;
  return `<h2 style="${font};font-size:16px;line-height:24px;margin:28px 0 4px;color:#1f2328">${escapeHtml(title)}</h2>
<table width="100%" cellpadding="0" cellspacing="0" border="0" style="border-collapse:collapse">
<thead><tr>${header}</tr></thead>
<tbody>${body.length === 0 ? none : body.join('\n')}</tbody>
</table>`;
}

/**
 * The report as a page that mail clients show as well: tables and inline styles only, no scripts, images or style
 * sheets. Names of jobs are escaped.
 */
export function reportHtml(report: GlueUsageReport): string {
  const small = `${font};font-size:12px;line-height:18px;color:#57606a;margin:4px 0`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(reportSubject(report))}</title>
</head>
<body style="margin:0;padding:0;background:#f3f4f6">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="background:#f3f4f6">
<tr><td align="center" style="padding:16px 8px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:760px;background:#ffffff">
<tr><td style="padding:24px 16px">
<h1 style="${font};font-size:22px;line-height:30px;margin:0;color:#1f2328">Glue usage</h1>
<p style="${font};font-size:14px;line-height:20px;margin:4px 0 16px;color:#57606a">${escapeHtml(summary(report))}</p>
<p style="${font};font-size:32px;line-height:40px;margin:0;color:#1f2328">${escapeHtml(dollars(report))}</p>
<p style="${small}">estimated cost of these runs</p>
${tables(report).map(tableHtml).join('\n')}
<div style="margin-top:24px">
${footnotes(report)
  .map((note) => `<p style="${small}">${escapeHtml(note)}</p>`)
  .join('\n')}
</div>
</td></tr>
</table>
</td></tr>
</table>
</body>
</html>
`;
}
