import { parser } from '@prometheus-io/lezer-promql';

/** Where an expression is no PromQL, by Prometheus' own grammar; empty when it is. */
export function syntaxErrors(expr: string): string[] {
  const found: string[] = [];
  parser.parse(expr).iterate({
    enter: ({ type, from, to }) => {
      if (type.isError) found.push(`at ${from}: ${expr.slice(from, to + 20)}`);
    },
  });
  return found;
}

/** Names of the metrics that an expression selects. */
export function metricsIn(expr: string): string[] {
  const found: string[] = [];
  parser.parse(expr).iterate({
    enter: ({ name, node, from, to }) => {
      if (name === 'Identifier' && node.parent?.name === 'VectorSelector') found.push(expr.slice(from, to));
    },
  });
  return [...new Set(found)];
}
