import { nearName, suggestion } from '../near-name.js';
import { formsOf } from '../rule-types.js';
import type { DataSources, Metadata, Ruleset, StringText, Variable } from './ast.js';
import { parseLabels } from './labels.js';
import { keywordOf, withoutQuotes } from './parse-operand.js';
import { parseAnalyzer, parseRule } from './parse-rule.js';
import { unescapeAll, unescapeQuotes } from './strings.js';
import type { Token, TokenKind } from './lexer.js';
import { TokenReader } from './token-reader.js';

/**
 * Reads a DQDL document as the official parser (awslabs/dqdl) does.
 * @throws DqdlSyntaxError where that parser would not take it, or for parentheses nested too deep.
 */
export function parse(text: string): Ruleset {
  return parseDocument(new TokenReader(text));
}

/** Reads a document from its tokens. */
export function parseDocument(reader: TokenReader): Ruleset {
  const ruleset: Ruleset = { variables: [], defaultLabels: [], rules: [], analyzers: [] };
  if (reader.at('Metadata')) ruleset.metadata = parseMetadata(reader);
  if (reader.at('DataSources')) ruleset.dataSources = parseDataSources(reader);
  const variables = new Map<string, Variable>();
  while (reader.at('identifier')) {
    const variable = parseVariable(reader, variables);
    variables.set(variable.name, variable);
  }
  ruleset.variables = [...variables.values()];
  if (reader.accept('DefaultLabels')) ruleset.defaultLabels = parseLabels(reader, 0);
  const declared = { variables, defaultLabels: ruleset.defaultLabels };
  const first = reader.peek();
  if (!reader.at('Rules', 'Analyzers')) unexpectedSection(reader, ruleset);
  if (reader.accept('Rules')) ruleset.rules = entries(reader, 'rule', () => parseRule(reader, declared));
  if (reader.accept('Analyzers'))
    ruleset.analyzers = entries(reader, 'analyzer', () => parseAnalyzer(reader, declared));
  // The official parser reads one token beyond its last section and nothing more.
  const { kind, line, column } = reader.peek();
  if (ruleset.rules.length === 0 && ruleset.analyzers.length === 0) {
    reader.fail(first, 'expected at least one rule or analyzer, found none');
  }
  if (kind !== 'end') ruleset.ignoredFrom = { line, column };
  return ruleset;
}

function unexpectedSection(reader: TokenReader, { metadata, dataSources, defaultLabels }: Ruleset): never {
  const sections: [TokenKind, boolean][] = [
    ['Metadata', metadata === undefined && dataSources === undefined && defaultLabels.length === 0],
    ['DataSources', dataSources === undefined && defaultLabels.length === 0],
    ['DefaultLabels', defaultLabels.length === 0],
    ['Rules', true],
    ['Analyzers', true],
  ];
  const possible = sections.filter(([, may]) => may).map(([name]) => name);
  const misplaced = reader.at('Metadata', 'DataSources', 'DefaultLabels');
  const order = misplaced ? ' (the order is Metadata, DataSources, variables, DefaultLabels, Rules, Analyzers)' : '';
  const bare = reader.at('(') ? ' (rules stand in Rules = [ ... ])' : '';
  return reader.unexpected(`${possible.slice(0, -1).join(', ')} or Analyzers${order}${bare}`);
}

function entries<Entry>(reader: TokenReader, what: string, entry: () => Entry): Entry[] {
  reader.expect('=');
  reader.expect('[', `"[" before the first ${what}`);
  return reader.accept(']') ? [] : reader.list(']', `"," before the next ${what}, or "]"`, entry);
}

function parseMetadata(reader: TokenReader): Metadata {
  reader.take();
  let version = '';
  dictionary(reader, ['Version'], (_key, value) => {
    version = value.text.replaceAll('"', '');
  });
  return { version };
}

function parseDataSources(reader: TokenReader): DataSources {
  reader.take();
  const sources: DataSources = { additional: [] };
  dictionary(reader, ['Primary', 'AdditionalDataSources'], (key, { text, token }) => {
    if (key === 'Primary') sources.primary = text.replaceAll('"', '');
    else if (token.kind !== '[') reader.fail(token, 'expected a list in brackets: AdditionalDataSources = ["name"]');
    else sources.additional = namesIn(text);
  });
  return sources;
}

/** The names as the official parser cuts them out of the list's text: at each comma, empty ones at the end left out. */
function namesIn(list: string): string[] {
  const names = list.replace(/[[\] "]/g, '').split(',');
  if (names.length === 1) return names;
  while (names.at(-1) === '') names.pop();
  return names;
}

type DictionaryValue = { /** As written, without blanks. */ text: string; token: Token };

function dictionary(reader: TokenReader, keys: string[], set: (key: string, value: DictionaryValue) => void): void {
  reader.expect('=');
  reader.expect('{');
  reader.list('}', '"," or "}"', () => {
    const token = reader.expect('string', `one of the keys ${keys.map((key) => `"${key}"`).join(', ')}`);
    const key = unescapeAll(withoutQuotes(token.text));
    if (!keys.includes(key)) {
      reader.fail(
        token,
        `expected one of the keys ${keys.join(', ')}, found "${key.slice(0, 100)}"${suggestion(key, keys)}`
      );
    }
    reader.expect(':');
    set(key, dictionaryValue(reader));
  });
}

function dictionaryValue(reader: TokenReader): DictionaryValue {
  const token = reader.peek();
  const { text } = reader.textOf(() => {
    if (!reader.accept('[')) return reader.expect('string', 'a quoted text or a list in brackets');
    return reader.list(']', '"," or "]"', () => reader.expect('string', 'a quoted text'));
  });
  return { text, token };
}

function parseVariable(reader: TokenReader, known: ReadonlyMap<string, Variable>): Variable {
  const { text: name, line, column } = reader.take();
  const at = { line, column };
  if (/^[._]/.test(name))
    reader.fail(at, `expected a variable's name to begin with a letter or digit, found "${name}"`);
  if (known.has(name)) reader.fail(at, `expected each variable once, found "${name}" declared again`);
  if (!reader.at('=')) {
    if (formsOf(name).length > 0) reader.fail(at, `expected a section, found ${name}: rules stand in Rules = [ ... ]`);
    reader.unexpected(`"=" behind the variable "${name.slice(0, 100)}"`);
  }
  reader.take();
  const section = nearName(name, ['Metadata', 'DataSources', 'DefaultLabels', 'Rules', 'Analyzers']);
  const opensSection = reader.at('{') || (reader.at('[') && ['identifier', '('].includes(reader.peek(1).kind));
  if (section !== undefined && opensSection) {
    reader.fail(at, `expected a section or a variable, found "${name.slice(0, 100)}"; did you mean "${section}"?`);
  }
  const value = reader.accept('[')
    ? reader.list(']', '"," or "]"', () => variableValue(reader, 'a quoted text'))
    : variableValue(reader, 'a quoted text or a list of such');
  return { name, value, at };
}

function variableValue(reader: TokenReader, expected: string): StringText {
  const token = reader.peek();
  const keyword = keywordOf(token.kind);
  if (keyword !== undefined) {
    reader.take();
    return { raw: token.text, value: token.text, keyword };
  }
  if (token.kind === '$') reader.fail(token, 'expected a text, found a variable: variables do not nest');
  const raw = withoutQuotes(reader.expect('string', expected).text);
  if (/\$[a-zA-Z_]/.test(raw)) reader.fail(token, 'expected no "$name" in the text: variables do not nest');
  return { raw, value: unescapeQuotes(raw) };
}
