import { BarChart, FunnelChart, LineChart, PieChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TooltipComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import type { EChartsType } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import type { EChartsOption, LegendComponentOption, TooltipComponentOption } from 'echarts';
import type { Figures } from '../figures.js';
import { byId } from './elements.js';
import { funnelStages } from './tables.js';
import { count, counted, share } from './texts.js';

use([BarChart, FunnelChart, LineChart, PieChart, GridComponent, LegendComponent, TooltipComponent, SVGRenderer]);

/** Tables with a line of their own: those with the lowest scores. */
const lines = 5;
const outcomeNames = { passed: 'Passed', failed: 'Failed', error: 'Error', skipped: 'Skipped' } as const;
const outcomeKeys = Object.keys(outcomeNames) as (keyof typeof outcomeNames)[];

const drawn = new Map<string, EChartsType>();

/** Draws all charts, in the colours that the page's theme has now. */
export function drawCharts(figures: Figures): void {
  const styles = getComputedStyle(document.documentElement);
  const colour = (name: string): string => styles.getPropertyValue(`--${name}`).trim();
  draw('score-chart', scoreOption(figures, colour), scoreText(figures));
  draw('outcomes-chart', outcomesOption(figures, colour), outcomesText(figures));
  draw('days-chart', daysOption(figures, colour), `Stacked bars: rules by outcome on ${days(figures)}.`);
  draw('rows-chart', rowsOption(figures, colour), rowsText(figures));
}

/** Fits the charts to their places. */
export function resizeCharts(): void {
  for (const chart of drawn.values()) chart.resize();
}

type Colour = (name: string) => string;

function draw(id: string, option: EChartsOption, label: string): void {
  const place = byId(id);
  place.setAttribute('role', 'img');
  place.setAttribute('aria-label', label);
  const chart = drawn.get(id) ?? init(place, undefined, { renderer: 'svg' });
  drawn.set(id, chart);
  chart.setOption(
    { animation: false, textStyle: { fontFamily: getComputedStyle(document.body).fontFamily }, ...option },
    true
  );
}

const days = ({ days: all }: Figures): string =>
  all.length === 1 ? all[0]!.day : `${counted(all.length, 'day')} from ${all[0]?.day} to ${all.at(-1)?.day}`;

const scoreText = (figures: Figures): string =>
  `Lines: mean score by day on ${days(figures)}; ${share(figures.score)} over all.`;

const outcomesText = ({ rules }: Figures): string =>
  `Donut: ${outcomeKeys.map((key) => `${count(rules[key])} ${outcomeNames[key].toLowerCase()}`).join(', ')}.`;

const rowsText = (figures: Figures): string =>
  `Funnel: ${funnelStages(figures)
    .map(([name, rows]) => `${name} ${count(rows)}`)
    .join(', ')}.`;

// As SVG text, not as HTML: names come from the results.
const tooltip = (colour: Colour): TooltipComponentOption => ({
  renderMode: 'richText',
  confine: true,
  backgroundColor: colour('card'),
  borderColor: colour('control'),
  textStyle: { color: colour('text'), fontSize: 13 },
});

const legend = (colour: Colour): LegendComponentOption => ({
  top: 0,
  left: 0,
  type: 'scroll',
  itemWidth: 14,
  itemHeight: 10,
  textStyle: { color: colour('text'), fontSize: 12 },
  pageTextStyle: { color: colour('text') },
  pageIconColor: colour('text'),
  pageIconInactiveColor: colour('line'),
});

function axes(figures: Figures, colour: Colour): Pick<EChartsOption, 'grid' | 'xAxis'> {
  const oneYear = figures.days[0]?.day.slice(0, 4) === figures.days.at(-1)?.day.slice(0, 4);
  return {
    grid: { left: 8, right: 16, top: 40, bottom: 4, containLabel: true },
    xAxis: {
      type: 'category',
      data: figures.days.map(({ day }) => day),
      axisLine: { lineStyle: { color: colour('control') } },
      axisTick: { show: false },
      axisLabel: { color: colour('muted'), hideOverlap: true, formatter: (day: string) => day.slice(oneYear ? 5 : 0) },
    },
  };
}

const valueAxis = (colour: Colour, formatter: (value: number) => string): object => ({
  axisLabel: { color: colour('muted'), formatter },
  splitLine: { lineStyle: { color: colour('line') } },
});

/** Names without their database where the rest tells them apart, and not too long for a legend. */
function shortNames(names: readonly string[]): (name: string) => string {
  const cut = (name: string): string => (name.length <= 32 ? name : `${name.slice(0, 31)}…`);
  const bare = (name: string): string => cut(name.slice(name.indexOf('.') + 1));
  const unique = new Set(names.map(bare)).size === names.length;
  return unique ? bare : (name) => name;
}

function scoreOption(figures: Figures, colour: Colour): EChartsOption {
  const points = (values: readonly (number | undefined)[]): (number | null)[] => values.map((value) => value ?? null);
  const worst = figures.tables.length < 2 ? [] : figures.tables.slice(0, lines);
  const shown = [...figures.days.map(({ score }) => score), ...worst.flatMap(({ scores }) => scores)];
  const all = 'All tables';
  const short = shortNames(figures.tables.map(({ name }) => name));
  const lowest = Math.min(1, ...shown.filter((score) => score !== undefined));
  return {
    ...axes(figures, colour),
    legend: { ...legend(colour), ...(worst.length > 0 && { data: [all, ...worst.map(({ name }) => short(name))] }) },
    tooltip: { ...tooltip(colour), trigger: 'axis', valueFormatter: (value) => share(value as number | undefined) },
    // Small differences near 1 are what people look for; the axis says where it begins.
    yAxis: { type: 'value', min: Math.floor(lowest * 5) / 5, max: 1, ...valueAxis(colour, share) },
    series: [
      ...worst.map(({ name, scores }, at) => ({
        type: 'line' as const,
        name: short(name),
        data: points(scores),
        connectNulls: true,
        symbol: 'circle',
        symbolSize: 4,
        lineStyle: { width: 1.5, type: (['solid', 'dashed', 'dotted'] as const)[at % 3]! },
        color: colour(`series-${at + 1}`),
      })),
      {
        type: 'line' as const,
        name: figures.tables.length === 1 ? short(figures.tables[0]!.name) : all,
        z: 3,
        data: points(figures.days.map(({ score }) => score)),
        connectNulls: true,
        symbolSize: 6,
        lineStyle: { width: 3 },
        color: colour('passed'),
      },
    ],
  };
}

function outcomesOption({ rules }: Figures, colour: Colour): EChartsOption {
  const total = outcomeKeys.reduce((sum, key) => sum + rules[key], 0);
  // The first of the four holds the text in the middle, also where there is none of it.
  const inTheMiddle = {
    show: true,
    position: 'center' as const,
    formatter: `{share|${share(total === 0 ? undefined : rules.passed / total)}}\n{of|passed}`,
    rich: {
      share: { fontSize: 24, fontWeight: 600, lineHeight: 30, color: colour('text') },
      of: { fontSize: 13, lineHeight: 18, color: colour('muted') },
    },
  };
  const names = new Map(outcomeKeys.map((key) => [outcomeNames[key] as string, rules[key]]));
  return {
    legend: {
      ...legend(colour),
      type: 'plain',
      top: 'bottom',
      left: 'center',
      formatter: (name) => `${name} ${count(names.get(name) ?? 0)}`,
    },
    tooltip: { ...tooltip(colour), valueFormatter: (value) => count(value as number) },
    series: {
      type: 'pie',
      radius: ['52%', '78%'],
      center: ['50%', '42%'],
      itemStyle: { borderColor: colour('card'), borderWidth: 2 },
      data: outcomeKeys.map((key, at) => ({
        name: outcomeNames[key],
        value: rules[key],
        itemStyle: { color: colour(key) },
        label: at === 0 ? inTheMiddle : { show: false },
        emphasis: { label: at === 0 ? inTheMiddle : { show: false } },
      })),
    },
  };
}

function daysOption(figures: Figures, colour: Colour): EChartsOption {
  return {
    ...axes(figures, colour),
    legend: legend(colour),
    tooltip: { ...tooltip(colour), trigger: 'axis', axisPointer: { type: 'shadow' } },
    yAxis: { type: 'value', minInterval: 1, ...valueAxis(colour, count) },
    series: outcomeKeys.map((key) => ({
      type: 'bar' as const,
      stack: 'rules',
      name: outcomeNames[key],
      data: figures.days.map(({ rules }) => rules[key]),
      barMaxWidth: 36,
      color: colour(key),
    })),
  };
}

function rowsOption(figures: Figures, colour: Colour): EChartsOption {
  const stages = funnelStages(figures);
  const evaluated = figures.rows.evaluated;
  const colours = ['skipped', 'passed', 'passed'];
  return {
    tooltip: { ...tooltip(colour), valueFormatter: (value) => count(value as number) },
    series: {
      type: 'funnel',
      left: 8,
      width: '55%',
      top: 16,
      bottom: 16,
      gap: 4,
      min: 0,
      max: Math.max(1, evaluated),
      minSize: '0%',
      sort: 'none',
      label: {
        position: 'right',
        color: colour('text'),
        fontSize: 12,
        lineHeight: 17,
        width: 110,
        overflow: 'break',
        formatter: ({ name, value }) =>
          `${name}\n${count(value as number)} (${share(evaluated === 0 ? undefined : (value as number) / evaluated)})`,
      },
      labelLine: { length: 10, lineStyle: { color: colour('control') } },
      data: stages.map(([name, value], at) => ({
        name,
        value,
        itemStyle: { color: colour(colours[at]!), borderWidth: 0 },
      })),
    },
  };
}
